"""Quotes: a price for expected usage, kept with all it was rated from until it expires.

A request names a plan, or only modules. A bundle of modules is answered by a plan: modules carry small charge
documents of their own, but rounding, term discount, tax and the currency stand in a plan version, and nothing
else can be subscribed to. So the required modules are added, every plan on sale that offers them all is rated
for the same usage, and the one that costs least over a year answers (of equal ones, the lowest in rank); the
others are told beside it. A provider who sells modules alone publishes a plan without a base fee.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from billing.baskets import Basket
from billing.errors_quotes import OtherRequest, QuoteInvalid
from billing.models import Quote
from billing.quote_asked import Buyer, basket_of, check, settled
from billing.quote_rating import Rated, hash_of, inputs_of, rate_basket
from billing.quote_request import Fault, QuoteRequest
from billing.selectors_gather import meter_names
from plans.actor import Actor
from plans.composition import COUPON, Rules
from plans.errors import DomainError, _
from plans.history import changes
from plans.ids import new_id
from plans.models import Coupon
from plans.selectors import Offer, price_list
from plans.terms import canonical_json
from plans.timespan import local_date
from subscriptions.models import Customer
from subscriptions.selectors import zone_of

POINTERS = {"missing_fact": "/facts", "missing_case": "/labels", "unpriceable_quantity": "/usage"}


class UnknownPlan(DomainError):  # noqa: N818
    """A plan that is not on sale at the quote's instant."""

    code = "unknown_plan"
    text = _("No plan “%(plan)s” is on sale at this time. On sale: %(offered)s.")


class NothingAsked(DomainError):  # noqa: N818
    """Neither a plan nor a bundle."""

    code = "plan_or_modules"
    text = _("Name a plan, or the modules of a bundle.")


class CurrencyNeeded(DomainError):  # noqa: N818
    """No customer to take the currency from."""

    code = "currency_needed"
    text = _("Name a currency, such as CNY.")


class OtherCurrency(DomainError):  # noqa: N818
    """A currency that the customer does not pay in."""

    code = "other_currency"
    text = _("This customer pays in %(currency)s.")


class NoPlanForBundle(DomainError):  # noqa: N818
    """No plan on sale offers all modules of a bundle."""

    code = "no_plan_for_bundle"
    text = _("No plan on sale in %(currency)s offers all of: %(modules)s.")


@dataclass(frozen=True, slots=True)
class Answer:
    """One plan's answer to a request, before it is kept."""

    offer: Offer
    asked: Mapping[str, Any]
    basket: Basket
    rated: Rated


def make_quote(
    request: QuoteRequest, *, customer: Customer | None, at: datetime, by: Actor, key: str = ""
) -> Quote:
    """Rate a request and keep the answer; a repeat (same key, or same inputs) returns the first.

    Raises QuoteInvalid with every field that is not right; OtherRequest for another under a known key.
    """
    whole = canonical_json(msgspec.to_builtins(request) | {"customer": customer.pk if customer else None})
    fingerprint = hashlib.sha256(whole).hexdigest()
    if key and (known := Quote.objects.filter(made_by=by.id, key=key).first()):
        return _same(known, fingerprint)
    answer = answer_to(request, customer=customer, at=at)
    inputs = inputs_of(answer.offer.terms, answer.basket, _instant(at))
    quote = _draft(answer, customer=customer, at=at)
    quote.inputs, quote.inputs_hash = inputs, hash_of(inputs)
    quote.key, quote.request_hash, quote.made_by = key, fingerprint, by.id
    with changes(by):
        return _insert(quote)


def answer_to(request: QuoteRequest, *, customer: Customer | None, at: datetime) -> Answer:
    """Return the answer without keeping it."""
    offers = price_list(at)
    offer = next((one for one in offers if one.version.plan.code == request.plan), None)
    found = _unasked(request, customer)
    if request.plan is not None and offer is None:
        offered = ", ".join(one.version.plan.code for one in offers) or "–"
        found.insert(0, _fault("/plan", UnknownPlan(plan=request.plan, offered=offered)))
    if found:
        raise QuoteInvalid([*found, *_faults_beside(request, offer, customer=customer, at=at)])
    if offer is None:
        currency = _currency(request, customer)
        return _bundle(request, offers, currency=currency, buyer=buyer_of(customer), at=at)
    return answer_for(request, offer, customer=customer, at=at)


def _faults_beside(
    request: QuoteRequest, offer: Offer | None, *, customer: Customer | None, at: datetime
) -> list[Fault]:
    """Return what else a plan cannot answer of a request whose currency is not right."""
    if offer is None:
        return []
    currency = customer.currency if customer else next(iter(offer.terms.currencies), None)
    try:
        answer_for(msgspec.structs.replace(request, currency=currency), offer, customer=customer, at=at)
    except QuoteInvalid as refusal:
        return [one for one in refusal.faults if one.pointer != "/currency"]
    return []


