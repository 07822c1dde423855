"""Random usage, and what DuckDB says of it: another engine, from the journal of what was sent alone."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from subscriptions.models import App
from tests.factories import NOW, TESTER
from tests.usage.world import an_app, event, make_meter, rows, send
from usage import services
from usage.models import UsageRollup
from usage.parsing_corrections import parse_corrections

# Zones whose clock changes both engines' own calendars have alike; New York's falls into the window.
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
)
DAYS = 34
SENT = """
CREATE TABLE sent (n bigint, app text, zone text, source text, id text, type text, moment timestamptz,
                   value decimal(38, 12), person text, region text);
CREATE TABLE voided (app text, source text, id text);
CREATE VIEW kept AS
    SELECT *, timezone(zone, moment)::date AS day, sha256(source || chr(0) || id)[1:32] AS key
    FROM (SELECT * FROM sent QUALIFY row_number() OVER (PARTITION BY app, source, id ORDER BY n) = 1)
    WHERE (app, source, id) NOT IN (SELECT (app, source, id) FROM voided);
"""
CELLS = """
SELECT app, meter, region, day::text, sum(worth), count(*), min(worth), max(worth),
       CASE meter WHEN 'online' THEN arg_max(worth, (moment, key)) END
FROM (SELECT k.*, f.meter, CASE WHEN f.counts THEN 1 ELSE k.value END AS worth FROM kept k
      JOIN (VALUES ('messages', 'message.sent', false), ('calls', 'message.sent', true),
                   ('mau', 'message.sent', true), ('online', 'online.sampled', false))
           AS f (meter, type, counts) ON f.type = k.type)
GROUP BY app, meter, region, day
"""
PEOPLE = """
SELECT app, day::text, count(DISTINCT person) FROM kept WHERE type = 'message.sent' GROUP BY app, day
"""
SEEN = """
SELECT a.code, d.day::text, count(*) FROM usage_distinctuser d JOIN subscriptions_app a ON a.id = d.app_id
GROUP BY 1, 2
"""
OURS = """
SELECT a.code, m.code, r.region, (r.cell_start AT TIME ZONE c.billing_zone)::date::text,
       r.sum, r.count, r.min, r.max, r.last
FROM usage_usagerollup r JOIN plans_meter m ON m.id = r.meter_id
JOIN subscriptions_app a ON a.id = r.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
WHERE r.count > 0  -- a cell whose every event is void says nothing
"""

Cell = tuple[Any, ...]


@dataclass(frozen=True)
class Found:
    """Both sides, by place."""

    ours: dict[Cell, Cell]
    theirs: dict[Cell, Cell]
    voided: int = 0

    @property
    def differing(self) -> dict[Cell, tuple[Cell | None, Cell | None]]:
        """The places where the two do not say the same, one of them saying nothing included."""
        places = self.ours.keys() | self.theirs.keys()
        pairs = {place: (self.ours.get(place), self.theirs.get(place)) for place in places}
        return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def play(events: int, *, seed: int, batch: int = 200) -> Found:
    """Send random events and roll them up in between; return both sides' cells."""
    rng = random.Random(seed)
    for code, kind in (("messages", "sum"), ("calls", "count"), ("mau", "unique")):
        make_meter(code, kind)
    make_meter("online", "gauge", event_type="online.sampled")
    apps = [an_app(zone) for zone in ZONES]
    journal: list[dict[str, Any]] = []
    with duckdb.connect() as oracle:
        oracle.execute("SET TimeZone = 'UTC'")
        oracle.execute(SENT)
        while len(journal) < events:
            body = [_one(rng, apps, journal) for _n in range(rng.randrange(1, batch))]
            zones = dict(zip([app.code for app in apps], ZONES, strict=True))
            _note(oracle, journal, body, zones)
            send(*body)
            if rng.random() < 0.6:
                _void(rng, oracle, journal, zones)
            if rng.random() < 0.4:
                services.roll_up(limit=rng.randrange(1, 500))
            if rng.random() < 0.1:
                _correct(rng)
        services.roll_up_all()
        return Found(_split(rows(OURS), 4) | _seen(rows(SEEN)), _theirs(oracle), len(_all_voided(oracle)))


