"""What a customer may use now, for façades: the answers of our own access check, one for each feature."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from subscriptions.models import App, Customer
from usage.entitlement import UNLIMITED, decide
from usage.selectors_entitlements import Asked, find
from usage.services import rebuild_entitlements

__all__ = ["UNLIMITED", "Entitled", "entitled"]


@dataclass(frozen=True, slots=True)
class Entitled:
    """One feature: `value` as granted, None when it is not; `limit` and `used` where they are counted."""

    feature: str
    kind: str
    has_access: bool
    value: str | None
    limit: Decimal | None = None
    used: Decimal | None = None


def entitled(
    customer: Customer, app: App | None, at: datetime, only: str | None = None
) -> dict[str, Entitled]:
    """Return by feature what is granted now to an app, or to a customer: there the app with access speaks."""
    asked = Asked(app.code if app else None, None if app else customer.public_id, None, only)
    found = find(asked, at)
    if found is not None and not found.is_fresh:
        rebuild_entitlements(found.customer_id, at=at)
        found = find(asked, at)
    told: dict[str, Entitled] = {}
    for answer in map(decide, found.facts if found else ()):
        one = _entitled(answer)
        if one.value is not None and (one.feature not in told or not told[one.feature].has_access):
            told[one.feature] = one
    return told


def _entitled(answer: dict[str, Any]) -> Entitled:
    limit, used = (None if answer[name] is None else Decimal(answer[name]) for name in ("limit", "used"))
    return Entitled(answer["feature"], answer["kind"], answer["has_access"], answer["value"], limit, used)
