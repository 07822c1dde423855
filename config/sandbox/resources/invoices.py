"""Invoices: the calls. What happens to money is in `invoice_lifecycle`."""

from config.sandbox.answers import page, shaped
from config.sandbox.clock import DAY, HOUR
from config.sandbox.errors import ApiError, Json, required
from config.sandbox.events import changes, emit
from config.sandbox.money import check_currency
from config.sandbox.resources import invoice_lifecycle as life
from config.sandbox.resources.common import merged_metadata, refuse, taken
from config.sandbox.resources.customers import require_owner
from config.sandbox.resources.invoice_lines import added, check_room, from_item
from config.sandbox.resources.invoice_state import add_up, become_paid, new_invoice
from config.sandbox.resources.payment_methods import found
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

UNSUPPORTED = [
    "account_tax_ids", "application_fee_amount", "customer_account", "default_source", "default_tax_rates",
    "discounts", "from_invoice", "on_behalf_of", "shipping_cost", "subscription", "transfer_data",
]  # fmt: skip
PLAIN = [
    "custom_fields", "description", "effective_at", "footer", "rendering", "shipping_details",
    "statement_descriptor",
]  # fmt: skip
AFTER_FINALISING = {
    "auto_advance",
    "default_payment_method",
    "metadata",
    "payment_settings",
    "days_until_due",
    "due_date",
}
LONGEST_NUMBER, LONGEST_DESCRIPTION = 26, 1500
NO_DUE_DATE = (
    "If the invoice is set to be paid by send_invoice (collection_method), you must also specify "
    "`due_date` or `days_until_due`."
)


@handles("invoice.create")
def create(tx: Tx, given: Json) -> Json:
    _refuse(given)
    if "customer" not in given:
        raise required("customer")
    customer = tx.reference("customer", given["customer"], "customer")
    invoice = new_invoice(tx, new_id("in"), customer)
    invoice["currency"] = check_currency(given.get("currency") or customer["currency"] or "usd")
    _apply(tx, invoice, given)
    tx.put(invoice)
    if given.get("pending_invoice_items_behavior") == "include":
        items = tx.find("invoiceitem", customer=customer["id"], currency=invoice["currency"])
        for item in items:
            if item["invoice"] is None:
                from_item(tx, invoice, item)
    add_up(tx, invoice)
    emit(tx, "invoice.created", invoice)
    return shaped(tx, invoice)


def _refuse(given: Json) -> None:
    refuse(given, UNSUPPORTED)
    if (given.get("automatic_tax") or {}).get("enabled"):
        refuse(given, ["automatic_tax"])
    if (given.get("issuer") or {}).get("type") == "account":
        refuse(given, ["issuer"])


def _apply(tx: Tx, invoice: Json, given: Json) -> None:
    """Write the given parameters into the invoice."""
    invoice.update(taken(given, PLAIN))
    if len(invoice["description"] or "") > LONGEST_DESCRIPTION:
        raise ApiError(f"Invalid description: at most {LONGEST_DESCRIPTION} characters.", param="description")
    invoice["metadata"] = merged_metadata(invoice["metadata"], given)
    invoice["payment_settings"].update(
        taken(given.get("payment_settings") or {}, invoice["payment_settings"])
    )
    _apply_number(tx, invoice, given)
    _apply_collection(tx, invoice, given)
    if "default_payment_method" in given:
        invoice["default_payment_method"] = _method(tx, invoice, given["default_payment_method"])


def _method(tx: Tx, invoice: Json, method_id: str) -> str | None:
    if not method_id:
        return None
    method = tx.reference("payment_method", method_id, "default_payment_method")
    require_owner(method, invoice["customer"], "default_payment_method")
    return str(method["id"])


def _apply_number(tx: Tx, invoice: Json, given: Json) -> None:
    if "number" not in given:
        return
    number = given["number"] or None
    if number and len(number) > LONGEST_NUMBER:
        raise ApiError(f"Invalid number: at most {LONGEST_NUMBER} characters.", param="number")
    if number and any(other["id"] != invoice["id"] for other in tx.find("invoice", number=number)):
        raise ApiError(f"The invoice number {number} is already in use.", param="number")
    invoice["number"] = number


def _apply_collection(tx: Tx, invoice: Json, given: Json) -> None:
    """Set how and when the invoice is collected, and when a draft finalises itself."""
    method = given.get("collection_method", invoice["collection_method"])
    dated = [name for name in ("days_until_due", "due_date") if given.get(name) not in {None, ""}]
    if method == "charge_automatically" and dated:
        message = f"`{dated[0]}` is only allowed with collection_method=send_invoice."
        raise ApiError(message, param=dated[0])
    if len(dated) > 1:
        raise ApiError(
            "You may only specify one of these parameters: due_date, days_until_due.", param="due_date"
        )
    invoice["collection_method"] = method
    if "days_until_due" in dated:
        invoice.update(
            _days_until_due=given["days_until_due"], due_date=tx.now + given["days_until_due"] * DAY
        )
    if "due_date" in dated:
        invoice.update(_days_until_due=None, due_date=given["due_date"])
    if method == "send_invoice" and invoice["due_date"] is None:
        raise ApiError(NO_DUE_DATE, param="days_until_due")
    invoice["auto_advance"] = given.get("auto_advance", invoice["auto_advance"])
    if invoice["status"] == "draft":
        _set_finalisation(tx, invoice, given)


def _set_finalisation(tx: Tx, invoice: Json, given: Json) -> None:
    when = given.get("automatically_finalizes_at") or invoice["automatically_finalizes_at"] or tx.now + HOUR
    invoice["automatically_finalizes_at"] = invoice["_due"] = when if invoice["auto_advance"] else None


