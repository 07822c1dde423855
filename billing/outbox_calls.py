"""For each kind of operation: its parameters with Stripe's ids filled in, the call, and the read-back."""

from collections.abc import Callable
from typing import Any

from billing import gateway
from billing.errors import SumsDiffer
from billing.gateway_values import Found
from billing.models import StripeLink, StripeOperation
from billing.models.stripe import OperationKind


def stripe_id_of(kind: str, local_id: int) -> str:
    """Return the id at Stripe of a row of ours that is there already."""
    return StripeLink.objects.values_list("stripe_id", flat=True).get(kind=kind, local_id=local_id)


def _customer(operation: StripeOperation) -> str:
    return stripe_id_of(StripeLink.Kind.CUSTOMER, operation.customer_id)


def _invoice(operation: StripeOperation) -> str:
    return stripe_id_of(StripeLink.Kind.INVOICE, operation.invoice_id or 0)


def resolved(operation: StripeOperation) -> dict[str, Any]:
    """Return the parameters as they go out. Equal for every try, as ids of Stripe never change."""
    params = dict(operation.params)
    if operation.kind in (OperationKind.CREATE_CUSTOMER, OperationKind.CREATE_INVOICE):
        params["metadata"] = {**params.get("metadata", {}), "op_id": operation.public_id}
    if operation.kind in (
        OperationKind.CREATE_INVOICE, OperationKind.CREATE_CHECKOUT, OperationKind.SET_CARD,
    ):  # fmt: skip
        params["customer"] = _customer(operation)
    if operation.kind in (OperationKind.ADD_LINES, OperationKind.FINALIZE, OperationKind.PAY):
        params["invoice"] = _invoice(operation)
    if operation.kind == OperationKind.FINALIZE:
        _compare_sums(operation)
    return params


def _compare_sums(operation: StripeOperation) -> None:
    """Refuse to finalise a draft whose total, as Stripe answered it, is not the invoice's."""
    ours = operation.params["expected_total"]
    theirs = operation.after.result.get("total") if operation.after else None
    if theirs != ours:
        raise SumsDiffer(theirs=theirs, ours=ours)


def send(operation: StripeOperation, params: dict[str, Any], *, key: str) -> Found:
    """Make the one call of an operation."""
    return _SEND[OperationKind(operation.kind)](params, key)


def find(operation: StripeOperation) -> Found | None:
    """Return what an earlier try of the operation made at Stripe, None if it made nothing."""
    return _FIND[OperationKind(operation.kind)](operation)


def _send_lines(params: dict[str, Any], key: str) -> Found:
    return gateway.add_lines(params["invoice"], params["lines"], key=key)


def _send_finalise(params: dict[str, Any], key: str) -> Found:
    return gateway.finalise(params["invoice"], auto_advance=params["auto_advance"], key=key)


_SEND: dict[OperationKind, Callable[[dict[str, Any], str], Found]] = {
    OperationKind.CREATE_CUSTOMER: lambda params, key: gateway.create_customer(params, key=key),
    OperationKind.SET_CARD: lambda p, key: gateway.set_default_card(p["customer"], p["card"], key=key),
    OperationKind.CREATE_CHECKOUT: lambda params, key: gateway.create_checkout(params, key=key),
    OperationKind.CREATE_INVOICE: lambda params, key: gateway.create_invoice(params, key=key),
    OperationKind.ADD_LINES: _send_lines,
    OperationKind.FINALIZE: _send_finalise,
    OperationKind.PAY: lambda p, key: gateway.pay(p["invoice"], p["card"], key=key),
}


def _find_customer(operation: StripeOperation) -> Found | None:
    return gateway.find_customer(operation.params["email"], operation.public_id)


def _find_invoice(operation: StripeOperation) -> Found | None:
    return gateway.find_invoice(_customer(operation), operation.public_id)


def _find_lines(operation: StripeOperation) -> Found | None:
    """The lines went in together or not at all; if all of ours are there, it happened."""
    invoice = _invoice(operation)
    wanted = {line["metadata"]["line_id"] for line in operation.params["lines"]}
    there = gateway.line_ids(invoice)
    if not wanted & there:
        return None
    if not wanted <= there:
        raise SumsDiffer(theirs=len(there), ours=len(wanted))
    return Found(invoice, {"total": gateway.invoice(invoice).total})


def _find_finalised(operation: StripeOperation) -> Found | None:
    seen = gateway.invoice(_invoice(operation))
    return None if seen.status == "draft" else Found(seen.id, {"total": seen.total, "url": seen.hosted_url})


def _find_paid(operation: StripeOperation) -> Found | None:
    seen = gateway.invoice(_invoice(operation))
    return Found(seen.id, {"status": seen.status}) if seen.status == "paid" else None


def _find_card(operation: StripeOperation) -> Found | None:
    customer = _customer(operation)
    return Found(customer, {}) if gateway.default_card(customer) == operation.params["card"] else None


_FIND: dict[OperationKind, Callable[[StripeOperation], Found | None]] = {
    OperationKind.CREATE_CUSTOMER: _find_customer,
    OperationKind.SET_CARD: _find_card,
    OperationKind.CREATE_CHECKOUT: lambda _operation: None,  # a page nobody was shown expires by itself
    OperationKind.CREATE_INVOICE: _find_invoice,
    OperationKind.ADD_LINES: _find_lines,
    OperationKind.FINALIZE: _find_finalised,
    OperationKind.PAY: _find_paid,
}
