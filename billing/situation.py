"""The second document: what is used, held and asked, without which a bill cannot be written down. PURE."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from billing.assumed import attributes_of
from billing.compile import Compiled, compiled
from billing.numbers import Env, MissingFact
from billing.pools import Pools
from billing.values import Context, Due, Observation, Pack, Quantities
from plans.errors import DomainError, _
from plans.money import exact
from plans.problems import Problem
from plans.shape import Strict
from plans.terms import Document, Terms
from plans.terms_check import BUILTIN_FACTS, BUILTIN_LABELS
from plans.timespan import Period, local_midnight, shift_months

Given = str | dict[str, str] | list[str | dict[str, str]]  # of a meter: a number, an event, or several
_DEFAULT_PERIOD = "2026-06"  # thirty days, no clock change in any zone we sell in

_ANY = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))  # an event has no period


class SituationInvalid(DomainError):  # noqa: N818
    """A value of the situation that its terms cannot take; `problem` says where and what to do."""

    code = "situation_invalid"
    text = _("In the situation, “%(path)s” is wrong: %(sentence)s")

    def __init__(self, path: str, code: str, **params: str) -> None:
        self.problem = Problem(path, code, params)
        super().__init__(path=path, sentence=self.problem.sentence())


class Span(Strict):
    """From an instant or a local day up to, not including, another."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")


class PackGiven(Strict):
    """Prepaid units held."""

    left: str
    expires: str | None = None
    bought: str | None = None
    code: str | None = None


class Part(Strict):
    """One bill's worth of facts. Days are local days of `zone`; `period` may be a month, 2026-06."""

    facts: dict[str, str] = {}
    options: "list[str] | dict[str, str]" = []
    usage: "dict[str, str | dict[str, str] | list[str | dict[str, str]]]" = {}
    period: "str | Span | None" = None
    spans: list[Span] = []
    at: str | None = None
    split: "dict[str, dict[str, dict[str, str | dict[str, str] | list[str | dict[str, str]]]]]" = {}
    packs: dict[str, list[PackGiven]] = {}


class Situation(Part):
    """A part, or several: `bills` are rated one by one and added; `count` repeats the only one."""

    zone: str = "UTC"
    bills: list[Part] = []
    count: int = 1
    ask: str = "total"
    unit: str | None = None


def zone_of(text: str) -> ZoneInfo:
    """Return the zone of a name; refuses one that the zone database does not know."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SituationInvalid("zone", "given_zone", value=text) from None


def instant(text: str, zone: ZoneInfo, path: str) -> datetime:
    """Return an instant; a bare day is its local midnight. Years 1 and 9999 leave no room to count from."""
    try:
        is_day = len(text) == 10
        found = local_midnight(date.fromisoformat(text), zone) if is_day else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise SituationInvalid(path, "given_instant", value=text) from None
    if not 1 < found.year < 9999:
        raise SituationInvalid(path, "given_instant", value=text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def period_of(part: Part, zone: ZoneInfo) -> Period:
    """Return the part's period: a span, or a calendar month written 2026-06."""
    given = part.period or _DEFAULT_PERIOD
    if isinstance(given, Span):
        return span_of(given, zone, "period")
    try:
        first = date.fromisoformat(f"{given}-01")
    except ValueError:
        raise SituationInvalid("period", "given_period", value=given) from None
    if not 1 < first.year < 9999:
        raise SituationInvalid("period", "given_period", value=given)
    return Period(local_midnight(first, zone), local_midnight(shift_months(first, 1), zone))


def span_of(span: Span, zone: ZoneInfo, path: str) -> Period:
    """Return the span; refuses one that is empty or runs backwards."""
    start, end = instant(span.start, zone, f"{path}.from"), instant(span.end, zone, f"{path}.to")
    if start >= end:
        raise SituationInvalid(path, "given_span", start=span.start, end=span.end)
    return Period(start, end)


def number(text: str, path: str, low: int | None = None) -> Decimal:
    """Return a plain decimal; a situation may hold a negative one, where nothing sets a lowest."""
    body = text.removeprefix("-")
    if not body.isascii() or not body.replace(".", "", 1).isdigit():
        raise SituationInvalid(path, "given_number", value=text)
    found = Decimal(text)
    if low is not None and found < low:
        raise SituationInvalid(path, "given_negative", value=text)
    return found


def context_of(terms: Terms, part: Part, zone: ZoneInfo) -> Context:
    """Return the rater's context: which facts are numbers and which are labels is declared in the terms."""
    facts, labels = facts_and_labels(terms.document, part.facts, "facts")
    held = part.options if isinstance(part.options, dict) else dict.fromkeys(part.options, "1")
    split = {
        dimension: {value: own_values(terms.document, dimension, value, own) for value, own in values.items()}
        for dimension, values in part.split.items()
    }
    return Context(
        zone=zone.key,
        facts=facts,
        labels=labels,
        options={name: number(text, f"options.{name}", 0) for name, text in held.items()},
        split=split,
        packs={pool: packs_of(pool, given, zone) for pool, given in part.packs.items()},
    )


