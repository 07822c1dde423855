"""manage.py simulate_usage: what it says is what the database has, whatever the network does."""

import json
import re
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.simulation.shapes import SHAPES, Shape
from subscriptions.models import App
from tests.usage.world import count, make_meter, rows

pytestmark = pytest.mark.django_db


def simulate(api: str, key: str, *words: str, app: str = "harbour") -> str:
    out = StringIO()
    place = ("--api", f"{api}/api/v1", "--key", key, "--app", app, "--connections", "1")
    call_command("simulate_usage", *place, *words, stdout=out)
    return out.getvalue()


def told(text: str) -> dict[str, int]:
    found = re.findall(r"(sent|accepted|duplicates|rejected) ([\d,]+)", text.splitlines()[0])
    return {name: int(number.replace(",", "")) for name, number in found}


def test_what_is_sent_is_stored_once(address: str, key: str, app: App) -> None:
    make_meter("mau", kind="unique", event_type="user.active")
    make_meter("peak", kind="gauge", event_type="connections")

    text = simulate(address, key, "--events", "250", "--batch", "100", "--region", "eu")

    assert told(text) == {"sent": 250, "accepted": 250, "duplicates": 0, "rejected": 0}
    assert re.search(r"[\d,]+ events/s", text)
    assert count("usage_usageevent") == 250
    assert rows("SELECT DISTINCT region FROM usage_usageevent") == [("eu",)]


def test_B01_a_lost_answer_doubles_nothing(network: Any, key: str, app: App) -> None:
    api, faults = network
    faults[:] = ["", "lost", "lost"]

    text = simulate(api, key, "--events", "300", "--batch", "100")

    assert told(text) == {"sent": 300, "accepted": 200, "duplicates": 100, "rejected": 0}
    assert "sent again 2" in text
    assert count("usage_usageevent") == count("usage_usageeventkey") == 300


def test_429_and_503_are_waited_for_as_their_headers_ask(
    network: Any, key: str, app: App, monkeypatch: Any
) -> None:
    api, faults = network
    faults[:] = ["busy", "flood"]
    waits: list[float] = []
    monkeypatch.setattr("config.simulation.sender.Sender.__init__.__kwdefaults__", {"pause": waits.append})

    text = simulate(api, key, "--events", "100", "--batch", "100")

    assert waits == [2.0, 2.0]
    assert told(text)["accepted"] == 100
    assert "asked to wait 2 times" in text


def test_a_network_that_stays_away_ends_the_run_with_a_sentence(network: Any, key: str, app: App) -> None:
    api, faults = network
    faults[:] = ["lost"] * 50

    with pytest.raises(CommandError, match="no answer to a batch for 1 s"):
        simulate(api, key, "--events", "10", "--patience", "1")


def test_live_traffic_happens_now_at_about_the_rate(address: str, key: str, app: App) -> None:
    text = simulate(address, key, "--minutes", "0.05", "--rate", "60", "--shape", "flat")

    assert 100 <= told(text)["sent"] <= 190
    assert rows("SELECT count(DISTINCT occurred_at) FROM usage_usageevent") == [
        (1,)
    ]  # the clock stands still


def test_an_app_nobody_knows_is_told_with_the_reason(address: str, key: str, app: App) -> None:
    with pytest.raises(CommandError, match="Every event was rejected"):
        simulate(address, key, "--events", "5", app="nobody")


@pytest.mark.parametrize("words", [("--events", "0"), ("--batch", "1001"), ("--type", "nothing")])
def test_what_makes_no_sense_is_refused(address: str, key: str, app: App, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        simulate(address, key, *words)


def test_the_running_copys_file_says_where_and_as_whom(
    address: str, key: str, app: App, tmp_path: Any, settings: Any
) -> None:
    settings.STATE_DIR = tmp_path
    with pytest.raises(CommandError, match="--api, --key, --app"):
        call_command("simulate_usage")
    found = {"api": f"{address}/api/v1", "api_keys": {"ingest": key}, "sample_event": {"subject": "harbour"}}
    (tmp_path / "run.json").write_text(json.dumps(found))

    call_command("simulate_usage", "--events", "20", "--connections", "1", stdout=StringIO())

    assert count("usage_usageevent") == 20


@pytest.mark.parametrize("name", SHAPES)
def test_moments_lie_where_the_shape_is_busy(name: str) -> None:
    shape, random = Shape(name, Random(1)), Random(2)
    moments = [shape.place(random) for _one in range(20_000)]

    assert all(0 <= moment < 1 for moment in moments)
    for tenth in range(10):
        here = sum(tenth / 10 <= moment < (tenth + 1) / 10 for moment in moments) / len(moments)
        expected = sum(shape.weight(tenth / 10 + part / 10_000) for part in range(1_000)) / 10_000
        assert abs(here - expected) < 0.02
    assert (name == "flat") == (shape.weight(0.16) == shape.weight(0.85) == 1)


def test_a_seed_makes_the_same_traffic() -> None:
    one, two = (Shape("burst", Random(7)) for _n in range(2))

    assert [one.weight(n / 100) for n in range(100)] == [two.weight(n / 100) for n in range(100)]
