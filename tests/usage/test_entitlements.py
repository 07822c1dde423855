"""`GET /api/v1/entitlements`: what each kind of feature answers, by which policy, to whom."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from plans.models import FeatureModule
from subscriptions import services as agreements
from tests.factories import (
    DECEMBER,
    NOW,
    TESTER,
    make_app,
    make_subscription,
)
from tests.usage.quota_world import NOTIFY, STOP, agreement_of, check, growth, subscribed, use
from tests.usage.world import Door
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
MORE = {"module.more": Decimal(2)}


def said(answer: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(answer[name] for name in names)


KINDS = [
    ({}, "group_size", (True, "granted", "number", "200", "200")),
    ({}, "translation", (False, "switched_off", "switch", "false", None)),
    ({}, "hours", (True, "granted", "text", "office", None)),
    ({}, "quota", (True, "within_limit", "allowance", "100", "100")),
    ({}, "audit", (False, "not_granted", "switch", None, None)),
    (MORE, "group_size", (True, "granted", "number", "500", "500")),  # the highest
    (MORE, "translation", (True, "granted", "switch", "true", None)),  # one is on
    (MORE, "hours", (True, "granted", "text", "always", None)),  # the module's
    (MORE, "quota", (True, "within_limit", "allowance", "200", "200")),  # 100 + 2 x 50
]


@pytest.mark.parametrize(("options", "feature", "expected"), KINDS)
def test_each_kind_says_what_plan_and_modules_grant(options: Any, feature: str, expected: Any) -> None:
    app = subscribed(options=options)

    assert said(check(app, feature), "has_access", "reason", "kind", "value", "limit") == expected


POLICIES = [
    (NOTIFY, "80", (True, "within_limit", "80", "20", "0", None)),
    (NOTIFY, "100", (True, "within_limit", "100", "0", "0", None)),
    (NOTIFY, "100.5", (True, "over_limit", "100.5", "0", "0.5", None)),
    (STOP, "100", (True, "within_limit", "100", "0", "0", "110")),
    (STOP, "109.999", (True, "in_grace", "109.999", "0", "9.999", "110")),
    (STOP, "110", (False, "limit_reached", "110", "0", "10", "110")),
    (STOP, "500", (False, "limit_reached", "500", "0", "400", "110")),
    ("{quota: {at_limit: stop}}", "99", (True, "within_limit", "99", "1", "0", "100")),
    ("{quota: {at_limit: stop}}", "100", (False, "limit_reached", "100", "0", "0", "100")),
]


@pytest.mark.parametrize(("quotas", "value", "expected"), POLICIES)
def test_a_quota_warns_or_stops_at_its_limit(quotas: str, value: str, expected: Any) -> None:
    app = subscribed(quotas)
    use(app, value)
    roll_up_all()

    names = ("has_access", "reason", "used", "remaining", "overage", "stops_at")
    assert said(check(app), *names) == expected


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize(
    ("feature", "expected"),
    [("quota", "12"), ("sends_quota", "3"), ("peak_quota", "9"), ("users_quota", "2")],
)
def test_a_stop_counts_what_is_stored_whether_folded_or_not(
    feature: str, expected: str, folded: bool
) -> None:
    app = subscribed(STOP)
    use(app, "1", "2", user="u1")
    if folded:
        roll_up_all()
    use(app, "9", user="u2", at=datetime(2026, 11, 19, tzinfo=UTC))
    use(make_app(), "7")  # another customer's

    assert check(app, feature)["used"] == expected


def test_peaks_and_users_of_several_apps_are_taken_per_app_and_added() -> None:
    app = subscribed(STOP)
    other = make_app(app.customer)
    use(app, "4", user="u1")
    roll_up_all()
    use(app, "3", user="u1")
    use(other, "5", user="u1")

    assert (check(app, "peak_quota")["used"], check(other, "users_quota")["used"]) == ("9", "2")


def test_what_only_warns_says_up_to_when_it_is_counted() -> None:
    app = subscribed()
    use(app, "5", user="u1")
    before = check(app)
    roll_up_all()
    after = check(app)

    assert (before["used"], after["used"]) == ("0", "5")
    assert before["as_of"] != after["as_of"] == "2026-11-20T03:14:15Z"


def test_usage_outside_the_period_is_of_another_one(settings: Any) -> None:
    app = subscribed(STOP, zone="Asia/Shanghai", at=datetime(2026, 11, 10, 3, tzinfo=UTC))
    edge = datetime(2026, 11, 9, 16, tzinfo=UTC)  # midnight of the 10th in Shanghai
    use(app, "1", at=edge - timedelta(seconds=1))
    use(app, "2", at=edge)
    expected = ("2", "2026-12-09T16:00:00Z")

    assert said(check(app), "used", "resets_at") == expected
    roll_up_all()
    assert said(check(app), "used", "resets_at") == expected


# -- a story over time: each instant is read through the clock ---

_at = NOW


def moving_now() -> datetime:
    """The instant the door reads in the stories below."""
    return _at


def at(settings: Any, instant: datetime) -> None:
    global _at
    _at = instant
    settings.RATECARD_CLOCK = "tests.usage.test_entitlements.moving_now"


def test_a_renewal_starts_a_new_allowance(settings: Any) -> None:
    app = subscribed(STOP)
    use(app, "110")
    assert said(check(app), "has_access", "used", "resets_at") == (False, "110", "2026-12-01T00:00:00Z")

    at(settings, DECEMBER)
    assert said(check(app), "has_access", "used", "resets_at") == (True, "0", "2027-01-01T00:00:00Z")
    at(settings, NOW)  # and a look back finds November again
    assert check(app)["used"] == "110"


def test_an_option_counts_from_the_instant_it_is_held(settings: Any) -> None:
    app = subscribed()
    later = NOW + timedelta(hours=1)
    agreements.add_option(agreement_of(app), option="module.more", at=later, by=TESTER)
    assert check(app)["limit"] == "100"

    at(settings, later)
    assert check(app)["limit"] == "150"
    agreements.remove_option(agreement_of(app), option="module.more", at=later, by=TESTER)
    assert check(app)["limit"] == "100"


def test_P11_rights_last_to_the_end_exactly(settings: Any) -> None:
    app = subscribed()
    agreements.cancel_at_period_end(agreement_of(app), at=NOW, by=TESTER)

    at(settings, DECEMBER - timedelta(microseconds=1))
    assert said(check(app), "has_access", "reason") == (True, "within_limit")
    at(settings, DECEMBER)
    assert said(check(app), "has_access", "reason", "limit", "used") == (False, "ended", None, None)


def test_an_agreement_to_come_says_so(settings: Any) -> None:
    app = subscribed(at=NOW)

    at(settings, NOW - timedelta(days=3))
    assert said(check(app), "has_access", "reason") == (False, "not_started")


def test_a_module_whose_features_flow_changes_what_is_granted_at_once() -> None:
    app = subscribed(options=MORE)
    assert check(app, "group_size")["limit"] == "500"

    FeatureModule.objects.update(grants={"group_size": "900"})
    assert check(app, "group_size")["limit"] == "900"


def test_a_suspended_customer_has_no_access_and_one_in_grace_has() -> None:
    app = subscribed()
    for standing, expected in (("grace", (True, "within_limit")), ("suspended", (False, "suspended"))):
        agreements.set_standing(app.customer, standing=standing, at=NOW, by=TESTER)
        assert said(check(app), "has_access", "reason") == expected


def test_an_apps_own_agreement_stands_beside_the_one_for_all_apps() -> None:
    app = subscribed()
    other = make_app(app.customer)
    plan = agreement_of(app).phases.get().plan_version.plan
    plan.family = "rtc"  # so that both agreements can be live
    plan.save()
    make_subscription(app.customer, agreement_of(app).phases.get().plan_version, app=app, options=MORE)

    assert (check(app)["limit"], check(other)["limit"]) == ("200", "100")
    own = Door().get("/api/v1/entitlements", customer=app.customer.public_id).json()["data"]
    assert [(one["app"], one["limit"]) for one in own if one["feature"] == "quota"] == [
        (None, "100"),
        (app.code, "200"),
    ]


def test_without_an_agreement_there_is_no_access() -> None:
    growth()
    app = make_app()

    assert said(check(app), "has_access", "reason") == (False, "no_subscription")
    assert Door().get("/api/v1/entitlements", app=app.code).json() == {"data": []}


def test_an_unlimited_allowance_has_no_limit() -> None:
    app = subscribed(options=MORE)
    FeatureModule.objects.update(grants={"quota": "unlimited"})
    use(app, "1000")
    roll_up_all()

    names = ("has_access", "reason", "limit", "used", "remaining")
    assert said(check(app), *names) == (True, "unlimited", None, "1000", None)


def test_a_limit_beyond_all_counting_is_none() -> None:
    app = subscribed("{quota: {at_limit: stop, grace: 1000}}", options={"module.more": Decimal(10**11)})
    FeatureModule.objects.update(grants={"quota": "999999999999999", "hours": "always " * 20})

    assert said(check(app), "has_access", "reason", "limit", "stops_at") == (True, "unlimited", None, None)
    assert check(app, "hours")["value"] == "always " * 20
