"""What a price list says of a version in a few words: allowances and unit prices, by meter. PURE.

Only what can be said in one line is read out of the terms (literals, and choices by currency, term
and other fixed labels); the price calculation rates the whole document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from plans.terms import Band, Charge, Document, Formula, Tariff
from plans.terms_schedule import Schedule
from plans.tou import band_codes


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Money for every `per` units; `falls` when later bands cost less."""

    each: Decimal
    per: Decimal
    falls: bool = False


@dataclass(frozen=True, slots=True)
class Highlight:
    """One metered charge of a version: what is included and what more costs."""

    charge: str
    meter: str
    unit: str
    held: tuple[str, ...]  # options it exists for; empty: always
    included: Decimal | None
    price: UnitPrice | None
    band: str = ""  # of the meter's schedule, where the charge has a price for each
    band_name: Mapping[str, str] = field(default_factory=dict)  # locale -> text


def highlights(document: Document, labels: Mapping[str, str]) -> list[Highlight]:
    """Return the metered charges in document order; `labels` holds currency and term."""
    found = []
    for charge in document.charges:
        meter = _meter_of(charge, document)
        if meter is None:
            continue
        for band, name in _bands(charge, document.meters[meter].schedule, document):
            known = {**labels, "band": band} if band else labels
            one = _highlight(charge, meter, document=document, labels=known)
            found.append(replace(one, band=band, band_name=name))
    return found


def _bands(charge: Charge, schedule: str | None, document: Document) -> list[tuple[str, Mapping[str, str]]]:
    """Return the time bands a charge prices apart, with their names; one without a code where it does not."""
    if charge.split != "band" or schedule not in document.schedules:
        return [("", {})]
    return _named_bands(document.schedules[schedule])


def bands_by_meter(document: Document) -> dict[str, list[tuple[str, Mapping[str, str]]]]:
    """Return the time bands (code and names) of every meter that has a schedule, `else` last."""
    found = {}
    for meter, declared in document.meters.items():
        if declared.schedule in document.schedules:
            found[meter] = _named_bands(document.schedules[declared.schedule])
    return found


def _named_bands(rule: Schedule) -> list[tuple[str, Mapping[str, str]]]:
    names = {band.code: band.name for band in rule.bands}
    return [(code, names.get(code, {})) for code in band_codes(rule)]


def _highlight(charge: Charge, meter: str, *, document: Document, labels: Mapping[str, str]) -> Highlight:
    included = next((literal(step.included, labels) for step in charge.steps if step.included), None)
    tariff = next((tariff_for(step.price, labels) for step in charge.steps if step.price), None)
    price, free = unit_price(tariff, labels) if tariff else (None, None)
    return Highlight(
        charge.code, meter, document.meters[meter].unit, tuple(charge.held), included or free, price
    )


def _meter_of(charge: Charge, document: Document) -> str | None:
    """Return the one meter a charge is of; a named number is followed when it is of a meter."""
    of = charge.of
    for _hop in range(3):
        if isinstance(of, Formula):
            of = of.of or "1"
        elif of in document.meters:
            return of
        else:
            of = document.numbers.get(of, "1")
    return None


def literal(number: str | Formula | None, labels: Mapping[str, str]) -> Decimal | None:
    """Return a literal, or the case that a known label picks; None for anything that needs rating."""
    if isinstance(number, Formula):
        if number.pick is None or number.cases is None:
            return None
        case = number.cases.get(labels.get(number.pick, ""), number.otherwise)
        return literal(case, labels)
    try:
        return None if number is None else Decimal(number)
    except InvalidOperation:
        return None


def tariff_for(tariff: Tariff | None, labels: Mapping[str, str]) -> Tariff | None:
    """Return the price list that known labels pick."""
    if tariff is None or tariff.pick is None:
        return tariff
    return tariff_for((tariff.cases or {}).get(labels.get(tariff.pick, ""), tariff.otherwise), labels)


def unit_price(tariff: Tariff, labels: Mapping[str, str]) -> tuple[UnitPrice | None, Decimal | None]:
    """Return the first price that is not zero, and the quantity a free first band holds."""
    bands = tariff.bands or [Band()]
    prices = [(_each(band, tariff, labels), band) for band in bands]
    paid = [(price, band) for price, band in prices if price is not None and price.each > 0]
    if not paid:
        return None, None
    first = paid[0][0]
    falls = any(price.each / price.per < first.each / first.per for price, _band in paid[1:])
    leading = prices[0]
    is_free = leading[0] is not None and leading[0].each == 0 and tariff.mode == "graduated"
    free = literal(leading[1].upto, labels) if is_free else None
    return UnitPrice(first.each, first.per, falls), free


def _each(band: Band, tariff: Tariff, labels: Mapping[str, str]) -> UnitPrice | None:
    each = literal(band.each if band.each is not None else tariff.each, labels)
    per = literal(band.per if band.per is not None else tariff.per, labels)
    return None if each is None else UnitPrice(each, per or Decimal(1))
