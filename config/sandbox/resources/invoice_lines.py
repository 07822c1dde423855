"""Lines: what an invoice is for. They are integers of minor units; negative ones are credits."""

from decimal import ROUND_HALF_UP, Decimal

from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json, required, unsupported
from config.sandbox.money import MAXIMUM_IDR, check_currency
from config.sandbox.resources.common import merged_metadata, refuse
from config.sandbox.resources.invoice_state import lines_of
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

MOST_LINES = 250
UNSUPPORTED = ["discounts", "pricing", "subscription", "tax_amounts", "tax_behavior", "tax_code", "tax_rates"]


def added(tx: Tx, invoice: Json, given: Json, param: str) -> Json:
    """Store one line of a draft."""
    refuse(given, UNSUPPORTED)
    if "invoice_item" in given:
        item = tx.reference("invoiceitem", given["invoice_item"], f"{param}[invoice_item]")
        return from_item(tx, invoice, item)
    line = _line(tx, invoice, amount_of(given, invoice["currency"], param))
    line["description"] = given.get("description") or _product_name(given)
    line["discountable"] = given.get("discountable", line["amount"] >= 0)
    line["metadata"] = merged_metadata({}, given)
    line["period"] = period_of(given, tx.now, param)
    line["quantity"] = given.get("quantity", 1)
    return tx.put(line)


def from_item(tx: Tx, invoice: Json, item: Json) -> Json:
    """Turn a pending invoice item into a line."""
    if item["invoice"] is not None:
        raise ApiError(f"The invoice item {item['id']} is already on an invoice.", param="invoice_item")
    if item["currency"] != invoice["currency"]:
        raise ApiError("The invoice item's currency is not the invoice's.", param="invoice_item")
    tx.put({**item, "invoice": invoice["id"]})
    line = _line(tx, invoice, item["amount"])
    line.update(
        {name: item[name] for name in ("description", "discountable", "metadata", "period", "quantity")}
    )
    line["parent"]["invoice_item_details"]["invoice_item"] = item["id"]
    return tx.put(line)


def _line(tx: Tx, invoice: Json, amount: int) -> Json:
    details = {
        "invoice_item": new_id("ii"), "proration": False, "proration_details": None, "subscription": None
    }  # fmt: skip
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": invoice["currency"],
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": {"start": tx.now, "end": tx.now},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
    }


def amount_of(given: Json, currency: str, param: str) -> int:
    """Return a line's amount: given outright, or price times quantity."""
    if "amount" in given:
        amount = int(given["amount"])
        if "quantity" in given or "price_data" in given or "unit_amount_decimal" in given:
            raise ApiError(
                f"You may only specify one of these parameters: {param}[amount], {param}[quantity]."
            )
    else:
        amount = _priced(given, currency, param)
    if abs(amount) > MAXIMUM_IDR:
        raise ApiError(
            "The amount of a line is too large.", code="amount_too_large", param=f"{param}[amount]"
        )
    return amount


def _priced(given: Json, currency: str, param: str) -> int:
    price = given.get("price_data") or given
    if "currency" in price and check_currency(price["currency"]) != currency:
        raise ApiError(
            f"The price's currency is not the invoice's ({currency}).", param=f"{param}[price_data]"
        )
    unit = price.get("unit_amount_decimal", price.get("unit_amount"))
    if unit is None:
        raise required(f"{param}[amount]")
    if "quantity_decimal" in given:
        raise unsupported("quantity_decimal")
    exact = Decimal(unit) * given.get("quantity", 1)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _product_name(given: Json) -> str | None:
    product = (given.get("price_data") or {}).get("product_data") or {}
    return product.get("name")


def period_of(given: Json, now: int, param: str) -> Json:
    """Return the service period; a lone instant where none is given."""
    period: Json = given.get("period") or {"start": now, "end": now}
    if period["end"] < period["start"]:
        raise ApiError("The period's end must not be before its start.", param=f"{param}[period][end]")
    return period


def check_room(tx: Tx, invoice_id: str, more: int) -> None:
    """Refuse lines above the limit of an invoice."""
    if len(lines_of(tx, invoice_id)) + more > MOST_LINES:
        message = f"An invoice can have at most {MOST_LINES} line items."
        raise ApiError(message, code="invoice_too_many_lines", param="lines")


@handles("invoice_line_item.list")
def list_(tx: Tx, given: Json, invoice_id: str) -> Json:
    tx.get("invoice", invoice_id)
    url = f"/v1/invoices/{invoice_id}/lines"
    return page(tx, "line_item", given, url, oldest_first=True, where={"invoice": invoice_id})


def shown(tx: Tx, invoice_id: str) -> list[Json]:
    """Return all lines as answers, for pages."""
    return [shaped(tx, line) for line in lines_of(tx, invoice_id)]
