"""What a start decides before it starts anything."""

import ast
import json
import os
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.dev import choices, identity, places, postgres, process, revival, runfile, state, testing, valkey
from config.dev.errors import Refused
from config.dev.manage import needs_nothing

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = "http://127.0.0.1:8001"
AT = datetime(2026, 11, 20, 3, 14, 15, 926000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("euid", "has_name", "userns", "forced", "mode"),
    [
        (1000, True, False, False, identity.AS_SELF),
        (1000, True, True, True, identity.AS_SELF),
        (1000, False, True, False, identity.MAPPED),
        (0, True, True, False, identity.MAPPED),
        (0, True, False, False, identity.AS_NOBODY),
        (0, True, True, True, identity.AS_NOBODY),
    ],
)
def test_postgres_is_never_run_as_root(
    euid: int, has_name: bool, userns: bool, forced: bool, mode: str
) -> None:
    assert identity.choose_mode(euid, has_name=has_name, userns_works=userns, forced=forced) == mode


def test_a_user_without_a_name_is_one_sentence_where_nothing_helps() -> None:
    with pytest.raises(Refused, match="needs a user with a name"):
        identity.choose_mode(1000, has_name=False, userns_works=False, forced=False)


def test_a_mapped_user_comes_before_the_command_and_nobody_is_an_identity() -> None:
    mapped = identity.Identity(identity.MAPPED, Path("/bin"), Path("/data"))
    nobody = identity.Identity(identity.AS_NOBODY, Path("/bin"), Path("/data"))

    assert mapped.before[:2] == ("unshare", "--user")
    assert mapped.user is None
    assert nobody.before == ()
    assert nobody.user == 65534


def test_a_child_dies_with_its_parent_where_the_kernel_can_do_it() -> None:
    assert process.death_prefix("INT", has_setpriv=True) == ["setpriv", "--pdeathsig", "INT", "--"]
    assert process.death_prefix("INT", has_setpriv=False) == []


def test_what_keeps_nothing_is_started_again_until_it_ends_too_often() -> None:
    revivals = revival.Revivals()

    assert [revivals.allows("beat", at) for at in (0, 1, 2, 59, 62)] == [True, True, True, False, True]
    assert [revivals.allows("web", at) for at in (0, 25, 50, 75, 100)] == [True] * 5
    assert not revivals.allows("postgres", 0)
    assert not revivals.allows("valkey", 0)


@pytest.mark.parametrize(
    ("key", "base", "expected"),
    [
        ("", "", choices.StripeChoice(sandbox=True, base=SANDBOX)),
        ("", "http://127.0.0.1:9/", choices.StripeChoice(sandbox=True, base="http://127.0.0.1:9")),
        ("sk_test_a", "", choices.StripeChoice(sandbox=False, base=None)),
        ("sk_test_a", "http://127.0.0.1:9", choices.StripeChoice(sandbox=False, base="http://127.0.0.1:9")),
    ],
)
def test_key_and_address_decide_about_the_sandbox(
    key: str, base: str, expected: choices.StripeChoice
) -> None:
    assert choices.choose_stripe(key, base, SANDBOX) == expected


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
@pytest.mark.parametrize("base", ["", "http://127.0.0.1:9"])
def test_a_live_key_never_starts(key: str, base: str) -> None:
    with pytest.raises(Refused, match="live key"):
        choices.choose_stripe(key, base, SANDBOX)


def test_the_sandbox_listens_beside_the_portal() -> None:
    options = choices.parse(["--port", "8100", "--data", "/somewhere"])

    assert (options.port, options.sandbox_port) == (8100, 8101)
    assert (options.demo, options.worker, options.beat) == (True, True, True)
    assert choices.parse(["--sandbox-port", "9000"]).sandbox_port == 9000
    assert choices.parse([]).data == ROOT / "var"


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind((places.HOST, 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(Refused, match=f"Port {port} is taken .* --port N"):
            places.require_free(port, option="--port")
    with pytest.raises(Refused, match="cannot be used"):
        places.require_free(65536, option="--sandbox-port")


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "MIN_FREE_BYTES", 10**18)

    with pytest.raises(Refused, match="MB are free on the disk"):
        places.require_disk(tmp_path)


def test_servers_that_do_not_answer_are_one_sentence_each() -> None:
    port = places.free_port()

    with pytest.raises(Refused, match="DATABASE_URL does not answer"):
        postgres.require_reachable(f"postgres://a:b@127.0.0.1:{port}/c")
    with pytest.raises(Refused, match="REDIS_URL does not answer"):
        valkey.require_reachable([f"redis://127.0.0.1:{port}/0"])


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Linux", "aarch64", "linux-aarch64"),
        ("Linux", "arm64", "linux-aarch64"),
        ("Darwin", "arm64", "darwin-arm64"),
    ],
)
def test_valkeys_binary_has_a_folder_per_platform(system: str, machine: str, name: str) -> None:
    assert valkey.platform_folder(system, machine) == name


