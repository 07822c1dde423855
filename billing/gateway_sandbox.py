"""The controls of our Stripe stand-in. Real Stripe has none, so nothing here runs against it."""

import json
from datetime import datetime
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings

from billing.errors import GatewayUnclear


def in_sandbox() -> bool:
    """Return whether we talk to our stand-in: its fixed key, at an address that is not Stripe's."""
    return bool(settings.STRIPE_API_BASE) and settings.STRIPE_API_KEY == settings.STRIPE_SANDBOX_KEY


def set_sandbox_clock(at: datetime) -> None:
    """Make `at` the stand-in's now, so that its dates and retries follow business time."""
    _control("clock", {"now": int(at.timestamp())})


def drain_sandbox(seconds: int = 10) -> int:
    """Wait until the stand-in has delivered its webhooks; return how many it could not."""
    return int(_control("drain", {"timeout": seconds}).get("pending", 0))


def _control(word: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(  # noqa: S310 — the address is a setting
        f"{settings.STRIPE_API_BASE}/_sandbox/{word}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urlopen(request, timeout=settings.STRIPE_TIMEOUT_SECONDS + 10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except (URLError, TimeoutError) as error:
        raise GatewayUnclear(reason="sandbox") from error
