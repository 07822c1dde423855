"""What the usage benchmarks share: a migrated database, apps, meters, a key, and seeded events."""

import functools
import json
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from django.db import connection

from plans.models import Meter
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import make_app, make_customer, make_key
from usage import services
from usage.directory import AppRef, Directory, look_up
from usage.partitions import forget_days

APPS = 100
METERS = 8
TABLES = (
    "usage_usageeventkey, usage_usageevent, usage_ingestbatch, usage_usagerollup, usage_distinctuser,"
    " usage_eventconflict, usage_quarantinedevent, usage_dirtycell"
)


@dataclass(frozen=True)
class World:
    """The database the events go to."""

    key: str
    apps: list[AppRef]
    codes: list[str]
    meters: list[int]
    types: list[str]
    day: datetime  # midnight UTC of a day that is over, within the window


@functools.cache
def world() -> World:
    """Migrate and fill the database once a run."""
    call_command("migrate", verbosity=0)
    customer = make_customer()
    apps = [make_app(customer, name=f"App {n}") for n in range(APPS)]
    types = [f"bench.type{n}" for n in range(METERS)]
    meters = [
        Meter.objects.create(
            code=f"bench-{n}", kind="sum", event_type=types[n], unit="u", name_en=f"m{n}", name_zh=f"m{n}"
        )
        for n in range(METERS)
    ]
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    services.make_partitions(at=day)
    known: Directory = look_up({app.code for app in apps}, set(types))
    codes = [app.code for app in apps]
    key = make_key(PROVIDER_SCOPES)[1]
    return World(key, [known.apps[code] for code in codes], codes, [m.pk for m in meters], types, day)


@dataclass(frozen=True, slots=True)
class Sent:
    """One event to come: what JSON and COPY are made of."""

    app: int  # position
    meter: int  # position
    id: str
    at: datetime
    value: int

    def tree(self, of: World) -> dict[str, object]:
        """Return it as a CloudEvent."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": "im-cluster-3/gateway-12",
            "type": of.types[self.meter],
            "subject": of.codes[self.app],
            "time": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {"value": str(self.value), "region": "cn-north"},
        }

    def row(self, of: World) -> str:
        """Return it as a line of COPY: app, key, meter, instant, value, region, hash."""
        key = uuid.UUID(self.id)
        fields = (
            of.apps[self.app].id,
            key,
            of.meters[self.meter],
            self.at.isoformat(),
            self.value,
            "cn-north",
            key.int % 2**62,
        )
        return "\t".join(map(str, fields)) + "\n"


def events(count: int, of: World, seed: int = 20261124) -> list[Sent]:
    """Return events of one day with random ids."""
    rng = random.Random(seed)
    return [
        Sent(
            rng.randrange(APPS),
            rng.randrange(METERS),
            str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            of.day + timedelta(milliseconds=rng.randrange(86_400_000)),
            rng.randrange(1, 1000),
        )
        for _n in range(count)
    ]


def bodies(sent: list[Sent], of: World, batch: int) -> list[bytes]:
    """Return the bodies that report them."""
    return [
        json.dumps([one.tree(of) for one in sent[n : n + batch]], separators=(",", ":")).encode()
        for n in range(0, len(sent), batch)
    ]


def empty(*more: str) -> None:
    """Forget all events; nothing of an earlier sample is left to be written while the next is timed."""
    world()
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = warning")
        cursor.execute(f"TRUNCATE {', '.join([TABLES, *more])}")
        cursor.execute("CHECKPOINT")
    forget_days()


def ask(sql: str) -> tuple[object, ...]:
    """Return the one row of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row: tuple[object, ...] = cursor.fetchone()
    return row


def verify(sent: list[Sent]) -> None:
    """Compare the tables with what was sent: each event once, with its value."""
    wanted = len(sent), sum(one.value for one in sent)
    keys = ask("SELECT count(*) FROM usage_usageeventkey")
    found = ask("SELECT count(*), sum(value)::bigint FROM usage_usageevent")
    assert keys == wanted[:1], (keys, wanted)
    assert found == wanted, (found, wanted)
