"""Agreements to the codes of the apps they are about, for doors that name agreements."""

from collections.abc import Collection

from django.db.models import F, Q

from subscriptions.models import App


def app_codes(public_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the codes of the apps in use that each subscription (public id) covers, if it is known."""
    covers = Q(customer__subscriptions__app__isnull=True) | Q(customer__subscriptions__app=F("pk"))
    rows = App.objects.filter(covers, customer__subscriptions__public_id__in=list(public_ids))
    found: dict[str, list[str]] = {}
    pairs = rows.filter(archived_at__isnull=True).values_list("customer__subscriptions__public_id", "code")
    for public_id, code in pairs.order_by("code"):
        found.setdefault(public_id, []).append(code)
    return found
