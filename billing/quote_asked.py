"""From a request and a plan on sale to the basket that is rated: what is held, what is used, at what instant.

Nothing is read from the database here. What was settled (`asked`, a JSON object) is stored with the quote, so
the same basket can be made again when somebody accepts it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from billing.baskets import Basket
from billing.cadence import Calendar
from billing.errors_quotes import QuoteInvalid
from billing.quote_request import Fault, QuoteRequest, fault_of, pointer_of
from billing.situation import Part, SituationInvalid, context_of, quantities_of
from billing.situation_traps import misspelt
from plans.composition import COUPON, MODULE, SLA, SUPPORT, Clash, clashes
from plans.errors import DomainError, _
from plans.problems import Problem, join
from plans.selectors import Offer
from plans.terms import Terms
from plans.terms_attributes import read_attributes
from subscriptions.anchors import start_anchor
from subscriptions.errors import (
    CurrencyNotOffered,
    OneTierOnly,
    OptionMissing,
    OptionNotOffered,
    OptionQuantity,
    OptionsExclude,
    TermNotOffered,
)
from subscriptions.models.agreements import Term
from usage.parsing_values import Refused
from usage.parsing_values import quantity as checked_quantity

REFUSALS = {"requires": OptionMissing, "excludes": OptionsExclude, "one_only": OneTierOnly}
SETTLED = ("seats", "period_number", "currency", "term")  # said by other fields, or by the calendar
Asked = Mapping[str, Any]


class FieldSettled(DomainError):  # noqa: N818
    """A fact or label that another field or the customer's history decides."""

    code = "field_settled"
    text = _("“%(name)s” is not given here: it has a field of its own, or follows from the customer.")


class NotThisKind(DomainError):  # noqa: N818
    """A number among the labels, or a label among the facts."""

    code = "not_this_kind"
    text = _("“%(name)s” belongs under %(other)s.")


class UsageValue(DomainError):  # noqa: N818
    """A quantity that is not a plain number of at most 18 digits and 12 places."""

    code = "bad_quantity"
    text = _("“%(value)s” is not a quantity: a plain number from 0, below 10^18, with at most 12 places.")


@dataclass(frozen=True, slots=True)
class Buyer:
    """For whom: the zone days are counted in, and the plan families they have bought of."""

    zone: ZoneInfo
    families: frozenset[str] = frozenset()
    is_known: bool = False  # a customer, whose history says whether it is the first purchase


def free_tier(offer: Offer, prefix: str) -> str:
    """Return the option of a tier without charges, held unless another is chosen; empty when all cost."""
    document = offer.terms.document
    priced = {option for charge in document.charges for option in charge.held}
    tiers = offer.sla_tiers if prefix == SLA else offer.support_tiers
    names = [prefix + tier.code for tier in tiers if prefix + tier.code in document.options]
    return next((name for name in names if name not in priced), "")


def settled(request: QuoteRequest, offer: Offer, *, modules: list[str], currency: str) -> dict[str, Any]:
    """Return the request as it is stored: the plan by its code, everything held as options."""
    chosen = [MODULE + code for code in modules]
    for prefix, code in ((SLA, request.sla), (SUPPORT, request.support)):
        tier = prefix + code if code else free_tier(offer, prefix)
        chosen += [tier] if tier else []
    return {
        "plan": offer.version.plan.code,
        "family": offer.version.plan.family,
        "term": request.term,
        "currency": currency,
        "seats": request.seats,
        "options": {**dict.fromkeys(chosen, "1"), **request.options},
        "usage": request.usage,
        "facts": request.facts,
        "labels": request.labels,
    }


def basket_of(terms: Terms, asked: Asked, *, at: datetime, buyer: Buyer) -> Basket:
    """Return the basket; SituationInvalid for a value that the terms cannot take."""
    given = {"seats": str(asked["seats"]), **asked["facts"], **asked["labels"]}
    if b'"first_purchase"' in terms.canonical:
        given = {"first_purchase": "no" if asked["family"] in buyer.families else "yes", **given}
    part = Part(facts=given, options=asked["options"], usage=asked["usage"])
    context = context_of(terms, part, buyer.zone)
    return Basket(
        Calendar(start_anchor(at, buyer.zone), buyer.zone, asked["term"]),
        asked["currency"],
        facts=context.facts,
        labels=context.labels,
        options=context.options,
        quantities=quantities_of(terms, part, buyer.zone),
        ends=frozenset(asked.get("ends", ())),
    )


def check(request: QuoteRequest, asked: Asked, offer: Offer, buyer: Buyer) -> None:
    """Refuse what this plan cannot answer, every field at once: QuoteInvalid."""
    found = [*_sold(asked, offer), *_options(request, asked, offer)]
    found += [*_usage(request, offer.terms, buyer), *_values(request, offer.terms, buyer)]
    if found:
        raise QuoteInvalid(found)


