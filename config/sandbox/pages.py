"""Pages for people: what the sandbox holds, and each invoice with a Pay button."""

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

from config.sandbox import money
from config.sandbox.api import Request
from config.sandbox.card_pages import (
    Page,
    authenticate,
    authentication_page,
    chosen_method,
    html_page,
    redirect,
    save_card,
    session_page,
)
from config.sandbox.errors import ApiError, Json
from config.sandbox.labels import Words, words_for
from config.sandbox.layout import card_choice, card_name, facts, instant, note, status, table
from config.sandbox.resources import invoice_lifecycle as life
from config.sandbox.resources import invoice_payments
from config.sandbox.resources.invoice_lines import shown
from config.sandbox.state import Store, Tx

LATEST = 200
OPEN_STATUSES = {"open", "uncollectible"}


def answer(store: Store, request: Request) -> Page:
    """Answer a browser."""
    words = words_for(request.headers.get("accept-language", ""))
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    try:
        with store.transaction() as tx:
            return _route(tx, words, request, form)
    except ApiError as refusal:
        if refusal.status != 404:
            return html_page(words, words("Not found"), note(words(str(refusal)), "bad"), code=refusal.status)
        return not_found(words)


def _route(tx: Tx, words: Words, request: Request, form: dict[str, str]) -> Page:
    parts = [part for part in request.path.split("/") if part]
    routes: dict[tuple[str, str], Callable[[str], Page]] = {
        ("GET", "i"): lambda key: invoice_page(tx, words, key),
        ("POST", "i"): lambda key: pay(tx, words, key, form),
        ("GET", "c"): lambda key: session_page(tx, words, key),
        ("POST", "c"): lambda key: save_card(tx, words, key, form),
        ("GET", "authenticate"): lambda key: authentication_page(tx, words, key),
        ("POST", "authenticate"): lambda key: authenticate(
            tx, words, key, passed=form.get("outcome") == "pass"
        ),
    }
    if not parts and request.method == "GET":
        return index(tx, words)
    chosen = routes.get((request.method, parts[0])) if len(parts) > 1 else None
    return chosen(parts[-1]) if chosen else not_found(words)


def not_found(words: Words) -> Page:
    """Return the page for an address that leads nowhere."""
    text = words("There is no such page in the sandbox.")
    return html_page(
        words,
        words("Not found"),
        f"<section><h1>{escape(words('Not found'))}</h1><p>{escape(text)}</p></section>",
        code=404,
    )


# --- all invoices and customers ---------------------------------------------------------


def index(tx: Tx, words: Words) -> Page:
    """List what the sandbox holds, newest first."""
    customers = [c for c in reversed(tx.find("customer")) if not c.get("deleted")]
    names = {customer["id"]: _name(customer) for customer in customers}
    invoices = list(reversed(tx.find("invoice")))
    body = (
        f"<section><h1>{escape(words('Stripe sandbox'))}</h1>"
        f'<p class="soft">{escape(words("Sandbox time"))}: {escape(instant(tx.now))} · '
        f'<a href="/_sandbox/requests">{escape(words("Request log"))}</a> · '
        f'<a href="/_sandbox/state">{escape(words("State"))}</a></p></section>'
        f"<section><h2>{escape(words('Invoices'))}</h2>{_invoice_table(words, invoices, names)}</section>"
        f"<section><h2>{escape(words('Customers'))}</h2>{_customer_table(tx, words, customers)}</section>"
    )
    return html_page(words, words("All invoices and customers"), body, narrow=False)


def _name(customer: Json) -> str:
    return str(customer.get("name") or customer.get("email") or customer["id"])


def _invoice_table(words: Words, invoices: list[Json], names: dict[str, str]) -> str:
    if not invoices:
        return f'<p class="soft">{escape(words("No invoices yet."))}</p>'
    rows = [
        [
            f'<a href="/i/{escape(i["id"])}">{escape(str(i["number"] or words("draft")))}</a>',
            escape(names.get(i["customer"]) or str(i["customer"])),
            status(words, i["status"]),
            escape(instant(i["effective_at"] or i["created"])),
            escape(money.written(i["total"], i["currency"])),
        ]
        for i in invoices[:LATEST]
    ]
    head = [words(name) for name in ("Number", "Customer", "Status", "Issued", "Total")]
    more = (
        f'<p class="soft">{escape(words("Only the latest are shown."))}</p>' if len(invoices) > LATEST else ""
    )
    return table(head, rows, numbers={4}) + more


