"""Readings finer than days prove themselves down to their events: bands, attributes, worths, users."""

from collections.abc import Callable
from typing import Any

import pytest

from billing.models import Invoice
from billing.services.nightly import run_night
from billing.verifying import proof_of
from tests.billing import test_cadences as cadences
from tests.billing import test_pack_bills as packs
from tests.billing import test_time_of_use_bills as tou
from tests.billing.audit_world import files_of, verify
from tests.billing.test_audit_kit import resealed
from tests.billing.test_verifying import alter
from tests.billing.world import begin, make_plan
from tests.usage.world import event, send
from usage.models import Reading
from usage.selectors_raw import cells_of, events_of
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
PLAIN = {"code": "minutes", "of": "minutes", "tags": ["usage"], "name": tou.MINUTES["name"]}
CENT: list[dict[str, Any]] = [{"price": {"each": "0.01"}}]


def last() -> Invoice:
    return Invoice.objects.latest("period_start", "pk")


def banded() -> Invoice:
    """A time band over the change to summer time."""
    subscription = tou.world()
    tou.report(subscription.customer, *tou.SPRING)
    run_night(tou.APRIL + tou.GRACE)
    return last()


def distinct() -> Invoice:
    """Users of a night that wraps midnight, of the peak and of the rest; ann is in two of them."""
    subscription = tou.world("unique", tou.MINUTES)
    tou.users(
        subscription,
        ("2026-03-10T23:00:00+01:00", "ann"),
        ("2026-03-12T01:00:00+01:00", "ann"),
        ("2026-03-12T01:30:00+01:00", "bob"),
        ("2026-03-12T18:00:00+01:00", "ann"),
        ("2026-03-29T03:00:00+02:00", "cy"),
    )
    run_night(tou.APRIL + tou.GRACE)
    return last()


def told_apart() -> Invoice:
    """By an attribute; one event does not say it."""
    subscription = tou.world("sum", {**PLAIN, "split": "kind", "steps": CENT})
    for kind in ("group", "single"):
        tou.report(subscription.customer, ("2026-03-10T18:00:00+01:00", "100"), kind=kind)
    tou.report(subscription.customer, ("2026-03-10T19:00:00+01:00", "7"))
    run_night(tou.APRIL + tou.GRACE)
    return last()


def by_region() -> Invoice:
    """Distinct users of regions and kinds."""
    subscription = tou.world(
        "unique", {**PLAIN, "split": "region", "steps": CENT}, meter={"where": {"kind": "a"}}
    )
    app, at = subscription.customer.apps.get(), tou.APRIL - 9 * cadences.DAY
    for region, kind, user in (("eu", "a", "ann"), ("us", "a", "ann"), ("eu", "b", "bob"), ("eu", "a", "cy")):
        sent = event(app, at=at, type="call.minutes", user=user, region=region, kind=kind)
        send(sent, at=at, backfill=True)
    roll_up_all()
    run_night(tou.APRIL + tou.GRACE)
    return last()


def weighed() -> Invoice:
    """What events are worth: started thousands, twice in a group."""
    each = {
        "of": "value",
        "steps": [
            {"over": "1000"},
            {"round": {"to": "1", "mode": "ceil"}},
            {"times": {"pick": "kind", "cases": {"group": "2"}, "else": "1"}},
        ],
    }
    labels = {"kind": ["group", "single"]}
    subscription = tou.world("sum", {**PLAIN, "steps": CENT}, meter={"each": each}, labels=labels)
    tou.report(subscription.customer, ("2026-03-10T18:00:00+01:00", "2049"), kind="group")
    tou.report(subscription.customer, ("2026-03-11T18:00:00+01:00", "1"), kind="single")
    run_night(tou.APRIL + tou.GRACE)
    return last()


def thirds() -> Invoice:
    """Calls in seconds, billed by started minutes: three of 100 seconds on three days are 5 minutes."""
    started = [{"price": {"each": "1", "per": "1", "partial": "ceil"}}]
    each = {"over": ["value", "60"]}
    subscription = tou.world("sum", {**PLAIN, "steps": started}, meter={"each": each})
    for day in ("10", "11", "12"):
        tou.report(subscription.customer, (f"2026-03-{day}T18:00:00+01:00", "100"))
    run_night(tou.APRIL + tou.GRACE)
    return last()


FINE: dict[str, tuple[Callable[[], Invoice], int]] = {
    "bands": (banded, 8),
    "users of bands": (distinct, 2),
    "attributes": (told_apart, 3),
    "users of regions": (by_region, 3),
    "worths": (weighed, 2),
    "thirds": (thirds, 3),
}


@pytest.mark.parametrize("what", FINE)
def test_every_cell_is_counted_again_from_its_own_events(what):
    make, cells = FINE[what]
    proof = proof_of(make())

    assert proof.faults == ()
    assert (proof.cells, proof.recounted) == (cells, cells)