def _sold(asked: Asked, offer: Offer) -> Iterator[Fault]:
    terms = offer.terms
    offered = terms.document.labels.get("term") or Term.values
    if asked["term"] not in offered:
        yield _fault("/term", TermNotOffered(term=asked["term"], offered=", ".join(offered)))
    if asked["currency"] not in terms.currencies:
        words = {"version": str(offer.version), "offered": ", ".join(terms.currencies)}
        yield _fault("/currency", CurrencyNotOffered(currency=asked["currency"], **words))


def _options(request: QuoteRequest, asked: Asked, offer: Offer) -> Iterator[Fault]:
    """Yield what is not offered, held in no possible quantity, or does not go together."""
    places = {f"{MODULE}{code}": f"/modules/{index}" for index, code in enumerate(request.modules)}
    places |= {SLA + (request.sla or ""): "/sla", SUPPORT + (request.support or ""): "/support"}
    tree = {"options": request.options}
    places |= {option: pointer_of(join("options", option), tree) for option in request.options}
    known = offer.terms.document.options
    for option, quantity in asked["options"].items():
        place = places.get(option, "/options")
        if option not in known or (option.startswith(COUPON) and option in request.options):
            yield _fault(place, OptionNotOffered(option=option))
        elif _quantity(quantity) in ("", "0"):
            yield _fault(place, OptionQuantity(option=option, quantity=quantity))
    held = [option for option in asked["options"] if option in known]
    for clash in clashes(held, {code: rule for code, rule in offer.rules.items() if MODULE + code in held}):
        yield _clash(clash, places)


def _clash(clash: Clash, places: Mapping[str, str]) -> Fault:
    error = REFUSALS[clash.kind](option=clash.option, other=clash.other)
    return _fault(places.get(clash.option, "/modules"), error)


def _quantity(text: str) -> str:
    """Return a number in its plain spelling; empty when it is none."""
    try:
        return checked_quantity(text, "")
    except Refused:
        return ""


def _usage(request: QuoteRequest, terms: Terms, buyer: Buyer) -> Iterator[Fault]:
    """Yield what is wrong with each value; one bad value does not hide the next."""
    for meter, given in request.usage.items():
        for index, row in enumerate(given if isinstance(given, list) else [given]):
            path = f"usage.{meter}[{index}]" if isinstance(given, list) else f"usage.{meter}"
            value = row.get("value", "1") if isinstance(row, dict) else row
            place = pointer_of(
                join(path, "value") if isinstance(row, dict) else path, {"usage": request.usage}
            )
            if not _quantity(value):
                yield _fault(place, UsageValue(value=value))
                continue
            odd = _misspelt(row, terms, meter, path)
            if odd:
                yield from (fault_of(one, {"usage": request.usage}) for one in odd)
                continue
            reading = partial(quantities_of, terms, Part(usage={meter: [row]}), buyer.zone)
            for fault, inside in _attempted(reading, f"usage.{meter}[0]."):
                where = pointer_of(f"{path}.{inside}", {"usage": request.usage}) if inside else place
                yield replace(fault, pointer=where)


def _misspelt(row: str | dict[str, str], terms: Terms, meter: str, path: str) -> list[Problem]:
    if isinstance(row, str) or "value" in row or meter not in terms.document.meters:
        return []
    return list(misspelt(row, read_attributes(terms.document, meter), path))


def _values(request: QuoteRequest, terms: Terms, buyer: Buyer) -> Iterator[Fault]:
    """Yield the facts and labels that the terms do not know, or that are not given here."""
    for field, other in (("facts", "labels"), ("labels", "facts")):
        for name, text in getattr(request, field).items():
            place = pointer_of(join(field, name), {field: getattr(request, field)})
            if name in SETTLED or (name == "first_purchase" and buyer.is_known):
                yield _fault(place, FieldSettled(name=name))
                continue
            one = partial(context_of, terms, Part(facts={name: text}), buyer.zone)
            faults = list(_attempt(one, place))
            yield from faults
            if not faults and name not in getattr(one(), field):
                yield _fault(place, NotThisKind(name=name, other=other))


def _attempt(reading: Callable[[], object], pointer: str) -> Iterator[Fault]:
    yield from (replace(fault, pointer=pointer) for fault, _inside in _attempted(reading))


def _attempted(reading: Callable[[], object], row: str = "") -> Iterator[tuple[Fault, str]]:
    """Yield what a reading refuses, and which field of the row at the path `row` that is about, if one is."""
    try:
        reading()
    except SituationInvalid as error:  # its own sentence names a place of a file that nobody sent
        path = error.problem.path
        inside = path.removeprefix(row) if row and path.startswith(row) else ""
        yield Fault("", error.code, error.problem.sentence()), inside
    except DomainError as error:
        yield _fault("", error), ""


def _fault(pointer: str, error: DomainError) -> Fault:
    return Fault(pointer, error.code, str(error))