def _customer_table(tx: Tx, words: Words, customers: list[Json]) -> str:
    if not customers:
        return f'<p class="soft">{escape(words("No customers yet."))}</p>'
    rows = []
    for customer in customers[:LATEST]:
        method = tx.peek(customer["invoice_settings"]["default_payment_method"] or "")
        balance = money.written(customer["balance"], customer["currency"] or "usd")
        cells = [_name(customer), customer["email"] or "–", card_name(method) if method else "–", balance]
        rows.append([escape(str(cell)) for cell in cells])
    return table([words(name) for name in ("Name", "Email", "Card", "Balance")], rows, numbers={3})


# --- one invoice ------------------------------------------------------------------------


def invoice_page(tx: Tx, words: Words, invoice_id: str, message: str = "") -> Page:
    """Show an invoice with its lines and, while it is owed, ways to pay it."""
    invoice = tx.get("invoice", invoice_id)
    customer = tx.get("customer", invoice["customer"])
    title = f"{words('Invoice')} {invoice['number'] or words('draft')}"
    pairs = [
        (words("Customer"), str(invoice["customer_name"] or _name(customer))),
        (words("Issued"), instant(invoice["effective_at"] or invoice["created"])),
        (words("Due"), instant(invoice["due_date"])),
        (words("Paid"), instant(invoice["status_transitions"]["paid_at"])),
    ]
    text = "".join(
        f'<p class="soft">{escape(invoice[name])}</p>' for name in ("description", "footer") if invoice[name]
    )
    body = (
        f'<section><div class="head"><h1>{escape(title)}</h1>{status(words, invoice["status"])}</div>'
        f"{facts(pairs)}</section><section>{_lines(tx, words, invoice)}{text}</section>"
    )
    if invoice["status"] in OPEN_STATUSES:
        body += _pay_form(tx, words, invoice, message)
    elif invoice["status"] == "paid":
        body += note(words("This invoice is paid. Thank you."), "good")
    return html_page(words, title, body, narrow=False)


def _lines(tx: Tx, words: Words, invoice: Json) -> str:
    def amount(value: int) -> str:
        return escape(money.written(value, invoice["currency"]))

    rows = [
        [escape(line["description"] or "–"), escape(_period(line["period"])), amount(line["amount"])]
        for line in shown(tx, invoice["id"])
    ]
    foot = [["", escape(words("Total")), amount(invoice["total"])]]
    applied = invoice["amount_due"] - invoice["total"]
    if applied:
        foot.append(["", escape(words("Balance applied")), amount(applied)])
    foot.append(["", escape(words("Amount paid")), amount(invoice["amount_paid"])])
    foot.append(["", escape(words("Amount due")), amount(invoice["amount_remaining"])])
    return table([words(name) for name in ("Description", "Period", "Amount")], rows, numbers={2}, foot=foot)


def _period(period: Json) -> str:
    if period["start"] == period["end"]:
        return "–"
    return f"{instant(period['start'])} – {instant(period['end'])}"


def _intent_of(tx: Tx, invoice_id: str) -> Json:
    payment = invoice_payments.default_of(tx, invoice_id)
    if payment is None:
        raise ApiError("This invoice cannot be paid.")
    return tx.get("payment_intent", payment["payment"]["payment_intent"])


def _pay_form(tx: Tx, words: Words, invoice: Json, message: str) -> str:
    intent = _intent_of(tx, invoice["id"])
    message = message or (intent["last_payment_error"] or {}).get("message", "")
    head = f"<section><h2>{escape(words('Pay this invoice'))}</h2>"
    if intent["status"] == "requires_action":
        waiting = note(words("This payment waits for the card holder's authentication."))
        link = f'<a href="/authenticate/{escape(intent["id"])}">{escape(words("Authenticate"))}</a>'
        head += f"{waiting}<p>{link}</p>"
    saved = tx.find("payment_method", customer=invoice["customer"])
    label = words("Pay {amount}", amount=money.written(invoice["amount_remaining"], invoice["currency"]))
    return (
        f'{head}{note(words(message), "bad")}<form method="post" action="/i/{escape(invoice["id"])}">'
        f"{card_choice(words, saved)}<button>{escape(label)}</button></form></section>"
    )


def pay(tx: Tx, words: Words, invoice_id: str, form: dict[str, str]) -> Page:
    """Charge the chosen card; a bank that asks for its holder gets the authentication page."""
    invoice = tx.get("invoice", invoice_id)
    if invoice["status"] not in OPEN_STATUSES:
        return redirect(f"/i/{invoice_id}")
    try:
        method = chosen_method(tx, form)
    except ApiError as refusal:
        return invoice_page(tx, words, invoice_id, str(refusal))
    life.collect(tx, invoice, method)
    intent = _intent_of(tx, invoice_id)
    waits = intent["status"] == "requires_action"
    return redirect(f"/authenticate/{intent['id']}" if waits else f"/i/{invoice_id}")
