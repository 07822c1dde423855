"""Accept a quote: the agreement it describes, its first invoice and the quote's mark in one commit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.baskets import Basket
from billing.errors_quotes import QuoteAccepted, QuoteExpired, QuoteStale
from billing.locks import lock_quote
from billing.models import Invoice, InvoiceKind, Quote
from billing.quote_asked import basket_of
from billing.quote_rating import Rated, hash_of, inputs_of, rate_basket
from billing.selectors_gather import meter_names
from billing.services.quotes import buyer_of
from billing.services.subscribing import subscribe
from plans.actor import Actor
from plans.errors import DomainError, NotFound
from plans.history import changes
from plans.selectors import Offer, price_list
from subscriptions.models import App, Subscription


@dataclass(frozen=True, slots=True)
class Current:
    """A quote's price as it is now, found equal to what was quoted."""

    offer: Offer
    basket: Basket
    rated: Rated


def accept_quote(
    quote: Quote, *, collection: str, app: App | None, key: str, at: datetime, by: Actor
) -> tuple[Subscription, Invoice]:
    """Subscribe to what was quoted; a repeat with the same `key` returns the first pair.

    Refused: QuoteExpired from its date on, QuoteAccepted the second time, QuoteStale when rating the same
    request again gives anything else, and whatever subscribing refuses.
    """
    with changes(by):
        locked = lock_quote(quote.pk)
        if locked.subscription is not None and locked.subscription.key == key:
            start = locked.subscription.invoices.filter(kind=InvoiceKind.START).get()
            return locked.subscription, start
        current = current_price(locked, at=at)
        asked = locked.asked
        assert locked.customer is not None  # noqa: S101  # current_price refuses a prospect's quote
        agreement, invoice = subscribe(
            customer=locked.customer,
            version=current.offer.version,
            term=locked.term,
            options={option: Decimal(held) for option, held in asked["options"].items()},
            seats=asked["seats"],
            labels=asked["labels"],
            facts={name: Decimal(value) for name, value in asked["facts"].items()},
            collection=collection,
            app=app,
            key=key,
            at=at,
            by=by,
        )
        locked.accepted_at, locked.accepted_by, locked.subscription = at, by.id, agreement
        locked.save(update_fields=["accepted_at", "accepted_by", "subscription"])
        return agreement, invoice


def current_price(quote: Quote, *, at: datetime) -> Current:
    """Rate a quote's request again under the version on sale at `at`; refuse unless all is as quoted."""
    _check_open(quote, at)
    current = _rated_now(quote, at)
    if current is None:
        raise QuoteStale(number=quote.number)
    inputs = inputs_of(current.offer.terms, current.basket, quote.inputs["at"])
    if hash_of(inputs) != quote.inputs_hash or current.rated.lines != quote.lines:
        raise QuoteStale(number=quote.number)
    return current


def _check_open(quote: Quote, at: datetime) -> None:
    if quote.customer is None:
        raise NotFound
    if quote.accepted_at is not None:
        raise QuoteAccepted(number=quote.number)
    if at >= quote.expires_at:
        raise QuoteExpired(number=quote.number)


def _rated_now(quote: Quote, at: datetime) -> Current | None:
    """Return today's answer to the quote's request; None where there is none, or under other terms."""
    offer = next(iter(price_list(at, currency=quote.currency, code=quote.asked["plan"])), None)
    if offer is None or offer.terms.hash != quote.terms_hash:
        return None
    try:
        basket = basket_of(offer.terms, quote.asked, at=quote.at, buyer=buyer_of(quote.customer))
        return Current(offer, basket, rate_basket(offer.terms, basket, meter_names(offer.terms)))
    except DomainError:
        return None
