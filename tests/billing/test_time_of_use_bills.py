"""Time bands and dimensions on real invoices: what was reported by HTTP is what each line counts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.books import offences
from billing.models import Invoice, ParkedCustomer
from billing.selectors import upcoming_bill
from billing.services.nightly import run_night
from plans.models import Meter
from subscriptions.models import Customer, Subscription
from tests.billing.audit_world import proved
from tests.billing.world import begin, make_plan
from tests.factories import make_app, make_customer
from tests.usage.world import Door, event, send
from usage.models import Reading
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
GRACE = timedelta(hours=24)


def midnight(year: int, month: int, day: int, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(year, month, day, tzinfo=zone).astimezone(UTC)


APRIL = midnight(2026, 4, 1)

# Night wraps midnight, the peak is on weekdays; the rest is normal.
POWER = {
    "zone": "Europe/Berlin",
    "bands": [
        {"code": "night", "windows": [{"from": "22:00", "to": "06:00"}]},
        {
            "code": "peak",
            "windows": [{"from": "17:00", "to": "20:30", "days": ["mon", "tue", "wed", "thu", "fri"]}],
        },
    ],
    "else": "normal",
}
PRICES = {"pick": "band", "cases": {"night": "0.01", "peak": "0.04", "normal": "0.02"}}
MINUTES: dict[str, Any] = {
    "code": "minutes", "name": {"en": "Minutes", "zh-Hans": "分钟"}, "tags": ["usage"],
    "of": "minutes", "split": "band", "steps": [{"price": {"each": PRICES}}],
}  # fmt: skip


def world(
    kind: str = "sum",
    *charges: dict[str, Any],
    zone: str = "Europe/Berlin",
    meter: Mapping[str, Any] | None = None,
    labels: Mapping[str, list[str]] | None = None,
) -> Subscription:
    """Start an agreement on 1 March 2026 (of the customer's zone) on a meter of minutes with time bands."""
    Meter.objects.create(
        code="minutes", kind=kind, unit="minutes", event_type="call.minutes",
        name_en="Minutes", name_zh="分钟", dimensions=["region", "kind"],
    )  # fmt: skip
    customer = make_customer(billing_zone=zone)
    make_app(customer, code="app_tou")
    version = make_plan(
        schedules={"power": POWER},
        labels={"band": ["night", "peak", "normal"], **(labels or {})},
        meters={"minutes": {"unit": "minutes", "schedule": "power", **(meter or {})}},
        charges=list(charges) or [MINUTES],
        figures=[],
        options=[],
        facts={},
    )
    subscription, _start = begin(
        customer=customer, version=version, at=midnight(2026, 3, 1, ZoneInfo(zone)) + timedelta(hours=9)
    )
    return subscription


def report(customer: Customer, *rows: tuple[str, str], **more: str) -> None:
    """Report (local time of Berlin with its offset, minutes)."""
    app = customer.apps.get()
    for at, value in rows:
        when = datetime.fromisoformat(at)
        one = event(app, at=when, type="call.minutes", value=value, **more)
        send(one, at=when, backfill=True)
    roll_up_all()


def cycle() -> Invoice:
    return Invoice.objects.exclude(kind="start").get()


def lines(invoice: Invoice) -> dict[str, tuple[int, int]]:
    """Return key -> (quantity, minor units)."""
    rows = invoice.lines.order_by("position").values_list("line_key", "quantity", "amount")
    return {key: (int(quantity), amount) for key, quantity, amount in rows}


def healthy() -> None:
    assert not ParkedCustomer.objects.exists()
    proved()
    assert offences() == []


SPRING = [
    ("2026-03-10T05:59:59+01:00", "100"),  # night
    ("2026-03-10T06:00:00+01:00", "200"),  # normal
    ("2026-03-10T16:59:59+01:00", "400"),  # normal
    ("2026-03-10T17:00:00+01:00", "800"),  # a Tuesday's peak
    ("2026-03-10T20:29:59+01:00", "1600"),  # peak
    ("2026-03-10T20:30:00+01:00", "3200"),  # normal
    ("2026-03-14T18:00:00+01:00", "6400"),  # a Saturday: normal
    ("2026-03-28T22:00:00+01:00", "12800"),  # night, and the clocks go forward in it
    ("2026-03-29T01:59:59+01:00", "25600"),  # night
    ("2026-03-29T03:00:00+02:00", "51200"),  # night: the hour after 02:00 did not happen
    ("2026-03-29T05:59:59+02:00", "102400"),  # night, by the new time
    ("2026-03-29T06:00:00+02:00", "204800"),  # normal
]


def test_one_line_per_band_over_the_change_to_summer_time():
    """Night 192,100 × 0.01 = 1,921.00 · peak 2,400 × 0.04 = 96.00 · normal 215,000 × 0.02 = 4,300.00."""
    subscription = world()
    door = Door(("usage:write", "usage:backfill"))
    app = subscription.customer.apps.get()
    batch = [event(app, at=at, type="call.minutes", value=value) for at, value in SPRING]
    answer = door.post(batch)
    assert answer.json()["accepted"] == len(SPRING)
    roll_up_all()

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {
        "minutes///night/": (192100, 192100),
        "minutes///normal/": (215000, 430000),
        "minutes///peak/": (2400, 9600),
    }
    assert cycle().total == 631700
    reading = Reading.objects.get()
    assert reading.value == 409500
    assert [cell["value"] for cell in reading.cells][:4] == ["100", "600", "2400", "3200"]
    healthy()
    assert not run_night(APRIL + GRACE).changed


def test_the_upcoming_bill_parts_the_bands_before_the_freeze():
    subscription = world()
    report(subscription.customer, *SPRING)

    shown = upcoming_bill(subscription, APRIL - timedelta(hours=1))

    assert shown is not None
    assert [(line.key, line.amount) for line in shown.lines] == [
        ("minutes///night/", 192100), ("minutes///normal/", 430000), ("minutes///peak/", 9600),
    ]  # fmt: skip


def test_the_billing_zone_may_differ_from_the_schedules():
    """Shanghai's March ends at 18:00 of 31 March in Berlin: an hour of that peak is in, the rest in April."""
    subscription = world(zone="Asia/Shanghai")
    report(
        subscription.customer,
        ("2026-03-31T16:59:00+02:00", "10"),  # normal
        ("2026-03-31T17:30:00+02:00", "20"),  # peak
        ("2026-03-31T18:00:00+02:00", "40"),  # April in Shanghai
        ("2026-03-01T23:00:00+01:00", "80"),  # night
        ("2026-02-28T17:00:00+01:00", "160"),  # 1 March, 00:00 in Shanghai; a Saturday
    )

    run_night(midnight(2026, 4, 1, ZoneInfo("Asia/Shanghai")) + GRACE)

    assert lines(cycle()) == {
        "minutes///night/": (80, 80),
        "minutes///normal/": (170, 340),
        "minutes///peak/": (20, 80),
    }
    healthy()


def test_a_repeated_hour_counts_in_its_band_both_times():
    """On 25 October 02:30 happens twice; both are night."""
    subscription = world()
    report(
        subscription.customer,
        ("2026-10-25T02:30:00+02:00", "1"),
        ("2026-10-25T02:30:00+01:00", "2"),
        ("2026-10-25T05:59:59+01:00", "4"),
        ("2026-10-25T06:00:00+01:00", "8"),
    )

    run_night(midnight(2026, 11, 1) + GRACE)

    last = Invoice.objects.order_by("-period_start").first()
    assert last is not None
    assert lines(last) == {"minutes///night/": (7, 7), "minutes///normal/": (8, 16)}
    healthy()


def test_a_peak_is_the_highest_of_each_band():
    subscription = world("gauge", MINUTES, meter={"reduce": [{"take": "max"}]})
    report(
        subscription.customer,
        ("2026-03-10T18:00:00+01:00", "50"),
        ("2026-03-10T20:00:00+01:00", "70"),
        ("2026-03-10T21:00:00+01:00", "90"),
        ("2026-03-10T23:00:00+01:00", "30"),
        ("2026-03-11T05:00:00+01:00", "40"),
    )

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {
        "minutes///night/": (40, 40),
        "minutes///normal/": (90, 180),
        "minutes///peak/": (70, 280),
    }
    healthy()


def users(subscription: Subscription, *rows: tuple[str, str]) -> None:
    app = subscription.customer.apps.get()
    for at, user in rows:
        when = datetime.fromisoformat(at)
        send(event(app, at=when, type="call.minutes", user=user), at=when, backfill=True)
    roll_up_all()


def test_distinct_users_count_once_in_each_band():
    """Ann in two nights is one user of the night; she is a user of the peak as well."""
    subscription = world("unique", MINUTES)
    users(
        subscription,
        ("2026-03-10T23:00:00+01:00", "ann"),
        ("2026-03-11T23:00:00+01:00", "ann"),
        ("2026-03-12T01:00:00+01:00", "bob"),
        ("2026-03-12T18:00:00+01:00", "ann"),
    )
    shown = upcoming_bill(subscription, APRIL - timedelta(hours=1))

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes///night/": (2, 2), "minutes///peak/": (1, 4)}
    assert shown is not None
    assert [line.amount for line in shown.lines] == [2, 4]
    assert Reading.objects.get().value == 2
    healthy()


def test_late_usage_of_a_band_is_a_line_of_that_band():
    subscription = world()
    report(subscription.customer, ("2026-03-10T18:00:00+01:00", "100"))
    run_night(APRIL + GRACE)
    report(subscription.customer, ("2026-03-10T21:00:00+01:00", "50"), ("2026-03-10T19:00:00+01:00", "10"))

    run_night(midnight(2026, 5, 1) + GRACE)

    last = Invoice.objects.order_by("-period_start").first()
    assert last is not None
    late = {key.split("/", 2)[2]: amount for key, (_, amount) in lines(last).items() if "late" in key}
    assert late == {"minutes///peak/": 40, "minutes///normal/": 100}
    healthy()
    assert not run_night(midnight(2026, 5, 1) + GRACE).changed


def test_other_attributes_of_events_reach_the_invoice():
    """`where`, `per` and `split` by a dimension other than the region."""
    by_kind = {**MINUTES, "split": "kind", "steps": [{"price": {"each": "0.02"}}]}
    subscription = world("sum", by_kind)
    report(subscription.customer, ("2026-03-10T18:00:00+01:00", "100"), kind="group")
    report(
        subscription.customer,
        ("2026-03-10T18:30:00+01:00", "10"),
        ("2026-03-11T18:30:00+01:00", "1"),
        kind="single",
    )
    report(subscription.customer, ("2026-03-10T18:30:00+01:00", "1000"))  # says no kind: no line of its own

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes///group/": (100, 200), "minutes///single/": (11, 22)}
    assert Reading.objects.get().value == 1111
    healthy()


def test_where_reads_the_attribute_of_each_event():
    plain = {**MINUTES, "steps": [{"price": {"each": "0.02"}}]}
    del plain["split"]
    subscription = world("sum", plain, meter={"where": {"kind": ["group", "channel"]}})
    for kind, value in (("group", "1"), ("channel", "2"), ("single", "4")):
        report(subscription.customer, ("2026-03-10T18:00:00+01:00", value), kind=kind)

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes////": (3, 6)}
    healthy()


def test_the_third_highest_day_of_distinct_users():
    """Days with 3, 2, 2 and 1 users: the third highest is 2, whoever came twice."""
    plain = {**MINUTES, "steps": [{"price": {"each": "1"}}]}
    del plain["split"]
    stages = [{"take": "sum", "per": ["day"]}, {"take": "nth_highest", "n": "3"}]
    subscription = world("unique", plain, meter={"reduce": stages})
    users(
        subscription,
        *((f"2026-03-10T0{n}:00:00+01:00", user) for n, user in enumerate(("ann", "bob", "cy"))),
        *((f"2026-03-11T0{n}:00:00+01:00", user) for n, user in enumerate(("ann", "bob", "ann"))),
        *((f"2026-03-12T0{n}:00:00+01:00", user) for n, user in enumerate(("ann", "bob"))),
        ("2026-03-13T08:00:00+01:00", "ann"),
    )

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes////": (2, 200)}
    healthy()


def test_the_highest_hour_of_a_month():
    plain = {**MINUTES, "steps": [{"price": {"each": "1"}}]}
    del plain["split"]
    stages = [{"take": "sum", "per": ["hour"]}, {"take": "max"}]
    subscription = world("sum", plain, meter={"reduce": stages})
    report(
        subscription.customer,
        ("2026-03-29T01:10:00+01:00", "5"), ("2026-03-29T01:50:00+01:00", "6"),
        ("2026-03-29T03:10:00+02:00", "9"), ("2026-03-30T03:10:00+02:00", "3"),
    )  # fmt: skip

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes////": (11, 1100)}
    healthy()


def test_distinct_users_of_one_region_and_kind():
    plain = {**MINUTES, "split": "region", "steps": [{"price": {"each": "1"}}]}
    subscription = world("unique", plain, meter={"where": {"kind": "group"}})
    app = subscription.customer.apps.get()
    for region, kind, user in (
        ("eu", "group", "ann"), ("eu", "group", "bob"), ("us", "group", "ann"), ("eu", "single", "cy"),
    ):  # fmt: skip
        at = datetime.fromisoformat("2026-03-10T08:00:00+01:00")
        send(
            event(app, at=at, type="call.minutes", user=user, region=region, kind=kind), at=at, backfill=True
        )
    roll_up_all()

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes//eu//": (2, 200), "minutes//us//": (1, 100)}
    healthy()


def test_the_worth_of_one_event_is_counted():
    """`each`: started kilobytes of every message, twice in a group: (1 + 3) × 2 + 2 = 10."""
    plain = {**MINUTES, "steps": [{"price": {"each": "0.01"}}]}
    del plain["split"]
    each = {
        "of": "value",
        "steps": [
            {"over": "1024"},
            {"round": {"to": "1", "mode": "ceil"}},
            {"times": {"pick": "kind", "cases": {"group": "2"}, "else": "1"}},
        ],
    }
    subscription = world("sum", plain, meter={"each": each}, labels={"kind": ["group", "single"]})
    report(subscription.customer, ("2026-03-10T18:00:00+01:00", "1"), kind="group")
    report(subscription.customer, ("2026-03-10T19:00:00+01:00", "2049"), kind="group")
    report(subscription.customer, ("2026-03-11T18:00:00+01:00", "1025"), kind="single")
    shown = upcoming_bill(subscription, APRIL - timedelta(hours=1))

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes////": (10, 10)}
    assert shown is not None
    assert shown.total == 10
    healthy()
    report(subscription.customer, ("2026-03-12T18:00:00+01:00", "1025"), kind="group")
    run_night(midnight(2026, 5, 1) + GRACE)
    assert Invoice.objects.latest("period_start").total == 4
    healthy()


def test_distinct_users_taken_as_distinct_are_the_frozen_count():
    plain = {**MINUTES, "steps": [{"price": {"each": "1"}}]}
    del plain["split"]
    subscription = world("unique", plain, meter={"reduce": [{"take": "distinct"}]})
    users(
        subscription,
        *((f"2026-03-1{n}T08:00:00+01:00", user) for n, user in enumerate(("ann", "bob", "ann"))),
    )

    run_night(APRIL + GRACE)

    assert lines(cycle()) == {"minutes////": (2, 200)}
    healthy()
