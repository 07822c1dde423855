"""Pages around a card: the hosted page that saves one, and the bank's question to its holder."""

from html import escape

from config.sandbox import cards, money
from config.sandbox.errors import ApiError, Json
from config.sandbox.labels import Words, words_for
from config.sandbox.layout import card_choice, card_name, document, facts, note
from config.sandbox.resources import checkout_sessions, payment_intents, setup_intents
from config.sandbox.resources import invoice_lifecycle as life
from config.sandbox.resources.payment_methods import made
from config.sandbox.state import Tx

Page = tuple[int, dict[str, str], str]  # status, headers, body
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}


def html_page(words: Words, title: str, body: str, *, code: int = 200, narrow: bool = True) -> Page:
    """Return a page as an answer; `body` is HTML, `title` is text."""
    return code, HTML, document(words, title, body, narrow=narrow)


def redirect(url: str) -> Page:
    """Send the browser on."""
    return 303, {"Location": url, "Cache-Control": "no-store"}, ""


def chosen_method(tx: Tx, form: dict[str, str]) -> Json:
    """Return the payment method of a form: a typed number, a test card or a saved one."""
    picked = form.get("number") or form.get("card")
    if not picked:
        raise ApiError("Choose a card.")
    if picked.startswith("pm_"):
        return tx.get("payment_method", picked)
    return made(tx, cards.by_number(picked))


def session_page(tx: Tx, words: Words, session_id: str, message: str = "") -> Page:
    """Show the hosted page of a Checkout session."""
    session = tx.get("checkout.session", session_id)
    words = words_for(words.language, session["locale"])
    title = words("Add a card")
    if session["status"] != "open":
        text = words("This page has expired or was already used.")
        return html_page(words, title, f"<section><h1>{escape(title)}</h1><p>{escape(text)}</p></section>")
    customer = tx.peek(session["customer"] or "") or {}
    intent = tx.get("setup_intent", session["setup_intent"])
    message = message or (intent["last_setup_error"] or {}).get("message", "")
    who = customer.get("name") or session["customer_email"] or ""
    back = session["cancel_url"]
    cancel = f'<a href="{escape(back)}">{escape(words("Cancel and go back"))}</a>' if back else ""
    body = (
        f"<section><h1>{escape(title)}</h1>"
        + (f'<p class="soft">{escape(words("for {customer}", customer=who))}</p>' if who else "")
        + f'{note(words(message), "bad")}<form method="post" action="/c/pay/{escape(session_id)}">'
        f"{card_choice(words, [])}"
        f'<div class="buttons"><button>{escape(words("Save card"))}</button>{cancel}</div></form></section>'
    )
    return html_page(words, title, body)


def save_card(tx: Tx, words: Words, session_id: str, form: dict[str, str]) -> Page:
    """Save the chosen card for the session's customer and send the person back."""
    session = tx.get("checkout.session", session_id)
    if session["status"] != "open":
        return redirect(f"/c/pay/{session_id}")
    try:
        method = chosen_method(tx, form)
    except ApiError as refusal:
        return session_page(tx, words, session_id, str(refusal))
    intent = tx.get("setup_intent", session["setup_intent"])
    if setup_intents.attempt(tx, intent, method) is None:
        return redirect(checkout_sessions.complete(tx, session))
    waits = intent["status"] == "requires_action"
    return redirect(f"/authenticate/{intent['id']}" if waits else f"/c/pay/{session_id}")


def _intent(tx: Tx, intent_id: str) -> Json:
    return tx.get("setup_intent" if intent_id.startswith("seti_") else "payment_intent", intent_id)


def authentication_page(tx: Tx, words: Words, intent_id: str) -> Page:
    """Ask the card holder, as a bank's 3-D Secure page does."""
    intent = _intent(tx, intent_id)
    title = words("Authenticate")
    if intent["status"] != "requires_action":
        text = words("This step is already done.")
        title = words("Nothing to do here")
        return html_page(words, title, f"<section><h1>{escape(title)}</h1><p>{escape(text)}</p></section>")
    method = tx.get("payment_method", intent["payment_method"])
    pairs = [(words("Card"), card_name(method))]
    if "amount" in intent:
        pairs.append((words("Amount"), money.written(intent["amount"], intent["currency"])))
    body = (
        f"<section><h1>{escape(title)}</h1>"
        f"<p>{escape(words('Your bank asks you to confirm that it is you.'))}</p>{facts(pairs)}"
        f'<form method="post" action="/authenticate/{escape(intent_id)}"><p></p><div class="buttons">'
        f'<button name="outcome" value="pass">{escape(words("Authenticate"))}</button>'
        f'<button class="second" name="outcome" value="fail">{escape(words("Fail authentication"))}</button>'
        "</div></form></section>"
    )
    return html_page(words, title, body)


def authenticate(tx: Tx, words: Words, intent_id: str, *, passed: bool) -> Page:
    """Take the card holder's answer and send them back to where they came from."""
    intent = _intent(tx, intent_id)
    if intent["status"] != "requires_action":
        return authentication_page(tx, words, intent_id)
    if intent["object"] == "setup_intent":
        return _after_setup(tx, words, intent, passed=passed)
    refusal = payment_intents.authenticate(tx, intent, passed=passed)
    payments = tx.find("invoice_payment", **{"payment.payment_intent": intent_id})
    if not payments:
        return authentication_page(tx, words, intent_id)
    invoice = tx.get("invoice", payments[0]["invoice"])
    if refusal is not None:
        life.failed(tx, invoice, intent, refusal)
    return redirect(f"/i/{invoice['id']}")


def _after_setup(tx: Tx, words: Words, intent: Json, *, passed: bool) -> Page:
    refusal = setup_intents.authenticate(tx, intent, passed=passed)
    sessions = tx.find("checkout.session", setup_intent=intent["id"])
    if not sessions:
        return authentication_page(tx, words, intent["id"])
    session = sessions[0]
    return redirect(f"/c/pay/{session['id']}" if refusal else checkout_sessions.complete(tx, session))
