"""What deserves a second look about paying for a year at once."""

from decimal import Decimal

from django.utils.translation import gettext

from billing.annual import odd_savings
from plans.errors import DomainError
from plans.money import to_multiple
from plans.templatetags.figures import quantity
from plans.terms import Terms

TENTH = Decimal("0.1")


def odd_years(terms: Terms) -> list[str]:
    """Return a sentence for each currency whose annual discount is outside 15 to 30 %."""
    try:
        found = odd_savings(terms)
    except DomainError:  # what cannot be rated is said elsewhere on the page
        return []
    text = gettext("In %(currency)s a year saves %(percent)s %%. 15 to 30 %% is usual.")
    return [
        text % {"currency": code, "percent": quantity(to_multiple(share, TENTH))} for code, share in found
    ]
