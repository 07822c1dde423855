"""The bucket of a key, in a real Valkey; and what happens without one."""

import threading
from typing import Any

import pytest

from tests.usage.world import Door, an_app, event, make_meter
from usage import api_limits

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_clients() -> Any:
    def forget() -> None:
        api_limits._client.cache_clear()
        api_limits._asked_again_at = 0.0

    forget()
    yield
    forget()


def test_A27_a_flood_is_429_for_that_key_only(settings: Any) -> None:
    settings.USAGE_RATE_PER_SECOND = 3
    make_meter()
    app, flooding, calm = an_app(), Door(), Door()

    answers = [flooding.post([event(app)]) for _ in range(8)]

    statuses = [a.status_code for a in answers]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses
    refused = answers[statuses.index(429)]
    assert refused["Content-Type"] == "application/problem+json"
    assert int(refused["Retry-After"]) >= 1
    assert calm.post([event(app)]).status_code == 200


def test_an_answer_says_what_is_left(settings: Any) -> None:
    settings.USAGE_RATE_PER_SECOND = 50
    make_meter()

    answer = Door().post([event(an_app())])

    assert answer["RateLimit-Policy"] == '"key";q=50;w=1'
    assert answer["RateLimit"] == '"key";r=49;t=1'
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("50", "49")


def test_a_bucket_never_gives_more_than_it_holds_however_many_ask() -> None:
    key, granted = f"test-{id(object())}", []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        granted.extend(
            wait == 0 for _left, wait in filter(None, (api_limits.take(key, rate=10) for _ in range(10)))
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert len(granted) == 80
    assert 10 <= sum(granted) <= 25  # ten at once, and what a second's refill adds meanwhile


def test_A04_without_valkey_events_are_stored_and_the_log_says_so(settings: Any, caplog: Any) -> None:
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    make_meter()
    app, door = an_app(), Door()

    answers = [door.post([event(app)]), door.post([event(app)])]

    assert [a.status_code for a in answers] == [200, 200]
    assert [r.message for r in caplog.records if "rate limit is off" in r.message] != []
    assert len([r for r in caplog.records if "rate limit is off" in r.message]) == 1


def test_a_connection_lost_meanwhile_is_made_anew_and_a_forgotten_script_is_sent_again() -> None:
    key = f"test-{id(object())}"
    assert api_limits.take(key, rate=10) is not None

    api_limits._client().client_kill_filter(_type="normal", skipme=True)
    assert api_limits.take(key, rate=10) is not None
    api_limits._client().script_flush()
    assert api_limits.take(key, rate=10) is not None
