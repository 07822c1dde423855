"""What came in, what failed: one ledger transaction per charge, whatever the order of messages."""

from datetime import datetime

from billing.errors import AmountDiffers, NotOffline, NotOpen, ReferenceTaken, SumsDiffer
from billing.gateway_values import StripeInvoice, StripePayment
from billing.locks import lock_invoice
from billing.models import Account, Invoice, InvoiceStatus, Payment, PaymentAttempt, StripeLink
from billing.parking import park
from billing.services.cards import finish_card_setup, start_card_setup
from billing.services.ledger import Posting, post
from plans.actor import STRIPE, Actor
from plans.history import changes
from subscriptions.models.agreements import Collection

__all__ = ["apply_stripe_invoice", "finish_card_setup", "record_offline", "start_card_setup"]

PAYABLE = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)
NOT_COLLECTED = {"draft", "void"}  # by Stripe: nothing to compare
# Stripe's status -> the moves of ours that follow it; terminal states stay where they are.
FOLLOWS = {
    "void": {InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE},
    "uncollectible": {InvoiceStatus.OPEN},
}


def apply_stripe_invoice(invoice_id: int, seen: StripeInvoice, *, link: StripeLink, at: datetime) -> bool:
    """Bring our invoice to what was fetched; False if a later fetch holds the link by now.

    The status only moves forward, and a charge is recorded once, so messages may come in any order.
    """
    with changes(STRIPE):
        invoice = lock_invoice(invoice_id)
        if not StripeLink.objects.filter(pk=link.pk, fence=link.fence).exists():
            return False
        if seen.hosted_url:
            StripeLink.objects.filter(pk=link.pk).update(url=seen.hosted_url)
        agrees = _agrees(invoice, seen)
        if seen.status == "paid" and seen.currency == invoice.currency:
            _settle(invoice, seen, at=at, agrees=agrees)
        elif seen.status in FOLLOWS and invoice.status in FOLLOWS[seen.status]:
            _write_status(invoice, seen.status)
        _note_failure(invoice, seen, at=at)
    return True


def _agrees(invoice: Invoice, seen: StripeInvoice) -> bool:
    """Compare what Stripe collects with what we issued; where it differs, a person has to look."""
    if seen.status in NOT_COLLECTED or (seen.total, seen.currency) == (invoice.total, invoice.currency):
        return True
    difference = SumsDiffer(
        theirs=f"{seen.total} {seen.currency}", ours=f"{invoice.total} {invoice.currency}"
    )
    park(invoice.customer_id, reason=difference.code, detail=f"{invoice}: {difference}")
    return False


def _settle(invoice: Invoice, seen: StripeInvoice, *, at: datetime, agrees: bool) -> None:
    """Record what paid the invoice: charges, a payment outside Stripe, or Stripe's putting it off.

    Of an invoice that differs only charges are recorded: the rest would paper over the difference.
    """
    paid_at = seen.paid_at or at
    for payment in seen.payments:
        _record(invoice, Payment.Provider.STRIPE, payment, by=STRIPE)
    if not agrees:
        return
    rest = invoice.total - _paid(invoice)
    if rest > 0 and seen.off_stripe:
        paid = StripePayment(f"{seen.id}:off_stripe", rest, paid_at)
        _record(invoice, Payment.Provider.STRIPE, paid, by=STRIPE)
    elif rest > 0:
        paid = StripePayment(f"{seen.id}:balance", rest, paid_at)
        _record(invoice, Payment.Provider.STRIPE, paid, by=STRIPE, source=Account.STRIPE_BALANCE)


def _paid(invoice: Invoice) -> int:
    return sum(invoice.payments.values_list("amount", flat=True))


def _record(
    invoice: Invoice,
    provider: Payment.Provider,
    paid: StripePayment,
    *,
    by: Actor,
    source: Account = Account.CASH,
) -> Payment:
    """Store a payment and its posting once, and close the invoice when it is covered."""
    before = _paid(invoice)
    known, new = Payment.objects.get_or_create(
        provider=provider,
        provider_id=paid.provider_id,
        defaults={
            "invoice": invoice,
            "customer_id": invoice.customer_id,
            "amount": paid.amount,
            "currency": invoice.currency,
            "paid_at": paid.paid_at,
            "by": by.id,
        },
    )
    if new:
        posting = _posting(invoice, known, source, due=max(invoice.total - before, 0))
        post([posting], at=paid.paid_at, by=by)
    if _paid(invoice) >= invoice.total and invoice.status in PAYABLE:
        invoice.paid_at = paid.paid_at
        _write_status(invoice, InvoiceStatus.PAID)
    return known


def _posting(invoice: Invoice, paid: Payment, source: Account, *, due: int) -> Posting:
    """Debit where it came from. What exceeds the invoice is what Stripe had put off earlier."""
    key = f"payment:{paid.provider}:{paid.provider_id}"
    covers = min(paid.amount, due)
    sides = {source: paid.amount, Account.RECEIVABLE: -covers}
    if paid.amount > covers:
        sides[Account.STRIPE_BALANCE] = covers - paid.amount
    return Posting(key, "payment", invoice.customer_id, invoice.currency, sides)


def _write_status(invoice: Invoice, status: str) -> None:
    invoice.status = status
    invoice.save(update_fields=["status", "paid_at"])


def _note_failure(invoice: Invoice, seen: StripeInvoice, *, at: datetime) -> None:
    """Keep why the last try did not pay, once for each try."""
    if seen.failure is None:
        return
    PaymentAttempt.objects.get_or_create(
        invoice=invoice,
        provider_id=seen.failure.provider_id,
        number=seen.attempt_count,
        defaults={
            "customer_id": invoice.customer_id,
            "outcome": seen.failure.outcome,
            "code": seen.failure.code,
            "message": seen.failure.message,
            "at": at,
        },
    )


def record_offline(invoice: Invoice, *, reference: str, amount: int, paid_at: datetime, by: Actor) -> Payment:
    """Mark an offline invoice as paid by a bank transfer; the same reference again is the same payment."""
    with changes(by):
        locked = lock_invoice(invoice.pk)
        if locked.collection != Collection.OFFLINE:
            raise NotOffline(number=locked.number)
        known = Payment.objects.filter(provider=Payment.Provider.OFFLINE, provider_id=reference).first()
        if known is not None and known.invoice_id != locked.pk:
            raise ReferenceTaken(reference=reference, number=known.invoice.number)
        if known is None and locked.status not in PAYABLE:
            raise NotOpen(number=locked.number)
        if amount != locked.total:
            raise AmountDiffers(expected=locked.total, given=amount)
        if known is not None:
            return known
        paid = StripePayment(reference, amount, paid_at)
        return _record(locked, Payment.Provider.OFFLINE, paid, by=by)
