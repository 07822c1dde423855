"""`mau_close`: the exact monthly users of every app at a period's close ÷ a bare scan of the month's events.

Ten million events of thirty days with the digests of two million users, one distinct meter, a thousand apps
of one customer, each user of one app: what a freeze asks, through the product's own function, of folded
batches. The scan is serial and reads each digest.

What stands in the way of 1.3: the scan takes about 0.06 µs an event. Telling 16-byte digests apart for each
app takes 0.4 µs whether sorted or hashed, in memory or not (work_mem of 4 MB to 512 MB makes no difference),
and naming the batches and apps that count takes 0.15 µs. It runs in parallel, so idle cores halve it. Figures
of days add nothing here, as the users of two days are not told apart by their numbers.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection

from plans.models import Meter
from plans.timespan import Period
from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import A_DAY, Rolled, fill, rolled, settle
from tests.bench.world import ask, empty
from usage.measuring import distinct_users

EVENTS, USERS = 10_000_000, 2_000_000
SCAN = "SELECT count(*), count(user_digest) FROM usage_usageevent"
EXACT = (
    "SELECT sum(n) FROM (SELECT count(DISTINCT user_digest) n FROM usage_usageevent GROUP BY app_id) AS one"
)


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    every, count = rolled("unique"), sized(EVENTS, least=1000)
    of = Rolled(every.apps, every.meters[:1], every.start)
    last = fill(of, count, users=sized(USERS, least=200)) - 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE usage_ingestbatch SET state = 'done', folded_at = now()")
    settle()
    meters = list(Meter.objects.filter(pk__in=of.meters))
    period = Period(of.start, of.start + timedelta(days=-(-count // A_DAY)))
    wanted = ask(EXACT)

    def ours() -> float:
        began = time.perf_counter()
        found = distinct_users(of.apps, meters, period, batches=f"{{[1,{last + 1})}}")
        took = time.perf_counter() - began
        assert (sum(found.values()),) == wanted, (sum(found.values()), wanted)
        return took

    yield compared("mau_close", ours, _scan, unit="s", gate="<=2", ambition="<=1.3")
    empty()


def _scan() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        began = time.perf_counter()
        cursor.execute(SCAN)
        took = time.perf_counter() - began
        cursor.execute("RESET max_parallel_workers_per_gather")
    return took
