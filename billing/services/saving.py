"""Drafts into rows: invoices and lines in bulk, numbers in one step, then frozen by their state."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from billing.content import content_hash
from billing.inputs import line_inputs_hash
from billing.locks import take_numbers
from billing.models import Account, Invoice, InvoiceLine, InvoiceStatus, LineKind
from billing.rated_from import stored_inputs
from billing.services.credits import post_draws
from billing.services.drafting import TAX, Draft, DraftLine
from billing.services.ledger import Posting, post
from billing.services.packs import store_draws
from plans.actor import Actor

SERIES = "RC"
DUE_DAYS = {"stripe_charge": 1, "stripe_send": 14, "offline": 30}  # elapsed days from issue
ISSUED_COLUMNS = ["series", "sequence", "number", "issued_at", "due_at", "content_hash", "status"]


def save_drafts(drafts: Sequence[Draft], *, at: datetime, by: Actor) -> list[Invoice]:
    """Store the drafts and issue them. The caller holds the locks and the transaction."""
    if not drafts:
        return []
    invoices = Invoice.objects.bulk_create(_row(draft, by) for draft in drafts)
    lines = InvoiceLine.objects.bulk_create(
        _line(invoice, line, position)
        for invoice, draft in zip(invoices, drafts, strict=True)
        for position, line in enumerate(draft.lines, start=1)
    )
    _issue(invoices, lines, at=at)
    post_draws(_draws(invoices, drafts, lines))
    store_draws(invoices, drafts, lines)
    post([_posting(invoice) for invoice in invoices], at=at, by=by)
    return invoices


def _row(draft: Draft, by: Actor) -> Invoice:
    subscription = draft.slot.subscription
    return Invoice(
        customer=subscription.customer,
        subscription=subscription,
        kind=draft.slot.kind,
        period_start=draft.slot.edge,
        span=Span(draft.span.start, draft.span.end),
        currency=subscription.currency,
        collection=subscription.collection,
        subtotal=draft.subtotal,
        total=draft.total,
        inputs=stored_inputs(draft),
        created_by=by.id,
    )


def _line(invoice: Invoice, line: DraftLine, position: int) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice,
        customer_id=invoice.customer_id,
        position=position,
        line_key=line.key,
        kind=line.kind,
        adjusts_id=line.adjusts,
        charge=line.charge,
        label=line.label,
        description=line.description,
        tags=list(line.tags),
        is_credit=line.credit,
        is_tax=TAX in line.tags,
        app_code=line.app,
        region=line.region,
        span=Span(line.period.start, line.period.end),
        quantity=line.quantity,
        unit=line.unit,
        exact_amount=line.exact,
        amount=line.amount,
        terms_hash=line.terms_hash,
        engine=line.engine,
        derivation=line.derivation,
        inputs_hash=line_inputs_hash(line.terms_hash, line.key, line.period, line.derivation),
        reading_ids=list(line.readings),
    )


def _issue(invoices: Sequence[Invoice], lines: Sequence[InvoiceLine], *, at: datetime) -> None:
    """Give numbers and hashes, and open the invoices; those of total 0 are settled on the spot."""
    by_invoice: dict[int, list[InvoiceLine]] = {}
    for line in lines:
        by_invoice.setdefault(line.invoice_id, []).append(line)
    for invoice, number in zip(invoices, take_numbers(SERIES, len(invoices)), strict=True):
        invoice.series, invoice.sequence, invoice.number = SERIES, number, f"{SERIES}-{number:06d}"
        invoice.issued_at = at
        invoice.due_at = at + timedelta(days=DUE_DAYS[invoice.collection])
        invoice.content_hash = content_hash(invoice, by_invoice.get(invoice.pk, []))
        invoice.status = InvoiceStatus.OPEN
    Invoice.objects.bulk_update(invoices, ISSUED_COLUMNS)
    free = [invoice for invoice in invoices if invoice.total == 0]
    for invoice in free:
        invoice.status, invoice.paid_at = InvoiceStatus.PAID, at
    Invoice.objects.bulk_update(free, ["status", "paid_at"])


def _draws(
    invoices: Sequence[Invoice], drafts: Sequence[Draft], lines: Sequence[InvoiceLine]
) -> list[tuple[int, int, int]]:
    """Return (credit, line, minor units) of the credits the lines draw."""
    stored = {(line.invoice_id, line.line_key): line for line in lines}
    return [
        (line.credit_id, stored[invoice.pk, line.key].pk, -line.amount)
        for invoice, draft in zip(invoices, drafts, strict=True)
        for line in draft.lines
        if line.kind == LineKind.SLA_CREDIT and line.credit_id is not None
    ]


def _posting(invoice: Invoice) -> Posting:
    """Debit what is to be paid and what is drawn from the customer's credit; credit revenue."""
    return Posting(
        f"invoice:{invoice.public_id}",
        "invoice",
        invoice.customer_id,
        invoice.currency,
        {
            Account.RECEIVABLE: invoice.total,
            Account.CUSTOMER_CREDIT: invoice.subtotal - invoice.total,
            Account.REVENUE: -invoice.subtotal,
        },
    )
