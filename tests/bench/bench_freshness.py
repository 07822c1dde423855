"""`freshness_usage`, `_entitlement`, `_stop`, `_quiet`: seconds from an event's answer to its figure.

Everything that `dev.py run` starts, on one machine with its clients. 5,000 events/s come in open loop, in
batches of 100, of fifty apps in four billing zones. Beside them eight probers, each with an app of its own,
report one event, and from its answer on ask every 50 ms for `GET /api/v1/usage` (what the portal shows), for
an allowance that warns (counted from cells) and for one that stops (pending events counted), until each says
one more. The ratio is the 99th percentile in seconds; the median is printed as ours. `_quiet` is what usage
takes without the load: a figure then waits for the schedule's next ring and for nothing else.
"""

import json
import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.bench.contract import Entry, Side, machine, sized
from tests.bench.quota_load import Door, Running, event, running
from tests.bench.serving import Server
from tests.bench.world import ask

RATE = 5_000  # events/s
BATCH = 100
SECONDS = 60
APPS = 50
PROBERS = 8
CONNECTIONS = 16
PAUSE = 0.05
PATIENCE = 30
FIGURES = ("usage", "entitlement", "stop")


@dataclass
class Seen:
    """Seconds until each figure had the event, over all probes."""

    took: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in FIGURES})
    failed: list[BaseException] = field(default_factory=list)


def run() -> Iterator[Entry]:
    """Measure."""
    with running(APPS) as parts:
        load = parts.server.store(_requests(parts))
        with _probing(parts, first=0) as quiet:
            time.sleep(sized(SECONDS, least=10) / 2)
        with _probing(parts, first=PROBERS) as seen:
            told = load.pace(parts.server.port, CONNECTIONS, RATE / BATCH)
        _verify(told)
    reached = told["accepted"] / told["seconds"]
    print(  # noqa: T201
        _line("answers of the load", [ms / 1000 for ms in told["milliseconds"]]), f"{reached:.0f} events/s"
    )
    for name in FIGURES:
        yield _entry(name, seen.took[name], reached)
    yield _entry("quiet", quiet.took["usage"], 0.0)


@contextmanager
def _probing(parts: Running, *, first: int) -> Iterator[Seen]:
    """Let probers, each with an app of its own from the given one on, look while the body runs."""
    seen, over = Seen(), threading.Event()
    work = [
        threading.Thread(target=_probe, args=(parts.server, app.code, over, seen))
        for app in parts.apps[first : first + PROBERS]
    ]
    for one in work:
        one.start()
    try:
        yield seen
    finally:
        over.set()
        for one in work:
            one.join()
    assert not seen.failed, seen.failed


def _requests(parts: Running) -> list[bytes]:
    """Return the load: nine of ten events are messages, one tells that a user was active."""
    rng = random.Random(20261124)
    codes = [app.code for app in parts.apps[2 * PROBERS :]]
    count = sized(SECONDS, least=5) * RATE // BATCH
    return [
        parts.server.request("/api/v1/usage/events", json.dumps(_batch(rng, codes)).encode())
        for _one in range(count)
    ]


def _batch(rng: random.Random, codes: Sequence[str]) -> list[dict[str, object]]:
    return [
        event(rng.choice(codes), user=f"u{rng.randrange(20_000)}" if rng.random() < 0.1 else "")
        for _one in range(BATCH)
    ]


def _probe(server: Server, app: str, over: threading.Event, seen: Seen) -> None:
    door, sent, rng = Door(server), 0, random.Random(app)
    try:
        while not over.is_set():
            sent += 1
            door.report([event(app)])
            _await(door, app, sent, seen)
            time.sleep(rng.random())  # at any moment of the cadence
    except BaseException as error:
        seen.failed.append(error)


def _await(door: Door, app: str, sent: int, seen: Seen) -> None:
    """Ask until each figure says `sent`; it must never say more."""
    began = time.perf_counter()
    missing = set(FIGURES)
    while missing:
        for name in FIGURES:
            if name not in missing:
                continue
            said = _said(door, app, name)
            took = time.perf_counter() - began
            assert said <= sent, (name, said, sent)
            assert took < PATIENCE, (name, said, sent)
            if said == sent:
                seen.took[name].append(took)
                missing.remove(name)
        time.sleep(PAUSE if missing else 0)


def _said(door: Door, app: str, name: str) -> float:
    if name == "usage":
        rows = door.get(f"/api/v1/usage?app={app}&meter=messages&window=month")["data"]
        return sum(float(row["value"]) for row in rows)
    return float(door.used(app, "told" if name == "entitlement" else "hard")["used"])


def _verify(told: dict[str, Any]) -> None:
    """The load was what it says, and all of it is counted: the cells say so once nothing is pending."""
    wanted = sized(SECONDS, least=5) * RATE
    assert told["accepted"] == wanted, told
    assert told["seconds"] < 1.1 * wanted / RATE + 1, told["seconds"]
    ends = time.monotonic() + PATIENCE
    while ask("SELECT count(*) FROM usage_ingestbatch WHERE state = 'pending'") != (0,):
        assert time.monotonic() < ends
        time.sleep(PAUSE)
    assert ask("SELECT sum(count)::bigint FROM usage_usagerollup") == ask(
        "SELECT count(*) FROM usage_usageevent"
    )


def _entry(name: str, took: Sequence[float], reached: float) -> Entry:
    print(_line(f"freshness_{name}", took))  # noqa: T201
    ranked = sorted(took)
    slow = ranked[int(len(ranked) * 0.99)]
    sides = Side(list(took), "s (p50)"), Side([reached], "events/s")
    spread = (ranked[-1] - ranked[0]) / statistics.median(ranked)
    return Entry(f"freshness_{name}", slow, "<=2", "<=2", *sides, spread, machine=machine())


def _line(name: str, took: Sequence[float]) -> str:
    ranked = sorted(took)
    p50, p90, p99 = (ranked[int(len(ranked) * share)] for share in (0.5, 0.9, 0.99))
    return (
        f"{name}: p50 {p50:.2f} s, p90 {p90:.2f} s, p99 {p99:.2f} s, most {ranked[-1]:.2f} s, n {len(ranked)}"
    )
