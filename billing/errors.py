"""What billing refuses, by code. Messages are sentences for people; skins show them."""

# ruff: noqa: N818 — refusals are named as sentences, like every DomainError of the house.

from plans.errors import DomainError, _


class BillingError(DomainError):
    """Base of billing's own refusals."""


class SeveralPhases(BillingError):
    """One period under two plan versions; the split of a change is not billed here."""

    code = "several_phases"
    text = _("The period lies under more than one plan version and cannot be billed as one.")


class NegativeInvoice(BillingError):
    """Rated lines below zero: nothing that may be sent to anybody."""

    code = "negative_invoice"
    text = _("The lines add up to less than zero (%(total)s).")


class CustomerParked(BillingError):
    """A person has to look first."""

    code = "customer_parked"
    http_status = 409
    text = _("Billing of this customer is on hold: %(reason)s.")


class NotOffline(BillingError):
    """A bank reference for an invoice that Stripe collects."""

    code = "not_offline"
    http_status = 409
    text = _("The invoice %(number)s is not paid by bank transfer.")


class NotOpen(BillingError):
    """Only an open invoice can be paid."""

    code = "not_open"
    http_status = 409
    text = _("The invoice %(number)s is not open.")


class ReferenceTaken(BillingError):
    """One bank reference is one payment of one invoice."""

    code = "reference_taken"
    http_status = 409
    text = _(
        "The bank reference %(reference)s is recorded for the invoice %(number)s already. If one transfer "
        "paid both, add the invoice's number to the reference."
    )


class AmountDiffers(BillingError):
    """An invoice is paid whole."""

    code = "amount_differs"
    text = _("The invoice is for %(expected)s, the payment for %(given)s (minor units).")


class SumsDiffer(BillingError):
    """An invoice at Stripe does not add up to ours."""

    code = "sums_differ"
    text = _("The invoice at Stripe adds up to %(theirs)s, ours to %(ours)s (minor units).")


class GatewayError(BillingError):
    """Something went wrong at Stripe."""

    code = "gateway"
    http_status = 502
    text = _("The payment provider did not answer as expected (%(reason)s). Try again in a moment.")


class GatewayUnclear(GatewayError):
    """No answer that can be trusted: it may have happened. `stored`: the key now replays this failure."""

    code = "gateway_unclear"

    def __init__(self, *, reason: str, stored: bool = False) -> None:
        super().__init__(reason=reason)
        self.stored = stored


class GatewayBusy(GatewayError):
    """Refused before execution by the global limiter: nothing happened, the key is unused."""

    code = "gateway_busy"
    http_status = 503


class GatewayRefused(GatewayError):
    """Stripe understood and said no."""

    code = "gateway_refused"
    text = _("The payment provider refused the request (%(reason)s).")

    def __init__(self, *, reason: str, message: str = "") -> None:
        super().__init__(reason=reason)
        self.message = message


class NothingToClaim(BillingError):
    """A claim of a window that earned nothing, or needs no claim."""

    code = "nothing_to_claim"
    http_status = 409
    text = _("There is nothing to claim for this window.")


class ClaimOver(BillingError):
    """A claim after its last day."""

    code = "claim_over"
    http_status = 409
    text = _("The time to claim this window is over.")


class AwardNotWaiting(BillingError):
    """Deciding what does not wait for a decision."""

    code = "award_not_waiting"
    http_status = 409
    text = _("This award does not wait for a decision: %(state)s.")


class ReasonNeeded(BillingError):
    """Refusing a customer without saying why."""

    code = "reason_needed"
    text = _("Say why: the customer reads the reason.")


class AmountTooLarge(BillingError):
    """A rating beyond any bill: a wrong unit or a runaway report, for a person to look at."""

    code = "amount_too_large"
    text = _(
        "An amount of %(amount)s %(currency)s is beyond what an invoice can hold. Look at the usage reported."
    )


class ExitUnpaid(BillingError):
    """Leaving early while the invoice of the term is open."""

    code = "exit_unpaid"
    http_status = 409
    text = _("Invoice %(number)s of this term is not paid yet. Settle it first, then leave.")


class ExitChanged(BillingError):
    """Confirming an early exit whose amount is no longer the one that was shown."""

    code = "exit_changed"
    http_status = 409
    text = _("The amount has changed since it was shown. Look at it again.")


class CardDeclined(GatewayError):
    """The card's bank said no, or wants the cardholder."""

    code = "card_declined"
    http_status = 402
    text = _("The card was declined (%(reason)s). Use another card.")

    def __init__(self, *, reason: str, message: str = "") -> None:
        super().__init__(reason=reason)
        self.message = message


class NotConfigured(GatewayError):
    """The key is wrong: nothing can happen at Stripe until a person mends the settings."""

    code = "gateway_not_configured"
    http_status = 503


class BadSignature(BillingError):
    """A webhook that is not from Stripe, or not from now."""

    code = "bad_signature"
    http_status = 400
    text = _("The signature of the message is not valid.")