def test_valkey_keeps_messages_and_evicts_nothing() -> None:
    words = " ".join(valkey.arguments(7000, Path("/data"), durable=True))

    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words
    assert "--bind 127.0.0.1" in words


def test_only_tests_give_up_durability() -> None:
    assert "fsync=off" not in postgres.options(5000, throwaway=False)
    assert "fsync=off" in postgres.options(5000, throwaway=True)


def test_arguments_go_to_pytest_and_long_does_not() -> None:
    assert testing.pytest_words([]) == ["-n", testing.WORKERS]
    assert testing.pytest_words(["--long"]) == ["-n", testing.WORKERS, "--hypothesis-profile=long"]
    assert testing.pytest_words(["tests/plans", "-k", "money"]) == ["tests/plans", "-k", "money"]
    assert testing.is_gate(["--long"])
    assert not testing.is_gate(["tests/plans"])


def test_a_test_run_never_sees_the_callers_stripe_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_mine")

    seen = testing.environment({"DATABASE_URL": "postgres://ours"})

    assert "STRIPE_API_KEY" not in seen
    assert seen["DATABASE_URL"] == "postgres://ours"


def options() -> choices.Options:
    return choices.parse(["--port", "8000", "--data", "/somewhere"])


def test_the_run_file_has_every_name_even_without_a_demo() -> None:
    addresses = {"DATABASE_URL": "postgres://d", "REDIS_URL": "redis://r"}

    found = runfile.run_file(options(), addresses, {"supervisor": 1, "web": 2}, {}, sandbox=False, at=AT)

    assert found["portal"] == "http://127.0.0.1:8000"
    assert found["api"] == "http://127.0.0.1:8000/api/v1"
    assert found["stripe_sandbox"] is None
    assert found["logins"] == dict.fromkeys(["staff", "owner", "billing", "developer", "viewer"])
    assert found["api_keys"] == {"ingest": None, "read": None}
    assert found["sample_event"] is None
    assert found["pids"]["web"] == 2
    assert set(found["pids"]) == {"supervisor", "web", "worker", "beat", "sandbox", "postgres", "valkey"}
    assert found["login_form"] == {"email": "login", "password": "password"}


def test_each_sample_event_counts_once() -> None:
    seeded = {"id": "first", "type": "message.sent"}

    one, two = runfile.sample(seeded, at=AT), runfile.sample(seeded, at=AT)

    assert one is not None
    assert two is not None
    assert one["id"] != two["id"]
    assert one["time"] == "2026-11-20T03:14:15.926+00:00"
    assert one["type"] == "message.sent"


def test_the_printed_request_survives_the_shell() -> None:
    words = runfile.curl("http://127.0.0.1:8000/api/v1", "rc_key", {"data": {"name": "it's"}})

    body = words.rpartition("-d '")[2].removesuffix("'")
    assert "'" not in body
    assert json.loads(body) == [{"data": {"name": "it's"}}]


def test_a_second_start_says_who_holds_the_folder(tmp_path: Path) -> None:
    held = state.take(tmp_path, port=8123)

    with pytest.raises(Refused, match=rf"Process {os.getpid()} \(http://127.0.0.1:8123\)"):
        state.take(tmp_path, port=8200)

    os.close(held.descriptor)
    os.close(state.take(tmp_path, port=8200).descriptor)


def test_manage_joins_only_a_running_copy(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"python3 dev\.py run"):
        state.running_environment(tmp_path)
    held = state.take(tmp_path, port=8123)
    places.write_private(held.env_file, '{"DATABASE_URL": "postgres://x"}')

    assert state.running_environment(tmp_path) == {"DATABASE_URL": "postgres://x"}

    os.close(held.descriptor)
    with pytest.raises(Refused):
        state.running_environment(tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rate", "--catalogue", "x"], True),
        (["nightly", "--help"], True),
        (["help", "nightly"], True),
        ([], True),
        (["nightly"], False),
    ],
)
def test_who_asks_what_a_command_does_needs_no_running_copy(words: list[str], expected: bool) -> None:
    assert needs_nothing(words) is expected


def test_secrets_stay_and_are_private(tmp_path: Path) -> None:
    own = state.State(tmp_path)

    first = own.secrets()

    assert own.secrets() == first
    assert first["webhook_secret"].startswith("whsec_")
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_an_old_python_can_read_as_far_as_the_sentence() -> None:
    source = (ROOT / "dev.py").read_text(encoding="utf-8")

    tree = ast.parse(source, feature_version=(3, 6))

    check = next(i for i, node in enumerate(tree.body) if isinstance(node, ast.If))
    assert all(isinstance(node, ast.Expr | ast.Import) for node in tree.body[:check])


def test_every_package_of_a_run_is_in_the_lock_of_the_tests() -> None:
    def names(file: str) -> set[str]:
        return {line.split()[0] for line in (ROOT / file).read_text().splitlines() if line[:1].isalnum()}

    assert names("requirements.txt") <= names("requirements-dev.txt")
    assert any(name.startswith("async-timeout==") for name in names("requirements.txt"))  # 3.11.2 needs it
