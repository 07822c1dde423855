"""Faults of the roll-up that no other test bears by name (docs/faults.md lists where each one is tested)."""

from datetime import UTC, datetime, timedelta

import pytest

from plans.timespan import Period
from tests.factories import NOW, make_app, make_customer, make_subscription
from tests.usage.world import an_app, event, make_meter, send
from usage import services
from usage.models import UsageRollup

pytestmark = pytest.mark.django_db


def test_B03_a_day_that_was_empty_counts_its_late_events_and_no_others() -> None:
    make_meter()
    app = an_app()
    days = [f"2026-11-{day}T10:00:00Z" for day in (17, 18, 19)]
    send(event(app, at=days[0], value="1"), event(app, at=days[2], value="4"))
    services.roll_up_all()
    send(event(app, at=days[1], value="2"))
    services.roll_up_all()

    cells = UsageRollup.objects.order_by("cell_start").values_list("sum", flat=True)
    assert [int(one) for one in cells] == [1, 2, 4]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"])
def test_B05_an_event_at_a_period_s_end_belongs_to_the_next_alone(zone: str) -> None:
    make_meter()
    customer = make_customer(billing_zone=zone)
    app = make_app(customer)
    subscription = make_subscription(customer)
    end = datetime(2026, 11, 19, 13, 7, 0, 1, tzinfo=UTC)  # no midnight anywhere: cut from the events
    before, after = Period(end - timedelta(days=3), end), Period(end, end + timedelta(hours=9))
    tick = timedelta(microseconds=1)
    send(
        event(app, at=end - tick, value="1"),
        event(app, at=end, value="2"),
        event(app, at=end + tick, value="4"),
    )
    services.roll_up_all()

    def figure(period: Period) -> list[int]:
        made = services.freeze(subscription=subscription, period=period, meters=["messages"], at=NOW)
        return [int(reading.value) for reading in made]

    assert (figure(before), figure(after)) == ([1], [6])


def test_B12_a_small_customer_waits_for_no_more_than_came_before_it_in_bounded_passes() -> None:
    make_meter()
    huge, small = an_app(), an_app()
    for _batch in range(4):
        send(*[event(huge) for _ in range(200)])
    send(event(small))
    for _batch in range(4):
        send(*[event(huge) for _ in range(200)])

    passes = 0
    while not UsageRollup.objects.filter(app=small).exists():
        assert services.roll_up(limit=300) > 0
        passes += 1

    assert passes == 4  # each of one batch of the huge one; the last takes the small one's with it
    assert UsageRollup.objects.get(app=huge).count == 800  # what the huge one sent later still waits
