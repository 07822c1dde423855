"""Options over spans and seats as movements: dated, refused by name, repeated without effect."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from plans.models import FeatureModule, ModuleRule
from plans.timespan import Period
from subscriptions import errors, selectors, services
from tests.factories import DECEMBER, NOVEMBER, NOW, TESTER, make_subscription

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
TRANSLATION, MODERATION = "module.translation", "module.moderation"


def rule(kind: str) -> None:
    """Translation requires or excludes moderation."""
    rows = [FeatureModule.objects.create(code=c, name_en=c, name_zh=c) for c in ("translation", "moderation")]
    ModuleRule.objects.create(module=rows[0], kind=kind, other=rows[1])


def test_an_option_is_held_from_its_instant_to_its_instant() -> None:
    made = make_subscription()
    services.add_option(made, option=TRANSLATION, at=NOW, by=TESTER)
    services.remove_option(made, option=TRANSLATION, at=NOW + DAY, by=TESTER)

    assert selectors.held_options(made, NOW - SECOND) == {}
    assert selectors.held_options(made, NOW) == {TRANSLATION: Decimal(1)}
    assert selectors.held_options(made, NOW + DAY) == {}
    ((part, row),) = selectors.add_ons_over(made, Period(NOVEMBER, DECEMBER))
    assert (part, row.option) == (Period(NOW, NOW + DAY), TRANSLATION)


def test_an_option_is_held_once_and_given_back_once() -> None:
    made = make_subscription()
    services.add_option(made, option=TRANSLATION, at=NOW, by=TESTER)

    with pytest.raises(errors.OptionAlreadyHeld):
        services.add_option(made, option=TRANSLATION, at=NOW - DAY, by=TESTER)
    services.remove_option(made, option=TRANSLATION, at=NOW, by=TESTER)
    with pytest.raises(errors.OptionNotHeld):
        services.remove_option(made, option=TRANSLATION, at=NOW, by=TESTER)
    assert not made.add_ons.exists()  # held for no time at all


def test_what_a_module_requires_comes_first_and_goes_last() -> None:
    rule("requires")
    made = make_subscription()

    with pytest.raises(errors.OptionMissing):
        services.add_option(made, option=TRANSLATION, at=NOW, by=TESTER)
    services.add_option(made, option=MODERATION, at=NOW, by=TESTER)
    services.add_option(made, option=TRANSLATION, at=NOW, by=TESTER)
    with pytest.raises(errors.OptionMissing):
        services.remove_option(made, option=MODERATION, at=NOW + DAY, by=TESTER)


def test_modules_that_exclude_each_other_are_not_held_together() -> None:
    rule("excludes")

    with pytest.raises(errors.OptionsExclude) as refused:
        make_subscription(options={TRANSLATION: Decimal(1), MODERATION: Decimal(1)})
    assert str(refused.value) == f"“{TRANSLATION}” and “{MODERATION}” cannot be held together."


def test_seats_are_the_sum_of_movements() -> None:
    made = make_subscription(seats=5)
    services.change_seats(made, delta=3, at=NOW, by=TESTER, key="a")
    services.change_seats(made, delta=3, at=NOW, by=TESTER, key="a")
    services.change_seats(made, delta=-2, at=NOW + DAY, by=TESTER)

    assert [selectors.seats_at(made, at) for at in (NOW - SECOND, NOW, NOW + DAY)] == [5, 8, 6]
    with pytest.raises(errors.KeyReused):
        services.change_seats(made, delta=4, at=NOW, by=TESTER, key="a")


def test_seats_never_fall_below_none_not_even_later() -> None:
    made = make_subscription(seats=5)
    services.change_seats(made, delta=-4, at=NOW + DAY, by=TESTER)

    with pytest.raises(errors.SeatsBelowZero):
        services.change_seats(made, delta=-2, at=NOW, by=TESTER)
    services.change_seats(made, delta=-1, at=NOW, by=TESTER)
    assert selectors.seats_at(made, NOW + DAY) == 0


def test_nothing_changes_outside_the_agreement() -> None:
    made = make_subscription(at=datetime(2026, 9, 1, tzinfo=UTC))
    end = services.cancel_at_period_end(made, at=datetime(2026, 9, 2, tzinfo=UTC), by=TESTER).span.upper

    with pytest.raises(errors.NotLive):
        services.add_option(made, option=TRANSLATION, at=end, by=TESTER)
    with pytest.raises(errors.NotLive):
        services.change_seats(made, delta=1, at=end, by=TESTER)
    with pytest.raises(errors.NotLive):
        services.cancel_at_period_end(made, at=end, by=TESTER)
    with pytest.raises(errors.NotLive):
        services.undo_cancel(made, at=end, by=TESTER)
