"""What the entitlement tests start from: one plan of the small catalogue below, an app, and the door."""

import json
from datetime import UTC, datetime
from typing import Any

from plans.models import PlanVersion
from subscriptions.models import App, Subscription
from tests.factories import NOVEMBER, load_text, make_app, make_customer, make_subscription
from tests.usage.world import Door, event, send

CATALOGUE = """\
meters:
  - {code: messages, names: {en: Messages, zh-Hans: 消息}, kind: sum, unit: each, event_type: message.sent}
  - {code: sends, names: {en: Sends, zh-Hans: 发送}, kind: count, unit: events, event_type: message.sent}
  - {code: peak, names: {en: Peak, zh-Hans: 峰值}, kind: gauge, unit: connections, event_type: message.sent}
  - {code: users, names: {en: Users, zh-Hans: 用户}, kind: unique, unit: users, event_type: message.sent}
features:
  - {code: quota, names: {en: Messages, zh-Hans: 消息}, type: allowance, meter: messages, unit: messages}
  - {code: sends_quota, names: {en: Sends, zh-Hans: 发送}, type: allowance, meter: sends}
  - {code: peak_quota, names: {en: Peak, zh-Hans: 峰值}, type: allowance, meter: peak}
  - {code: users_quota, names: {en: Users, zh-Hans: 用户}, type: allowance, meter: users}
  - {code: group_size, names: {en: Group, zh-Hans: 群}, type: number}
  - {code: translation, names: {en: Translation, zh-Hans: 翻译}, type: switch}
  - {code: hours, names: {en: Hours, zh-Hans: 时段}, type: text, choices: [office, always]}
  - {code: audit, names: {en: Audit, zh-Hans: 审计}, type: switch}
modules:
  - code: more
    names: {en: More, zh-Hans: 更多}
    features: {quota: 50, group_size: 500, translation: true, hours: always}
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+00:00
        modules: [more]
        features: {more: latest}
        entitlements:
          {quota: 100, sends_quota: 100, peak_quota: 100, users_quota: 3,
           group_size: 200, translation: false, hours: office}
        quotas: QUOTAS
        terms: {currency: USD}
"""
NOTIFY = "{}"
STOP = (
    "{quota: {at_limit: stop, grace: 10}, sends_quota: {at_limit: stop}, peak_quota: {at_limit: stop},"
    " users_quota: {at_limit: stop}}"
)


def growth(quotas: str = NOTIFY) -> PlanVersion:
    """Load the catalogue and return its one version."""
    load_text(CATALOGUE.replace("QUOTAS", quotas))
    return PlanVersion.objects.get()


def subscribed(quotas: str = NOTIFY, *, zone: str = "UTC", at: datetime = NOVEMBER, **more: Any) -> App:
    """Return an app whose customer has subscribed (for all apps) since 1 November."""
    app = make_app(make_customer(billing_zone=zone))
    make_subscription(app.customer, growth(quotas), at=at, **more)
    return app


def agreement_of(app: App) -> Subscription:
    """Return the customer's only agreement."""
    return Subscription.objects.get(customer=app.customer)


def check(app: App, feature: str = "quota", door: Door | None = None) -> dict[str, Any]:
    """Ask the door about one feature of an app."""
    answer = (door or Door()).get(f"/api/v1/entitlements/{feature}", app=app.code)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = json.loads(answer.content)
    return body


def use(app: App, *values: str, at: datetime = datetime(2026, 11, 18, 12, tzinfo=UTC), **data: Any) -> None:
    """Report one event for each value, within November."""
    outcome = send(*(event(app, at=at, value=value, **{"user": "u1", **data}) for value in values))
    assert not outcome.rejected
