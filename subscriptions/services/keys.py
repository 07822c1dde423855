"""API keys: the text is shown once, its digest is kept."""

from collections.abc import Collection
from datetime import datetime

from plans.actor import Actor
from plans.history import changes
from subscriptions.auth import forget_keys
from subscriptions.errors import ExpiryPast, ScopeNotAllowed
from subscriptions.models import ApiKey, Customer
from subscriptions.models.keys import CUSTOMER_SCOPES, PROVIDER_SCOPES
from subscriptions.secrets import make_key


def create_api_key(
    *,
    customer: Customer | None = None,
    name: str,
    scopes: Collection[str],
    at: datetime,
    by: Actor,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which exists nowhere else afterwards.

    No customer = a provider key (any app; may write). A customer's key only reads: ScopeNotAllowed.
    """
    possible = [scope.value for scope in (PROVIDER_SCOPES if customer is None else CUSTOMER_SCOPES)]
    wrong = sorted(set(scopes) - set(possible))
    if wrong or not scopes:
        raise ScopeNotAllowed(scopes=", ".join(wrong) or "–", possible=", ".join(possible))
    if expires_at is not None and expires_at <= at:
        raise ExpiryPast
    fresh = make_key()
    with changes(by):
        key = ApiKey.objects.create(
            customer=customer,
            name=name,
            prefix=fresh.prefix,
            digest=fresh.digest,
            scopes=[scope for scope in possible if scope in scopes],
            created_by=by.id,
            expires_at=expires_at,
        )
    return key, fresh.text


def revoke_api_key(key: ApiKey, *, at: datetime, by: Actor) -> ApiKey:
    """End a key: at once in this process, within seconds in the others. A repeat keeps the first date."""
    with changes(by):
        ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at)
        key.refresh_from_db()
    forget_keys()
    return key