def answer_for(
    request: QuoteRequest,
    offer: Offer,
    *,
    customer: Customer | None,
    at: datetime,
    coupon: Coupon | None = None,
) -> Answer:
    """Return one plan's answer, with a coupon if one is given; QuoteInvalid names what it cannot answer."""
    currency = _currency(request, customer)
    asked = settled(request, offer, modules=request.modules, currency=currency)
    if coupon is not None:
        asked["options"][COUPON + coupon.code] = "1"
        asked["ends"] = [COUPON + coupon.code] if coupon.periods == 1 else []
    return _answer(request, asked, offer, buyer=buyer_of(customer), at=at)


def buyer_of(customer: Customer | None) -> Buyer:
    """Return for whom a price is; somebody unknown counts days in UTC and buys for the first time."""
    if customer is None:
        return Buyer(ZoneInfo("UTC"))
    families = frozenset(customer.subscriptions.values_list("family", flat=True))
    return Buyer(zone_of(customer), families, is_known=True)


def _currency(request: QuoteRequest, customer: Customer | None) -> str:
    """Return the currency, or refuse; a missing plan is told together with it."""
    if found := _unasked(request, customer):
        raise QuoteInvalid(found)
    return customer.currency if customer else str(request.currency)


def _unasked(request: QuoteRequest, customer: Customer | None) -> list[Fault]:
    """Return what keeps a request from being about anything: no plan, no currency, or another's."""
    found = [_fault("/plan", NothingAsked())] if request.plan is None and not request.modules else []
    if customer is None and request.currency is None:
        found.append(_fault("/currency", CurrencyNeeded()))
    if customer is not None and request.currency not in (None, customer.currency):
        found.append(_fault("/currency", OtherCurrency(currency=customer.currency)))
    return found


def _answer(
    request: QuoteRequest, asked: Mapping[str, Any], offer: Offer, *, buyer: Buyer, at: datetime
) -> Answer:
    check(request, asked, offer, buyer)
    try:
        basket = basket_of(offer.terms, asked, at=at, buyer=buyer)
        return Answer(offer, asked, basket, rate_basket(offer.terms, basket, meter_names(offer.terms)))
    except DomainError as error:  # what only rating finds out: a missing case, a quantity beyond the list
        raise QuoteInvalid([_fault(POINTERS.get(error.code, "/"), error)]) from error


def _bundle(
    request: QuoteRequest, offers: Sequence[Offer], *, currency: str, buyer: Buyer, at: datetime
) -> Answer:
    """Return the cheapest plan's answer to a bundle; see the top of this file."""
    found: list[Answer] = []
    refused: list[QuoteInvalid] = []
    for offer in offers:
        modules = with_required(request.modules, offer.rules)
        if currency not in offer.terms.currencies or not set(modules) <= {one.code for one in offer.modules}:
            continue
        asked = settled(request, offer, modules=modules, currency=currency)
        try:
            found.append(_answer(request, asked, offer, buyer=buyer, at=at))
        except QuoteInvalid as refusal:
            refused.append(refusal)
    if found:
        best = min(found, key=lambda one: one.rated.monthly)  # the first of equals: offers come by rank
        others = {one.offer.version.plan.code: one.rated.monthly for one in found if one is not best}
        return Answer(best.offer, {**best.asked, "alternatives": others}, best.basket, best.rated)
    if refused:
        raise refused[0]
    words = {"currency": currency, "modules": ", ".join(request.modules)}
    raise QuoteInvalid([_fault("/modules", NoPlanForBundle(**words))])


def with_required(modules: Sequence[str], rules: Mapping[str, Rules]) -> list[str]:
    """Return modules and all they require, in a stable order."""
    found = dict.fromkeys(modules)
    open_codes = list(found)
    while open_codes:
        for other in sorted(rules.get(open_codes.pop(0), Rules()).requires - found.keys()):
            found[other] = None
            open_codes.append(other)
    return list(found)


def _draft(answer: Answer, *, customer: Customer | None, at: datetime) -> Quote:
    version, rated = answer.offer.version, answer.rated
    public_id = new_id("quo")
    day = local_date(at, answer.basket.calendar.zone)
    return Quote(
        public_id=public_id,
        number=f"Q-{day:%Y%m%d}-{public_id[4:10].upper()}",
        customer=customer,
        plan_version=version,
        terms_hash=version.terms_hash,
        currency=rated.currency,
        term=answer.asked["term"],
        asked=answer.asked,
        lines=rated.lines,
        start_total=rated.start.total,
        cycle_total=rated.cycle.total,
        engine=rated.engine,
        at=at,
        expires_at=at + timedelta(days=settings.QUOTE_DAYS),
    )


def _insert(quote: Quote) -> Quote:
    """Save it, or return the row that stands for the same inputs or key already."""
    try:
        with transaction.atomic():
            quote.save(force_insert=True)
            return quote
    except IntegrityError:
        rows = Quote.objects.filter(customer=quote.customer, inputs_hash=quote.inputs_hash)
        known = rows.first()
        if known is not None:
            return known
        if quote.key and (taken := Quote.objects.filter(made_by=quote.made_by, key=quote.key).first()):
            return _same(taken, quote.request_hash)
        raise


def _same(known: Quote, fingerprint: str) -> Quote:
    if known.request_hash != fingerprint:
        raise OtherRequest
    return known


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _fault(pointer: str, error: DomainError) -> Fault:
    return Fault(pointer, error.code, str(error))
