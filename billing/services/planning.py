"""What has to happen at Stripe for an invoice, as rows: one customer once, then three writes."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from billing.models import Invoice, InvoiceLine, StripeOperation
from billing.models.stripe import OperationKind
from billing.services.saving import DUE_DAYS
from plans.terms import canonical_json
from subscriptions.models import Customer
from subscriptions.models.agreements import Collection

MOST_LINES = 250  # Stripe's limit for one invoice
LOCALES = {"en": "en", "zh-hans": "zh"}
TEXT_KEYS = {"en": "en", "zh-hans": "zh-Hans"}


def plan_delivery(invoices: Iterable[Invoice]) -> None:
    """Plan the operations of issued invoices. Offline ones and those of total 0 need none."""
    wanted = [one for one in invoices if one.collection != Collection.OFFLINE and one.total > 0]
    if not wanted:
        return
    first = _customers([invoice.customer for invoice in wanted])
    lines: dict[int, list[InvoiceLine]] = {}
    for line in InvoiceLine.objects.filter(invoice__in=wanted).order_by("position"):
        lines.setdefault(line.invoice_id, []).append(line)
    created = StripeOperation.objects.bulk_create(
        _create(invoice, first[invoice.customer_id]) for invoice in wanted
    )
    filled = StripeOperation.objects.bulk_create(
        _fill(invoice, lines[invoice.pk], after) for invoice, after in zip(wanted, created, strict=True)
    )
    StripeOperation.objects.bulk_create(
        _finalise(invoice, after) for invoice, after in zip(wanted, filled, strict=True)
    )


def plan_customer(customer: Customer) -> StripeOperation:
    """Return the operation that makes the customer at Stripe; planned once."""
    return _customers([customer])[customer.pk]


def _customers(customers: Sequence[Customer]) -> dict[int, StripeOperation]:
    keys = {customer.public_id: customer for customer in customers}
    known = StripeOperation.objects.filter(kind=OperationKind.CREATE_CUSTOMER, business_key__in=keys)
    found = {row.customer_id: row for row in known}
    fresh = [_customer(customer) for customer in keys.values() if customer.pk not in found]
    for row in StripeOperation.objects.bulk_create(fresh):
        found[row.customer_id] = row
    return found


def operation(
    kind: OperationKind,
    business_key: str,
    customer_id: int,
    params: dict[str, Any],
    *,
    invoice: Invoice | None = None,
    after: StripeOperation | None = None,
) -> StripeOperation:
    """Return an unsaved operation. Ids of Stripe are filled in when it is sent."""
    return StripeOperation(
        kind=kind,
        business_key=business_key,
        customer_id=customer_id,
        invoice=invoice,
        after=after,
        params=params,
        params_hash=hashlib.sha256(canonical_json(params)).hexdigest(),
    )


def _customer(customer: Customer) -> StripeOperation:
    params = {
        "name": customer.name,
        "email": customer.email,
        "preferred_locales": [LOCALES.get(customer.language, "en")],
        "metadata": {"customer": customer.public_id},
    }
    return operation(OperationKind.CREATE_CUSTOMER, customer.public_id, customer.pk, params)


def _create(invoice: Invoice, after: StripeOperation) -> StripeOperation:
    params: dict[str, Any] = {
        "auto_advance": False,
        "currency": invoice.currency.lower(),
        "number": invoice.number,
        "pending_invoice_items_behavior": "exclude",
        "metadata": {"invoice": invoice.public_id},
    }
    if invoice.collection == Collection.STRIPE_SEND:
        params |= {"collection_method": "send_invoice", "days_until_due": DUE_DAYS[invoice.collection]}
    else:
        params["collection_method"] = "charge_automatically"
    return operation(
        OperationKind.CREATE_INVOICE,
        invoice.public_id,
        invoice.customer_id,
        params,
        invoice=invoice,
        after=after,
    )


def _fill(invoice: Invoice, lines: Sequence[InvoiceLine], after: StripeOperation) -> StripeOperation:
    params = {"lines": stripe_lines(lines, invoice.customer.language)}
    return operation(
        OperationKind.ADD_LINES, invoice.public_id, invoice.customer_id, params, invoice=invoice, after=after
    )


def _finalise(invoice: Invoice, after: StripeOperation) -> StripeOperation:
    params = {"auto_advance": True, "expected_total": invoice.total}
    return operation(
        OperationKind.FINALIZE, invoice.public_id, invoice.customer_id, params, invoice=invoice, after=after
    )


def stripe_lines(lines: Sequence[InvoiceLine], language: str) -> list[dict[str, Any]]:
    """Return what goes to Stripe: lines other than 0, per charge where there are more than 250."""
    counted = [line for line in lines if line.amount]
    if len(counted) <= MOST_LINES:
        return [_sent([line], line.description, language) for line in counted]
    groups: dict[str, list[InvoiceLine]] = {}
    for line in counted:
        groups.setdefault(line.charge, []).append(line)
    return [_sent(group, group[0].label, language) for group in groups.values()]


def _sent(lines: Sequence[InvoiceLine], words: dict[str, str], language: str) -> dict[str, Any]:
    line_id = f"{lines[0].pk}" if len(lines) == 1 else f"{lines[0].pk}+{len(lines) - 1}"
    return {
        "amount": sum(line.amount for line in lines),
        "description": words[TEXT_KEYS.get(language, "en")][:500],
        "metadata": {"line_id": line_id},
        "period": {
            "start": int(min(line.span.lower for line in lines).timestamp()),
            "end": int(max(line.span.upper for line in lines).timestamp()),
        },
    }
