"""What quotes refuse, by code."""

# ruff: noqa: N818 — refusals are named as sentences, like every DomainError of the house.

from collections.abc import Sequence

from billing.errors import BillingError
from billing.quote_request import Fault
from plans.errors import _


class QuoteInvalid(BillingError):
    """A request with at least one field that is not right; all of them are in `errors`."""

    code = "quote_invalid"
    text = _("The quote cannot be made: %(first)s (problems in all: %(count)s)")

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(first=faults[0].detail, count=len(faults))
        self.faults = list(faults)
        self.errors = [one.fields for one in faults]


class OtherRequest(BillingError):
    """The same Idempotency-Key with another request."""

    code = "key_reused"
    text = _("This request key was used for a different request. Send a new key.")


class QuoteExpired(BillingError):
    """Accepting after its date."""

    code = "quote_expired"
    http_status = 409
    text = _("The quote %(number)s has expired. Calculate the price again.")


class QuoteStale(BillingError):
    """Accepting a price that is not the price any more."""

    code = "quote_stale"
    http_status = 409
    text = _(
        "The price of the quote %(number)s has changed since it was made. Calculate the price again to see"
        " the new one."
    )


class QuoteAccepted(BillingError):
    """A quote is accepted once."""

    code = "quote_accepted"
    http_status = 409
    text = _("The quote %(number)s is accepted already.")
