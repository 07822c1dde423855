"""`mau_close`: the exact monthly users of a distinct meter at a period's close ÷ a bare scan of all events.

Ten million events of thirty days, eight meters, a thousand apps of one customer, the digests of two million
users, each user of one app: what a freeze asks for one meter, through the product's own function, of folded
batches. The scan is serial and reads each digest. `mau_close_all`, under the same gate, is of all eight
meters at once, where each of the ten million digests must be told from the others of its app and meter.

Telling 16-byte digests apart takes 0.4 µs an event whether sorted or hashed, in memory or not (work_mem of
4 MB to 512 MB makes no difference), against 0.06 µs for scanning one. It runs in parallel, so idle cores
halve it. Figures of days add nothing here, as the users of two days are not told apart by their numbers.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from plans.models import Meter
from plans.timespan import Period
from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import A_DAY, Rolled, fill, rolled, settle
from tests.bench.world import ask, empty
from usage.measuring import snapshot
from usage.measuring_users import distinct_users

EVENTS, USERS = 10_000_000, 2_000_000
SCAN = "SELECT count(*), count(user_digest) FROM usage_usageevent"
EXACT = """
SELECT sum(n) FROM (
    SELECT count(DISTINCT user_digest) AS n FROM usage_usageevent WHERE meter_id IN ({})
    GROUP BY app_id, meter_id
) AS one
"""


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    of, count = rolled("unique"), sized(EVENTS, least=1000)
    fill(of, count, users=sized(USERS, least=200))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE usage_ingestbatch SET state = 'done', folded_at = now()")
    settle()
    meters = list(Meter.objects.filter(pk__in=of.meters).order_by("pk"))
    period = Period(of.start, of.start + timedelta(days=-(-count // A_DAY)))
    one = _closed(of, meters[:1], period)
    yield compared("mau_close", one, _scan, unit="s", gate="<=2", ambition="<=1.3")
    every = _closed(of, meters, period)
    yield compared("mau_close_all", every, _scan, unit="s", gate="<=2", ambition="<=1.3")
    empty()


def _closed(of: Rolled, meters: list[Meter], period: Period) -> Callable[[], float]:
    wanted = ask(EXACT.format(", ".join(str(meter.pk) for meter in meters)))

    def timed() -> float:
        began = time.perf_counter()
        folded = snapshot(of.apps, meters, period, ZoneInfo("UTC"))
        found = distinct_users(of.apps, meters, period, batches=folded.batches, seen=folded.seen)
        took = time.perf_counter() - began
        assert (sum(found.values()),) == wanted, (sum(found.values()), wanted)
        return took

    return timed


def _scan() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        began = time.perf_counter()
        cursor.execute(SCAN)
        took = time.perf_counter() - began
        cursor.execute("RESET max_parallel_workers_per_gather")
    return took
