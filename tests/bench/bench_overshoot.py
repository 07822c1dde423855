"""`overshoot_hard`, `overshoot_grace`: how far usage passes the point where it stops, in % of the quota.

A quota of 1,000,000 messages a month, 900,000 of them used. Ten gateways ask `GET /api/v1/entitlements/…`
before each batch of 100 and report the batch once it is used, together 5,000 events/s, until they are
refused; everything that `dev.py run` starts is running. At worst each gateway has one batch under way when
the stop is reached: 10 × 100 = 0.1 %. One of the two quotas has a grace of 10 %, so it stops at 1,100,000.

What is reported past the stop is stored and billed all the same: it was used. The limit beside it is what
the same gateways would pass if the check counted folded usage only, so the pending tail at that moment.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from subscriptions.models import App
from tests.bench.contract import Entry, Side, machine, sized
from tests.bench.quota_load import GRACE, QUOTA, Door, Running, event, running
from tests.bench.serving import Server

ROUNDS = 5
GATEWAYS = 10
BATCH = 100
RATE = 5_000  # events/s of all gateways
LEFT = 100_000  # what is left of the quota at the start
STOPS = {"hard": QUOTA, "soft": QUOTA * (100 + GRACE) // 100}


@dataclass
class Pressed:
    """What came of one round."""

    refused: list[dict[str, object]] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    reported: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def run() -> Iterator[Entry]:
    """Press against each stop; each round is another customer's."""
    rounds = ROUNDS
    with running(2 * rounds) as parts:
        for name, feature, apps in (
            ("overshoot_hard", "hard", parts.apps[:rounds]),
            ("overshoot_grace", "soft", parts.apps[rounds:]),
        ):
            past, behind = zip(*(_round(parts, app, feature) for app in apps), strict=True)
            sides = Side(list(past), "%"), Side(list(behind), "% unfolded")
            yield Entry(name, max(past), "<=0.1", "<=0.1", *sides, max(past) - min(past), machine=machine())


def _round(parts: Running, app: App, feature: str) -> tuple[float, float]:
    """Return how far usage went past the stop, and how much was not folded then, in % of the quota."""
    stop, left = STOPS[feature], sized(LEFT, least=5_000)
    Door(parts.server).report([event(app.code, value=stop - left)])
    pressed = Pressed()
    work = [
        threading.Thread(target=_gateway, args=(parts.server, app.code, feature, n, pressed))
        for n in range(GATEWAYS)
    ]
    began = time.perf_counter()
    for one in work:
        one.start()
    for one in work:
        one.join()
    seconds = time.perf_counter() - began
    folded = Decimal(str(Door(parts.server).used(app.code, "told")["used"]))  # counted from cells
    used = Decimal(str(Door(parts.server).used(app.code, feature)["used"]))
    _verify(pressed, used=used, stop=stop, left=left)
    past, behind = (float(one * 100 / QUOTA) for one in (used - stop, used - folded))
    print(  # noqa: T201
        f"{feature}: {pressed.reported} events in {seconds:.1f} s ({pressed.reported / seconds:.0f}/s),"
        f" {used - stop} past {stop}"
    )
    return past, behind


def _gateway(server: Server, app: str, feature: str, number: int, pressed: Pressed) -> None:
    """Ask, use, report, each at this gateway's share of the rate, until refused."""
    door, every = Door(server), GATEWAYS * BATCH / RATE
    due = time.perf_counter() + every * number / GATEWAYS
    try:
        while True:
            time.sleep(max(0.0, due - time.perf_counter()))
            due += every
            said = door.used(app, feature)
            if not said["has_access"]:
                pressed.refused.append(said)
                return
            door.report([event(app) for _one in range(BATCH)])
            with pressed.lock:
                pressed.reported += BATCH
    except BaseException as error:
        pressed.failed.append(error)


def _verify(pressed: Pressed, *, used: Decimal, stop: int, left: int) -> None:
    """Everything reported is counted, everybody was refused for the limit, and not before it."""
    assert not pressed.failed, pressed.failed
    assert used == stop - left + pressed.reported, (used, stop, left, pressed.reported)
    assert {one["reason"] for one in pressed.refused} == {"limit_reached"}
    assert all(Decimal(str(one["used"])) >= stop for one in pressed.refused)
