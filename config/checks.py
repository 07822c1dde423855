"""Boot checks with ids: what must never be started."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def stripe_mode(**_: Any) -> list[CheckMessage]:
    """Refuse a live key on a debug server, or together with an address that is not Stripe's."""
    if not settings.STRIPE_API_KEY.startswith(("sk_live_", "rk_live_")):
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(
            Error(
                "A live Stripe key with RATECARD_DEBUG=1.",
                hint="Use a test key, or unset RATECARD_DEBUG.",
                id="ratecard.E001",
            )
        )
    if settings.STRIPE_API_BASE:
        found.append(
            Error(
                "A live Stripe key with STRIPE_API_BASE.", hint="Unset STRIPE_API_BASE.", id="ratecard.E003"
            )
        )
    return found


@register()
def staff_mfa(**_: Any) -> list[CheckMessage]:
    """Staff sign in with a second factor everywhere but on a development machine."""
    if settings.DEBUG or settings.STAFF_MFA:
        return []
    return [
        Error(
            "RATECARD_STAFF_MFA is off outside DEBUG.", hint="Unset RATECARD_STAFF_MFA.", id="ratecard.E002"
        )
    ]