def _one(rng: random.Random, apps: Sequence[App], sent: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a new event, a late one, a copy of an old one, or an old id that now says something else."""
    chance = rng.random()
    if sent and chance < 0.15:
        return rng.choice(sent)
    if sent and chance < 0.25:  # corrected after the fact: the first copy stays, the other is a conflict
        old = rng.choice(sent)
        return {**old, "time": _instant(rng), "data": {**old["data"], "value": str(rng.randrange(1000))}}
    if chance < 0.4:
        value = str(rng.randrange(500))
        return event(rng.choice(apps), at=_instant(rng), type="online.sampled", value=value)
    value = str(Decimal(rng.randrange(10**6)).scaleb(-rng.choice([0, 0, 2, 6])))
    place = {"region": rng.choice(["cn-north", "eu"])} if rng.random() < 0.7 else {}
    return event(rng.choice(apps), at=_instant(rng), value=value, user=f"u{rng.randrange(60)}", **place)


def _instant(rng: random.Random) -> str:
    """Return a time of the window; often the edge of some zone's day, where a microsecond decides."""
    back = timedelta(days=rng.randrange(DAYS))
    if rng.random() < 0.3:
        quarter = NOW.replace(minute=0, second=0) - timedelta(minutes=15 * rng.randrange(96))
        return (quarter - back - timedelta(microseconds=rng.randrange(2))).isoformat()
    return (NOW - back - timedelta(seconds=rng.randrange(86_400))).isoformat()


def _correct(rng: random.Random) -> None:
    """Spoil a cell, as a bad deploy might, and ask for it to be counted again."""
    cell = UsageRollup.objects.order_by("pk")[rng.randrange(10) :][:1].first()
    if cell is None:
        return
    UsageRollup.objects.filter(pk=cell.pk).update(sum=7, count=7, min=0, max=1)
    services.mark_dirty(
        app=cell.app, meter=cell.meter, instant=cell.cell_start, reason="spoilt", at=NOW, by=TESTER
    )


def _void(rng: random.Random, oracle: Any, journal: list[dict[str, Any]], zones: dict[str, str]) -> None:
    """Void or replace some events: folded ones, ones that came just now, and some that are void already."""
    known = {(one["subject"], one["source"], one["id"]): one for one in reversed(journal)}  # the first counts
    chosen = rng.sample(sorted(known), min(len(known), rng.randrange(1, 25)))
    fresh = [key for key in chosen if key not in _all_voided(oracle)]
    items, new = [], []
    for key in chosen:
        named = dict(zip(("subject", "source", "id"), key, strict=True))
        item = {"action": "void", "reason": "wrong", **named}
        if key in fresh and rng.random() < 0.5:
            one = {**known[key], "id": f"{key[2]}-again", "time": _instant(rng)}
            new.append(one)
            item |= {"action": "replace", "event": one}
        items.append(item)
    said, refused = parse_corrections(json.dumps(items).encode())
    verdicts = services.correct(said, at=NOW, by=TESTER)
    assert not refused
    assert sum(one.status == "accepted" for one in verdicts) == len(fresh)
    if fresh:
        oracle.executemany("INSERT INTO voided VALUES (?, ?, ?)", [list(key) for key in fresh])
    if new:
        _note(oracle, journal, new, zones)


def _all_voided(oracle: Any) -> set[Cell]:
    return set(oracle.execute("SELECT app, source, id FROM voided").fetchall())


def _note(
    oracle: Any, journal: list[dict[str, Any]], body: list[dict[str, Any]], zones: dict[str, str]
) -> None:
    lines = [
        [
            len(journal) + n,
            one["subject"],
            zones[one["subject"]],
            one["source"],
            one["id"],
            one["type"],
            datetime.fromisoformat(one["time"]).astimezone(UTC),
            Decimal(one["data"]["value"]),
            one["data"].get("user"),
            one["data"].get("region", ""),
        ]
        for n, one in enumerate(body)
    ]
    oracle.executemany("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)
    journal += body


def _split(found: Sequence[Cell], place: int) -> dict[Cell, Cell]:
    return {row[:place]: row[place:] for row in found}


def _seen(found: Sequence[Cell]) -> dict[Cell, Cell]:
    return {(app, "people", "", day): (count,) for app, day, count in found}


def _theirs(oracle: Any) -> dict[Cell, Cell]:
    return _split(oracle.execute(CELLS).fetchall(), 4) | _seen(oracle.execute(PEOPLE).fetchall())
