"""Agreements to the codes of the apps they are about, for doors that name agreements."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q

from subscriptions.models import App, Subscription
from subscriptions.selectors import live_subscriptions


def app_codes(public_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the codes of the apps in use that each subscription (public id) covers, if it is known."""
    covers = Q(customer__subscriptions__app__isnull=True) | Q(customer__subscriptions__app=F("pk"))
    rows = App.objects.filter(covers, customer__subscriptions__public_id__in=list(public_ids))
    found: dict[str, list[str]] = {}
    pairs = rows.filter(archived_at__isnull=True).values_list("customer__subscriptions__public_id", "code")
    for public_id, code in pairs.order_by("code"):
        found.setdefault(public_id, []).append(code)
    return found


def subscription_covering(name: str, at: datetime) -> Subscription | None:
    """Return the agreement in force at `at` that a name leads to: its id, or the code of an app it covers.

    An agreement of the app itself comes before one for all apps of its customer.
    """
    if "\0" in name:
        return None
    live = live_subscriptions(at)
    if (own := live.filter(public_id=name).first()) is not None:
        return own
    app = App.objects.filter(code=name).first()
    if app is None:
        return None
    covering = live.filter(Q(app=app) | Q(app__isnull=True, customer=app.customer_id))
    return covering.order_by(F("app").asc(nulls_last=True), "-created_at").first()
