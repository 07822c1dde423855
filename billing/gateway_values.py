"""What the gateway answers with: frozen values, so no other module sees an object of the SDK."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """An object at Stripe: its id, and what we keep of it."""

    stripe_id: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StripePayment:
    """One payment of an invoice that succeeded. `provider_id` names the charge."""

    provider_id: str
    amount: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class StripeFailure:
    """Why the last try to collect did not pay."""

    provider_id: str
    outcome: str  # declined, requires_action or failed
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StripeInvoice:
    """An invoice as it stands at Stripe now."""

    id: str
    status: str
    total: int
    currency: str
    number: str
    metadata: Mapping[str, str]
    livemode: bool
    hosted_url: str
    attempt_count: int
    paid_at: datetime | None
    off_stripe: int  # minor units marked as paid outside Stripe
    payments: tuple[StripePayment, ...]
    failure: StripeFailure | None


@dataclass(frozen=True, slots=True)
class StripeCard:
    """A card as much as a person needs to recognise it."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class CheckoutOutcome:
    """How far a hosted add-a-card page has come."""

    customer: str
    complete: bool
    card: StripeCard | None


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """A webhook whose signature is good."""

    id: str
    type: str
    object_id: str
    livemode: bool
    api_version: str
    created: datetime
    body: str
