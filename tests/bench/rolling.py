"""Events of many days made by the server itself, and the roll-up over them."""

import functools
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from plans.models import Meter
from subscriptions.models import App
from tests.bench.world import ask, world
from tests.factories import make_customer
from usage import services
from usage.partitions import ensure_days

APPS, METERS, BATCH = 1000, 8, 1000
A_DAY = 333_000  # events of one day: ten million in thirty days
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata")

# Batches come one after the other, each with events of one day, as ingest makes them of what happens now.
FILL = """
INSERT INTO usage_usageevent (app_id, meter_id, batch_id, occurred_at, received_at, event_key, user_digest,
                              value, region)
SELECT (%(apps)s::bigint[])[1 + {app}],
       (%(meters)s::bigint[])[1 + (random() * %(last)s)::int],
       %(first)s + n / %(batch)s,
       %(start)s::timestamptz + %(span)s * (n + random()) / %(count)s * interval '1 second', now(),
       gen_random_uuid(), {user}, (1 + random() * 999)::int, 'cn-north'
FROM (SELECT n, (random() ^ 2 * %(users)s)::int AS u FROM generate_series(0, %(count)s - 1) AS n) AS drawn
"""
ANYBODY = {"app": "(random() * %(most)s)::int", "user": "NULL"}
USERS = {"app": "u %% (%(most)s + 1)", "user": "lpad(to_hex(u), 32, '0')::uuid"}  # each user is of one app
BATCHES = """
INSERT INTO usage_ingestbatch (id, state, n, day_min, day_max, app_ids, by, received_at)
SELECT b, 'pending', least(%(batch)s, %(count)s - (b - %(first)s) * %(batch)s), %(day)s, %(day)s,
       %(apps)s::bigint[], 'bench', now()
FROM generate_series(%(first)s, %(first)s + (%(count)s - 1) / %(batch)s) AS b
"""


@dataclass(frozen=True)
class Rolled:
    """Apps and meters of the roll-up benchmarks."""

    apps: list[int]
    meters: list[int]
    start: datetime  # midnight UTC of the first day


@functools.cache
def rolled(kind: str = "sum") -> Rolled:
    """Make a thousand apps in four zones and eight meters, once a run."""
    world()
    customers = [make_customer(billing_zone=zone) for zone in ZONES]
    apps = App.objects.bulk_create(
        App(customer=customers[n % len(ZONES)], code=f"roll_{kind}_{n}", name=f"Roll {n}")
        for n in range(APPS)
    )
    meters = [
        Meter.objects.create(
            code=f"roll-{kind}-{n}",
            kind=kind,
            event_type=f"roll.{kind}{n}",
            unit="u",
            name_en="m",
            name_zh="m",
        ).pk
        for n in range(METERS)
    ]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Rolled([app.pk for app in apps], meters, midnight - timedelta(days=33))


def fill(of: Rolled, count: int, *, first: int = 1, day: int = 0, users: int = 0) -> int:
    """Add events day by day from the given day on, with their batches pending; return the next batch."""
    while count > 0:
        part = min(count, A_DAY)
        values = _values(of, part, first, day, users)
        ensure_days([values["day"]])
        with connection.cursor() as cursor:
            cursor.execute(FILL.format(**USERS if users else ANYBODY), values)
            cursor.execute(BATCHES, values)
        count, day, first = count - part, day + 1, first + -(-part // BATCH)
    return first


def _values(of: Rolled, count: int, first: int, day: int, users: int) -> dict[str, object]:
    start = of.start + timedelta(days=day)
    return {
        "apps": of.apps,
        "meters": of.meters,
        "most": len(of.apps) - 1,
        "last": len(of.meters) - 1,
        "first": first,
        "batch": BATCH,
        "start": start,
        "span": 86_399,
        "count": count,
        "day": start.date(),
        "users": users,
    }


def settle() -> None:
    """Let statistics, visibility and indexes be as after autovacuum, and write what is to be written."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) usage_usageevent")
        cursor.execute("VACUUM (ANALYZE) usage_ingestbatch")
        cursor.execute("VACUUM (ANALYZE) usage_usagerollup")
        cursor.execute("CHECKPOINT")


def again(of: Rolled, count: int) -> None:
    """Make the same batches pending again, and forget the cells."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_usagerollup, usage_distinctuser, usage_ingestbatch")
        first, day = 1, 0
        while count > 0:
            part = min(count, A_DAY)
            cursor.execute(BATCHES, _values(of, part, first, day, 0))
            count, day, first = count - part, day + 1, first + -(-part // BATCH)
    settle()


def roll() -> float:
    """Return the seconds that folding everything pending takes."""
    began = time.perf_counter()
    services.roll_up_all()
    return time.perf_counter() - began


def scan() -> float:
    """Return the seconds of a bare scan of the events by one process: read every row and add its value."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        began = time.perf_counter()
        cursor.execute("SELECT count(*), sum(value) FROM usage_usageevent")
        took = time.perf_counter() - began
        cursor.execute("RESET max_parallel_workers_per_gather")
    return took


def verify() -> None:
    """Compare the cells with the events: as many, as much, and nothing pending."""
    events = ask("SELECT count(*), sum(value)::bigint FROM usage_usageevent")
    cells = ask("SELECT sum(count)::bigint, sum(sum)::bigint FROM usage_usagerollup")
    assert cells == events, (cells, events)
    assert ask("SELECT count(*) FROM usage_ingestbatch WHERE state = 'pending'") == (0,)
