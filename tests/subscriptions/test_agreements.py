"""Starting and ending agreements: what is stored, what is refused, and what a repeat does."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from subscriptions import errors, selectors, services
from subscriptions.models import Subscription
from tests.factories import NOVEMBER, NOW, TESTER, make_app, make_customer, make_subscription, make_version

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def test_an_agreement_begins_at_the_local_midnight_of_its_first_day() -> None:
    customer = make_customer(billing_zone="Asia/Shanghai")

    made = make_subscription(customer, at=datetime(2026, 11, 20, 17, 30, tzinfo=UTC))

    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)  # 21 November in Shanghai
    assert (made.anchor, made.span.lower, made.span.upper) == (midnight, midnight, None)
    assert [phase.span.lower for phase in made.phases.all()] == [midnight]
    assert selectors.phase_at(made, midnight) == made.phases.get()
    assert selectors.phase_at(made, midnight - SECOND) is None


def test_options_and_seats_are_held_from_the_first_instant() -> None:
    made = make_subscription(options={"sla.gold": Decimal(1), "module.translation": Decimal(10)}, seats=5)

    assert selectors.held_options(made, made.anchor) == {
        "module.translation": Decimal(10),
        "sla.gold": Decimal(1),
    }
    assert str(selectors.held_options(made, NOW)["module.translation"]) == "10"
    assert selectors.seats_at(made, made.anchor) == 5
    assert selectors.seats_at(made, made.anchor - SECOND) == 0


def test_a_repeated_request_returns_the_first_agreement() -> None:
    customer, version = make_customer(), make_version()

    first = make_subscription(customer, version, key="form-1", seats=3)
    again = make_subscription(customer, version, key="form-1", seats=3, at=NOW)

    assert again.pk == first.pk
    assert Subscription.objects.count() == 1
    assert selectors.seats_at(first, NOW) == 3
    with pytest.raises(errors.KeyReused):
        make_subscription(customer, make_version(), key="form-1")


def test_c19_a_currency_the_plan_does_not_sell_is_refused() -> None:
    with pytest.raises(errors.CurrencyNotOffered):
        make_subscription(make_customer(currency="JPY"))


def test_a_second_agreement_of_the_family_is_refused_by_name() -> None:
    customer = make_customer()
    make_subscription(customer)

    with pytest.raises(errors.AlreadySubscribed):
        make_subscription(customer)
    with pytest.raises(errors.AlreadySubscribed):  # its usage would be counted twice
        make_subscription(customer, app=make_app(customer))


def test_two_apps_have_an_agreement_each() -> None:
    customer = make_customer()
    one, two = make_app(customer), make_app(customer)

    first = make_subscription(customer, app=one)
    make_subscription(customer, app=two)

    assert list(selectors.scope_apps(first)) == [one]
    with pytest.raises(errors.AlreadySubscribed):
        make_subscription(customer)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"module.unheard": Decimal(1)}, errors.OptionNotOffered),
        ({"sla.gold": Decimal(0)}, errors.OptionQuantity),
        ({"sla.gold": Decimal("NaN")}, errors.OptionQuantity),
        ({"sla.gold": Decimal(1), "sla.silver": Decimal(1)}, errors.OneTierOnly),
    ],
)
def test_options_that_are_not_sold_or_do_not_go_together_are_refused(
    options: dict[str, Decimal], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make_subscription(options=options)

    assert not Subscription.objects.exists()


def test_a_version_is_only_sold_while_it_is_on_sale() -> None:
    version = make_version(effective_at=NOVEMBER)

    with pytest.raises(errors.VersionNotOnSale):
        make_subscription(version=version, at=NOVEMBER - SECOND)


def test_p11_a_cancelled_agreement_runs_to_its_paid_end_exactly() -> None:
    made = make_subscription(options={"sla.gold": Decimal(1)}, at=datetime(2026, 1, 31, tzinfo=UTC))

    services.cancel_at_period_end(made, at=datetime(2026, 2, 10, tzinfo=UTC), by=TESTER)
    made.refresh_from_db()

    end = datetime(2026, 2, 28, tzinfo=UTC)
    assert made.span.upper == end
    assert made.phases.get().span.upper == end
    assert list(selectors.live_subscriptions(end - SECOND)) == [made]
    assert not selectors.live_subscriptions(end)
    assert selectors.held_options(made, end) == {}


def test_an_annual_agreement_ends_with_its_year() -> None:
    made = make_subscription(term="annual", at=datetime(2028, 2, 29, tzinfo=UTC))

    ended = services.cancel_at_period_end(made, at=datetime(2028, 6, 1, tzinfo=UTC), by=TESTER)

    assert ended.span.upper == datetime(2029, 2, 28, tzinfo=UTC)


def test_a_cancellation_repeats_without_effect_and_can_be_taken_back() -> None:
    made = make_subscription()
    first = services.cancel_at_period_end(made, at=NOW, by=TESTER)
    again = services.cancel_at_period_end(made, at=NOW + SECOND, by=TESTER)
    assert (again.span, again.cancelled_at) == (first.span, NOW)

    back = services.undo_cancel(made, at=NOW, by=TESTER)

    assert (back.span.upper, back.cancelled_at) == (None, None)
    assert back.phases.get().span.upper is None
    with pytest.raises(errors.NotCancelled):
        services.undo_cancel(made, at=NOW, by=TESTER)


def test_after_the_end_a_new_agreement_may_begin_on_the_same_day() -> None:
    customer = make_customer(billing_zone="Asia/Shanghai")
    old = make_subscription(customer, at=datetime(2026, 9, 30, 16, tzinfo=UTC))
    end = services.cancel_at_period_end(old, at=NOVEMBER - timedelta(hours=9), by=TESTER).span.upper

    new = make_subscription(customer, at=end + timedelta(hours=3))

    assert end == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert new.span.lower == end == new.anchor
