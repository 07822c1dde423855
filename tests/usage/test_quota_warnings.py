"""Warnings of allowances: once per period and share, however often the pass runs; again after a renewal."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from plans.models import FeatureModule
from plans.timespan import Period
from subscriptions import services as agreements
from tests.factories import DECEMBER, NOVEMBER, NOW, TESTER
from tests.usage.quota_world import NOTIFY, STOP, agreement_of, subscribed, use
from usage.models import QuotaWarning
from usage.selectors_quotas import highest_of
from usage.services import roll_up_all, watch_all_quotas, watch_quotas

pytestmark = pytest.mark.django_db


def noticed(feature: str = "quota") -> list[tuple[int, str, bool]]:
    rows = QuotaWarning.objects.filter(feature__code=feature).order_by("period_start", "percent")
    return [(one.percent, format(one.used.normalize(), "f"), one.stops) for one in rows]


SHARES = [
    (NOTIFY, "79.99", []),
    (NOTIFY, "80", [(80, "80", False)]),
    (NOTIFY, "250", [(80, "250", False), (100, "250", False)]),
    (STOP, "100", [(80, "100", False), (100, "100", False)]),
    (STOP, "110", [(80, "110", False), (100, "110", False), (110, "110", True)]),
    ("{quota: {at_limit: stop, warn_at: []}}", "100", [(100, "100", True)]),  # where it stops is always told
    ("{quota: {warn_at: [50, 300]}}", "299", [(50, "299", False)]),
    ("{quota: {warn_at: []}}", "900", []),
]


@pytest.mark.parametrize(("quotas", "value", "expected"), SHARES)
def test_each_share_that_is_reached_is_noticed_once(quotas: str, value: str, expected: object) -> None:
    app = subscribed(quotas)
    use(app, value)
    roll_up_all()

    for _again in range(3):
        watch_quotas(at=NOW)
        watch_all_quotas(at=NOW)
    assert noticed() == expected


@pytest.mark.parametrize("feature", ["sends_quota", "peak_quota", "users_quota"])
def test_every_kind_of_meter_is_watched(feature: str) -> None:
    app = subscribed(
        "{sends_quota: {warn_at: [3]}, peak_quota: {warn_at: [3]}, users_quota: {warn_at: [100]}}"
    )
    for user in ("u1", "u2", "u3"):
        use(app, "3", user=user)
    roll_up_all()
    watch_quotas(at=NOW)

    assert [used for _percent, used, _stops in noticed(feature)] == ["3"]


def test_a_renewal_arms_the_warnings_again() -> None:
    app = subscribed()
    use(app, "90")
    roll_up_all()
    watch_all_quotas(at=NOW)
    watch_all_quotas(at=DECEMBER)
    assert len(noticed()) == 1

    use(app, "85", at=NOW + timedelta(minutes=1))
    roll_up_all()  # still November's
    watch_all_quotas(at=NOW)
    assert [percent for percent, *_ in noticed()] == [80, 100]


def test_a_higher_limit_takes_no_warning_back_and_repeats_none() -> None:
    app = subscribed(options={})
    use(app, "80")
    roll_up_all()
    watch_quotas(at=NOW)
    agreements.add_option(agreement_of(app), option="module.more", at=NOW, by=TESTER)  # 150 from now on
    use(app, "45")
    roll_up_all()
    watch_quotas(at=NOW)

    assert noticed() == [(80, "80", False)]


def test_what_is_unlimited_zero_or_over_warns_of_nothing() -> None:
    app = subscribed(options={"module.more": Decimal(1)})
    FeatureModule.objects.update(grants={"quota": "unlimited"})
    use(app, "900")
    roll_up_all()
    agreements.cancel_at_period_end(agreement_of(app), at=NOW, by=TESTER)

    watch_all_quotas(at=NOW)
    watch_all_quotas(at=DECEMBER)
    assert noticed() == []


def test_the_page_shows_the_highest_share_of_each_allowance() -> None:
    app = subscribed(STOP)
    use(app, "110")
    roll_up_all()
    watch_quotas(at=NOW)

    shown = highest_of(agreement_of(app), Period(NOVEMBER, DECEMBER))
    assert {(one.feature.code, one.percent) for one in shown} == {("quota", 110), ("peak_quota", 100)}
    assert highest_of(agreement_of(app), Period(datetime(2026, 10, 1, tzinfo=UTC), NOVEMBER)) == []
