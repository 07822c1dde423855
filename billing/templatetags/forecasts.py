"""How the running period may come out, for pages of apps to the left of billing."""

from datetime import datetime
from decimal import Decimal

from django import template

from billing.selectors_forecast import CliffNear, Forecast, forecast
from plans.errors import DomainError
from plans.money import to_multiple
from plans.templatetags.figures import money, quantity
from subscriptions.models import Subscription

register = template.Library()
PLACES = Decimal("0.01")


@register.simple_tag
def bill_forecast(subscription: Subscription, at: datetime) -> Forecast | None:
    """Return the forecast of the next bill; None where it cannot be rated, as its own page will tell."""
    try:
        return forecast(subscription, at)
    except DomainError:
        return None


@register.filter
def about(value: Decimal) -> str:
    """Write a forecast quantity: whole units where it is large, two places where it is small."""
    step = Decimal(1) if value >= 100 else PLACES
    return quantity(to_multiple(value, step, "half_up"))


@register.filter
def jump_of(cliff: CliffNear) -> str:
    """Write what the next unit beyond the edge costs more."""
    return f"+ {money(cliff.jump, cliff.currency)}"
