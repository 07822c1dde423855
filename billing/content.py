"""What an issued invoice says, as one hash: any later change of head or lines shows."""

import hashlib
from collections.abc import Sequence
from datetime import UTC

from billing.models import Invoice, InvoiceLine
from plans.terms import canonical_json


def content_hash(invoice: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """Return the SHA-256 of what the document says: its head and every line."""
    body = [_said(line) for line in sorted(lines, key=lambda line: line.position)]
    return hashlib.sha256(canonical_json([head_of(invoice), body])).hexdigest()


def head_of(invoice: Invoice) -> list[object]:
    """Return what the head of the document says."""
    return [
        invoice.public_id,
        invoice.number,
        invoice.customer_id,
        invoice.subscription_id,
        invoice.kind,
        invoice.currency,
        invoice.collection,
        invoice.subtotal,
        invoice.total,
        *(
            moment.astimezone(UTC).isoformat()
            for moment in (invoice.period_start, invoice.issued_at, invoice.due_at)
            if moment
        ),
        [invoice.span.lower.isoformat(), invoice.span.upper.isoformat()],
        *([invoice.inputs] if invoice.inputs else []),
    ]


def _said(line: InvoiceLine) -> list[object]:
    return [
        line.position,
        line.line_key,
        line.kind,
        line.label,
        line.description,
        line.amount,
        line.terms_hash,
        [line.span.lower.isoformat(), line.span.upper.isoformat()],
        line.derivation,
        list(line.reading_ids),
        *([line.inputs_hash] if line.inputs_hash else []),
    ]
