"""API-key sign-in for programs: `Authorization: Bearer rc_live_…`, scopes checked per view."""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from plans import clock
from plans.actor import Actor
from subscriptions.models import ApiKey
from subscriptions.secrets import digest_of, split_key

CHALLENGE = 'Bearer realm="ratecard"'
CACHE_SECONDS = 5  # a revoked key dies within this


@dataclass(frozen=True, slots=True)
class KeyPrincipal:
    """Who a request with an API key is. `customer_id` None = provider key, any app."""

    key_id: int
    public_id: str
    customer_id: int | None
    scopes: frozenset[str]

    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> str:
        """What logs and throttles name this principal by."""
        return self.public_id

    @property
    def actor(self) -> Actor:
        """The author of what this key changes."""
        return Actor(f"key:{self.public_id}")


_seen: dict[str, tuple[float, str, datetime | None, KeyPrincipal]] = {}


def principal_of(text: str, *, at: datetime) -> KeyPrincipal | None:
    """Return the principal of a key's text, None if unknown, expired or revoked.

    Found keys stay in the process for CACHE_SECONDS, so ingest pays no query for its key.
    """
    parts = split_key(text)
    if parts is None:
        return None
    prefix, secret = parts
    known = _seen.get(prefix)
    if known is None or known[0] < time.monotonic():
        known = _load(prefix)
    if known is None or not hmac.compare_digest(known[1], digest_of(secret)):
        return None
    return known[3] if known[2] is None or at < known[2] else None


def _load(prefix: str) -> tuple[float, str, datetime | None, KeyPrincipal] | None:
    key = ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True).first()
    if key is None:
        _seen.pop(prefix, None)
        return None
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now())
    found = KeyPrincipal(key.pk, key.public_id, key.customer_id, frozenset(key.scopes))
    entry = (time.monotonic() + CACHE_SECONDS, key.digest, key.expires_at, found)
    _seen[prefix] = entry
    return entry


def forget_keys() -> None:
    """Empty the process's memory of keys (a revocation in this process; tests)."""
    _seen.clear()


def authenticated(header: str) -> KeyPrincipal | None:
    """Return whose key an Authorization header holds, None when there is no header; raises
    AuthenticationFailed."""
    if not header:
        return None
    scheme, _space, text = header.partition(" ")
    found = principal_of(text.strip(), at=clock.now()) if scheme.lower() == "bearer" else None
    if found is None:
        raise exceptions.AuthenticationFailed(
            _("This API key is unknown, expired or revoked. Send: Authorization: Bearer rc_live_…")
        )
    return found


class ApiKeyAuthentication(BaseAuthentication):
    """DRF's door for keys. A wrong key is 401, a missing scope 403."""

    def authenticate(self, request: Request) -> tuple[KeyPrincipal, None] | None:
        """Return the principal, or None when no Authorization header was sent."""
        found = authenticated(request.headers.get("Authorization", ""))
        return None if found is None else (found, None)

    def authenticate_header(self, request: Request) -> str:
        """Make DRF answer 401 with this challenge."""
        return CHALLENGE