def facts_and_labels(
    document: Document, given: Mapping[str, str], path: str
) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Return what is given, told apart: numbers and labels, as the terms declare them."""
    facts: dict[str, Decimal] = {}
    labels: dict[str, str] = {}
    dimensions = {charge.split for charge in document.charges}
    for name, text in given.items():
        if name in document.facts or (name in BUILTIN_FACTS and name not in document.labels):
            facts[name] = number(text, f"{path}.{name}", low=0 if name in BUILTIN_FACTS else None)
        elif name in document.labels or name in (*BUILTIN_LABELS, "currency") or name in dimensions:
            labels[name] = _label(document, name, text, path)
        else:
            known = ", ".join(sorted({*document.facts, *document.labels, *BUILTIN_FACTS, *BUILTIN_LABELS}))
            raise SituationInvalid(f"{path}.{name}", "given_fact", name=name, known=known)
    return facts, labels


def _label(document: Document, name: str, text: str, path: str) -> str:
    values = document.labels.get(name) or BUILTIN_LABELS.get(name, [])
    if values and text not in values:
        raise SituationInvalid(
            f"{path}.{name}", "given_label", value=text, label=name, known=", ".join(values)
        )
    return text


def own_values(
    document: Document, dimension: str, value: str, own: Mapping[str, Given]
) -> dict[str, Decimal | str]:
    """Return the facts and labels of one value of a split; meters beside them are usage."""
    path = f"split.{dimension}.{value}"
    rest: dict[str, str] = {}
    for name, given in own.items():
        if name in document.meters:
            continue
        if not isinstance(given, str):
            raise SituationInvalid(
                f"{path}.{name}", "given_meter", name=name, known=", ".join(document.meters)
            )
        rest[name] = given
    facts, labels = facts_and_labels(document, rest, path)
    return {**facts, **labels}


def packs_of(pool: str, given: list[PackGiven], zone: ZoneInfo) -> list[Pack]:
    """Return the packs held for one pool."""
    return [pack_of(pool, index, one, zone) for index, one in enumerate(given)]


def pack_of(pool: str, index: int, one: PackGiven, zone: ZoneInfo) -> Pack:
    """Return one pack; refuses less than nothing, and an end before its purchase."""
    path = f"packs.{pool}[{index}]"
    left = number(one.left, f"{path}.left", 0)
    expires = instant(one.expires, zone, f"{path}.expires") if one.expires else None
    bought = instant(one.bought, zone, f"{path}.bought") if one.bought else None
    if expires is not None and bought is not None and expires <= bought:
        raise SituationInvalid(
            f"{path}.expires", "given_pack_ends", expires=str(one.expires), bought=str(one.bought)
        )
    return Pack(one.code or f"{pool}-{index}", left, expires, bought)


def quantities_of(terms: Terms, part: Part, zone: ZoneInfo) -> Quantities:
    """Return the part's usage as observations, each event at its worth (`each` of its meter)."""
    program = compiled(terms)
    found: dict[str, list[Observation]] = {}
    for code, attributes, path in events_of(terms.document, part):
        if code not in terms.document.meters:
            known = ", ".join(terms.document.meters)
            raise SituationInvalid(path, "given_meter", name=code, known=known)
        one = observation_of(attributes, zone, path)
        found.setdefault(code, []).append(_worth(program, code, one, zone, path))
    return found


def events_of(document: Document, part: Part) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield meter, attributes and path of every value given, under `usage` or inside `split`."""
    for code, given in part.usage.items():
        for attributes, path in _rows(document, code, given, f"usage.{code}"):
            yield code, attributes, path
    for dimension, values in part.split.items():
        for value, own in values.items():
            for name, given in own.items():
                if name in document.meters:
                    place = f"split.{dimension}.{value}.{name}"
                    for attributes, path in _rows(document, name, given, place):
                        yield name, attributes | {dimension: value}, path


def _rows(document: Document, code: str, given: Given, path: str) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the attributes and path of one figure, one event, or each of a list of them."""
    if isinstance(given, str):
        for said in attributes_of(document, code):
            yield {"value": given, **said}, path
        return
    for index, row in enumerate(given if isinstance(given, list) else [given]):
        here = f"{path}[{index}]" if isinstance(given, list) else path
        yield dict(row) if isinstance(row, dict) else {"value": row}, here


def observation_of(attributes: dict[str, str], zone: ZoneInfo, path: str) -> Observation:
    """Return a value with its attributes; an event without a value counts as one."""
    value = number(attributes.pop("value", "1"), path)
    at = attributes.pop("at", None)
    lasting = attributes.pop("for", None)
    return Observation(
        value,
        None if at is None else instant(at, zone, f"{path}.at"),
        attributes,
        None if lasting is None else number(lasting, f"{path}.for"),
    )


def _worth(program: Compiled, code: str, one: Observation, zone: ZoneInfo, path: str) -> Observation:
    """Return the observation with the worth of its event in place of the bare value."""
    if code not in program.each:
        return one
    facts = {"value": one.value} | {
        name: number(text, f"{path}.{name}")
        for name, text in one.attributes.items()
        if text.replace(".", "", 1).isdigit()
    }
    env = Env(facts, one.attributes, {}, Due("", _ANY), zone, "", Pools({}, {}), [])
    try:
        with exact():
            value = program.each[code].value(env)
    except MissingFact as error:
        raise SituationInvalid(path, "given_attribute", name=str(error.params["name"])) from error
    return Observation(value, one.at, one.attributes, one.lasting, one.provenance)