@handles("invoice.retrieve")
def retrieve(tx: Tx, given: Json, invoice_id: str) -> Json:
    return shaped(tx, tx.get("invoice", invoice_id))


@handles("invoice.update")
def update(tx: Tx, given: Json, invoice_id: str) -> Json:
    _refuse(given)
    before, invoice = tx.get("invoice", invoice_id), tx.get("invoice", invoice_id)
    fixed = [name for name in given if name not in AFTER_FINALISING]
    if invoice["status"] != "draft" and fixed:
        message = f"Finalized invoices can't be updated in this way: {', '.join(fixed)}."
        raise ApiError(message, code="invoice_not_editable", param=fixed[0])
    _apply(tx, invoice, given)
    emit(tx, "invoice.updated", tx.put(invoice), previous=changes(before, invoice))
    return shaped(tx, invoice)


@handles("invoice.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "invoice", given, "/v1/invoices")


@handles("invoice.delete")
def delete(tx: Tx, given: Json, invoice_id: str) -> Json:
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] != "draft":
        raise ApiError("You can only delete draft invoices.", code="invoice_not_editable")
    emit(tx, "invoice.deleted", invoice)
    for item in tx.find("invoiceitem", invoice=invoice_id):
        tx.put({**item, "invoice": None})
    for line in tx.find("line_item", invoice=invoice_id):
        tx.remove(line["id"])
    tx.remove(invoice_id)
    return {"id": invoice_id, "object": "invoice", "deleted": True}


@handles("invoice.add_lines")
def add_lines(tx: Tx, given: Json, invoice_id: str) -> Json:
    """Add lines to a draft: all of them or, if one is refused, none."""
    before, invoice = tx.get("invoice", invoice_id), tx.get("invoice", invoice_id)
    if invoice["status"] != "draft":
        raise ApiError("This invoice is no longer editable", code="invoice_not_editable")
    check_room(tx, invoice_id, len(given["lines"]))
    for place, line in enumerate(given["lines"]):
        added(tx, invoice, line, f"lines[{place}]")
    invoice["metadata"] = merged_metadata(
        invoice["metadata"], {"metadata": given.get("invoice_metadata", {})}
    )
    add_up(tx, invoice)
    emit(tx, "invoice.updated", invoice, previous=changes(before, invoice))
    return shaped(tx, invoice)


@handles("invoice.finalize_invoice")
def finalize(tx: Tx, given: Json, invoice_id: str) -> Json:
    """Finalise a draft. The answer shows it open; collection follows at once, as with Stripe."""
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] != "draft":
        message = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
        raise ApiError(message, code="invoice_already_finalized")
    life.finalise(tx, invoice, auto_advance=given.get("auto_advance"))
    answer = shaped(tx, invoice)
    life.advance(tx, invoice)
    return answer


@handles("invoice.send_invoice")
def send(tx: Tx, given: Json, invoice_id: str) -> Json:
    invoice = tx.get("invoice", invoice_id)
    if invoice["collection_method"] != "send_invoice":
        raise ApiError("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        life.finalise(tx, invoice, auto_advance=None)
    if invoice["status"] in {"void", "uncollectible"}:
        raise ApiError(f"You cannot send an invoice that is {invoice['status']}.")
    emit(tx, "invoice.sent", invoice)
    return shaped(tx, invoice)


@handles("invoice.pay")
def pay(tx: Tx, given: Json, invoice_id: str) -> Json:
    refuse(given, ["forgive", "mandate", "source"])
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] == "paid":
        raise ApiError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise ApiError("This invoice is void and cannot be paid.", code="invoice_void")
    if invoice["status"] == "draft":
        life.finalise(tx, invoice, auto_advance=None)
    if invoice["status"] == "paid":  # nothing was due
        return shaped(tx, invoice)
    if given.get("paid_out_of_band"):
        life.cancel_payment(tx, invoice)
        return shaped(tx, become_paid(tx, invoice, paid=invoice["amount_remaining"], off_stripe=True))
    method = found(tx, given["payment_method"]) if "payment_method" in given else None
    if method is not None and method["customer"] is not None:
        require_owner(method, invoice["customer"], "payment_method")
    refusal = life.collect(tx, invoice, method)
    if refusal is not None:
        raise refusal
    return shaped(tx, tx.get("invoice", invoice_id))


@handles("invoice.void_invoice")
def void(tx: Tx, given: Json, invoice_id: str) -> Json:
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise ApiError(f"You can only void open or uncollectible invoices. This one is {invoice['status']}.")
    life.cancel_payment(tx, invoice)
    life.give_back_balance(tx, invoice)
    invoice["status_transitions"]["voided_at"] = tx.now
    invoice.update(status="void", auto_advance=False, next_payment_attempt=None, _due=None)
    emit(tx, "invoice.voided", tx.put(invoice))
    return shaped(tx, invoice)


@handles("invoice.mark_uncollectible")
def mark_uncollectible(tx: Tx, given: Json, invoice_id: str) -> Json:
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] != "open":
        raise ApiError(f"You can only mark open invoices as uncollectible. This one is {invoice['status']}.")
    invoice["status_transitions"]["marked_uncollectible_at"] = tx.now
    details = {"uncollectible": {"reason": "user_forgiven"}}
    invoice.update(
        status="uncollectible",
        status_details=details,
        auto_advance=False,
        next_payment_attempt=None,
        _due=None,
    )
    emit(tx, "invoice.marked_uncollectible", tx.put(invoice))
    return shaped(tx, invoice)


def advance_due(tx: Tx) -> None:
    """Finalise the drafts whose hour is over, and try again to collect what failed."""
    for invoice in tx.due("invoice"):
        if invoice["status"] == "draft":
            life.finalise(tx, invoice, auto_advance=None)
            life.advance(tx, invoice)
        else:
            life.collect(tx, invoice, None)
