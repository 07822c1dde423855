"""`entitlement`, `entitlement_p99`: access checks ÷ a view that does nothing, at eight connections.

The check is of an allowance that stops, with usage in cells and in pending batches; the other view is a plain
function behind the same middleware, which reads no key. Throughput, and the 99th percentile of the answers.
"""

import json
from collections.abc import Callable, Iterator

from tests.bench.contract import Entry, Side, compared, machine, sized, spread_of
from tests.bench.serving import Load, Server, serving
from tests.bench.world import empty, world
from tests.usage.quota_world import STOP, subscribed, use
from usage import services

CONNECTIONS = 8
REQUESTS = 6_000


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    empty()
    app = subscribed(STOP)
    use(app, *["1"] * 20)
    services.roll_up_all()
    use(app, *["1"] * 10)
    count = sized(REQUESTS, least=200)
    with serving(of.key, DJANGO_SETTINGS_MODULE="tests.bench.ordinary_settings") as server:
        path = f"/api/v1/entitlements/quota?app={app.code}"
        _verify(server, path)
        mine: list[float] = []
        theirs: list[float] = []
        ours = _asked(server, server.store([server.request(path)] * count), mine)
        limit = _asked(server, server.store([server.request("/api/v1/bench/nothing")] * count), theirs)
        entry = compared("entitlement", ours, limit, unit="req/s", gate=">=0.20", ambition=">=0.30")
    yield entry
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    slow = Side(mine, "ms"), Side(theirs, "ms")
    worst = sorted(ratios)[len(ratios) // 2]
    yield Entry(
        "entitlement_p99", worst, "<=5", "<=3", *slow, spread_of(ratios), entry.noisy, machine=machine()
    )


def _asked(server: Server, load: Load, slowest: list[float]) -> Callable[[], float]:
    def timed() -> float:
        told = load.send(server.port, CONNECTIONS)
        slowest.append(told["milliseconds"][int(len(told["milliseconds"]) * 0.99)])
        return float(told["answers"] / told["seconds"])

    return timed


def _verify(server: Server, path: str) -> None:
    """Both workers connect; each answer says what was used, pending events included."""
    told = server.send([server.request(path)] * 100, CONNECTIONS)
    body = json.loads(told["last"])
    assert (body["has_access"], float(body["used"])) == (True, 30.0), body
