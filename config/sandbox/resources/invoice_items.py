"""Invoice items: amounts that wait for an invoice, or go onto a draft at once."""

from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json, required
from config.sandbox.events import emit
from config.sandbox.money import check_currency
from config.sandbox.resources.common import merged_metadata, refuse
from config.sandbox.resources.invoice_lines import UNSUPPORTED, amount_of, check_room, from_item, period_of
from config.sandbox.resources.invoice_state import add_up
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id


@handles("invoice_item.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, [*UNSUPPORTED, "customer_account"])
    if "customer" not in given:
        raise required("customer")
    customer = tx.reference("customer", given["customer"], "customer")
    invoice = tx.reference("invoice", given["invoice"], "invoice") if "invoice" in given else None
    currency = given.get("currency") or (invoice or customer)["currency"] or "usd"
    item = _made(tx, given, customer["id"], check_currency(currency))
    if invoice is not None:
        if invoice["status"] != "draft" or invoice["customer"] != customer["id"]:
            raise ApiError("This invoice is no longer editable", code="invoice_not_editable", param="invoice")
        check_room(tx, invoice["id"], 1)
        from_item(tx, invoice, item)
        add_up(tx, invoice)
        item["invoice"] = invoice["id"]
    emit(tx, "invoiceitem.created", item)
    return shaped(tx, item)


def _made(tx: Tx, given: Json, customer_id: str, currency: str) -> Json:
    amount = amount_of(given, currency, "invoiceitem")
    return tx.put(
        {
            "id": new_id("ii"),
            "object": "invoiceitem",
            "amount": amount,
            "currency": currency,
            "customer": customer_id,
            "customer_account": None,
            "date": tx.now,
            "description": given.get("description"),
            "discountable": given.get("discountable", amount >= 0),
            "discounts": [],
            "invoice": None,
            "livemode": False,
            "metadata": merged_metadata({}, given),
            "net_amount": amount,
            "parent": None,
            "period": period_of(given, tx.now, "invoiceitem"),
            "pricing": None,
            "proration": False,
            "quantity": given.get("quantity", 1),
            "quantity_decimal": str(given.get("quantity", 1)),
            "tax_rates": [],
            "test_clock": None,
        }
    )


@handles("invoice_item.retrieve")
def retrieve(tx: Tx, given: Json, item_id: str) -> Json:
    return shaped(tx, tx.get("invoiceitem", item_id))


@handles("invoice_item.list")
def list_(tx: Tx, given: Json) -> Json:
    extra = ""
    if "pending" in given:
        extra = f" AND invoice IS {'' if given.pop('pending') else 'NOT '}NULL"
    return page(tx, "invoiceitem", given, "/v1/invoiceitems", extra=(extra, []))


@handles("invoice_item.delete")
def delete(tx: Tx, given: Json, item_id: str) -> Json:
    item = tx.get("invoiceitem", item_id)
    if item["invoice"] is not None:
        invoice = tx.get("invoice", item["invoice"])
        if invoice["status"] != "draft":
            raise ApiError("This invoice is no longer editable", code="invoice_not_editable")
        for line in tx.find("line_item", **{"parent.invoice_item_details.invoice_item": item_id}):
            tx.remove(line["id"])
        add_up(tx, invoice)
    tx.remove(item_id)
    emit(tx, "invoiceitem.deleted", item)
    return {"id": item_id, "object": "invoiceitem", "deleted": True}