def test_thirds_of_three_days_open_no_further_minute():
    line = thirds().lines.get(line_key__startswith="minutes/")

    assert (line.quantity, line.exact_amount) == (5, 5)
    reading = Reading.objects.get(pk__in=line.reading_ids)
    assert [cell["value"] for cell in reading.cells] == ["5/3"] * 3
    assert reading.value == 5


@pytest.mark.parametrize("what", FINE)
def test_the_events_of_a_cell_are_those_it_counted(what):
    """Every event is in the cells of its band, region and kind, and no other."""
    make, _cells = FINE[what]
    make()

    for reading in Reading.objects.all():
        for cell in cells_of(reading):
            rows = events_of(reading, cell, limit=100)
            users = {row.user_digest for row in rows}
            counted = len(users) if reading.meter.kind == "unique" else sum(row.value for row in rows)
            assert rows
            assert counted == cell.value or "rule" in reading.manifest["grain"]
            for row in rows:
                assert any(one.start <= row.occurred_at < one.end for one in cell.spans or [cell.period])


MOVED = "UPDATE usage_usageevent SET occurred_at = occurred_at + interval '3 hours' WHERE "
ALTERED = {
    "an event in another band": (banded, MOVED + "value = 100"),
    "a value": (banded, "UPDATE usage_usageevent SET value = value + 1 WHERE value = 12800"),
    "an event of no cell": (
        banded,
        "UPDATE usage_usageevent SET occurred_at = '2026-03-14T23:00:00+01:00' WHERE value = 200",
    ),
    "users of another band": (distinct, MOVED + "occurred_at = '2026-03-12T18:00:00+01:00'"),
    "a user taken away": (
        distinct,
        "DELETE FROM usage_usageevent WHERE occurred_at = '2026-03-12T01:30+01:00'",
    ),
    "another kind": (
        told_apart,
        """UPDATE usage_usageevent SET dims = '{"kind": "single"}' WHERE dims ->> 'kind' = 'group'""",
    ),
    "no kind any more": (
        told_apart,
        "UPDATE usage_usageevent SET dims = NULL WHERE dims ->> 'kind' = 'group'",
    ),
    "another region": (by_region, "UPDATE usage_usageevent SET region = 'eu' WHERE region = 'us'"),
    "a worth": (weighed, "UPDATE usage_usageevent SET value = 1000 WHERE value = 2049"),
    "what a worth asks": (weighed, "UPDATE usage_usageevent SET dims = NULL WHERE value = 2049"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_event_is_reported_as_one(what):
    make, sql = ALTERED[what]
    invoice = make()

    alter(sql)

    faults = proof_of(invoice).faults
    assert faults
    assert {fault.level for fault in faults} == {"raw events"}, [str(fault) for fault in faults]


def prepaid() -> Invoice:
    packs.story()
    run_night(packs.EDGES[0] + packs.GRACE)
    return last()


def weekly() -> Invoice:
    """A week of a month that accumulates."""
    charge = cadences.usage_charge(every="week", resets="month", steps=cadences.GRADUATED)
    subscription, _start = begin(version=make_plan(charges=[cadences.BASE, charge], figures=[], round="none"))
    cadences.use(subscription, "4000", cadences.OCTOBER + cadences.GRACE / 24)
    cadences.use(subscription, "2000", cadences.OCTOBER + cadences.DAY)
    run_night(cadences.ANCHOR + 28 * cadences.DAY + cadences.GRACE)
    return last()


def calendar() -> Invoice:
    """The first part of a calendar month."""
    charge = cadences.usage_charge(every="month", anchor="calendar")
    subscription, _start = begin(version=make_plan(charges=[cadences.BASE, charge], figures=[]))
    cadences.use(subscription, "4000", cadences.START + cadences.DAY)
    run_night(cadences.OCTOBER + cadences.GRACE)
    return last()


KITS = {
    **{name: make for name, (make, _cells) in FINE.items()},
    "packs": prepaid,
    "weeks": weekly,
    "calendar": calendar,
}


@pytest.mark.parametrize("what", KITS)
def test_the_kit_recomputes_it_and_one_digit_more_does_not_fit(what, tmp_path):
    files = files_of(KITS[what]())
    code, said = verify(files, tmp_path / "sound")
    assert code == 0, said
    assert "cells from events" in said

    head, *rows = files["events.csv"].decode().splitlines()
    at = head.split(",").index("value")
    fields = rows[0].split(",")
    fields[at] = f"{fields[at]}9"
    forged = "\n".join([head, ",".join(fields), *rows[1:], ""])
    if what.startswith("users"):  # they are counted, not added: the last user is another
        user = rows[-1].split(",")[head.split(",").index("user_digest")]
        forged = "\n".join([head, *(row for row in rows if user not in row), ""])
    code, said = verify(resealed(files, "events.csv", lambda _text: forged), tmp_path / "forged")

    assert code == 1
    assert any(line.startswith("FAIL") and "cells from events" in line for line in said.splitlines()), said
