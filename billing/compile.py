"""A terms document made fast, once per hash: names resolved, bands summed, literals parsed. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing import numbers as n
from billing import steps as s
from plans import terms as t
from plans.money import exact
from plans.tariff import Band, Tariff
from plans.terms_check import BUILTIN_FACTS
from plans.terms_timing import Timing, timings
from plans.terms_walk import is_literal
from plans.tou import Timetable

_FORMS = ("plus", "minus", "times", "over", "at_least", "at_most", "included")
_PRICES = ("each", "per", "flat", "times")
_COMPILED: dict[str, "Compiled"] = {}
_KEPT = 512  # compiled versions; a deployment has far fewer in use at once


@dataclass(frozen=True, slots=True)
class CompiledCharge:
    """A charge or figure ready to rate."""

    code: str
    source: t.Figure
    number: n.Chain | n.Since
    timing: Timing | None

    @property
    def charge(self) -> t.Charge:
        assert isinstance(self.source, t.Charge)  # noqa: S101 — figures are never asked for this
        return self.source


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything `rate()` needs of one document."""

    charges: dict[str, CompiledCharge]
    figures: dict[str, CompiledCharge]
    numbers: dict[str, n.Number]  # meters and formulas
    each: dict[str, n.Number]  # meter -> the worth of one event, names being its attributes
    timetables: dict[str, tuple[Timetable, str]]  # meter -> its schedule, and the band of undated usage
    band_names: dict[str, dict[str, str]]  # time band -> locale -> text
    line_rounding: s.Round | None
    total_rounding: s.Round | None
    order: dict[str, int]


def compiled(terms: t.Terms) -> Compiled:
    """Return the compiled form of a document, made at most once per hash."""
    found = _COMPILED.get(terms.hash)
    if found is None:
        with exact():
            found = _Compiler(terms.document).compile()
        if len(_COMPILED) >= _KEPT:
            _COMPILED.pop(next(iter(_COMPILED)))
        _COMPILED[terms.hash] = found
    return found


class _Compiler:
    def __init__(self, document: t.Document) -> None:
        self.document = document
        self.named: dict[str, n.Number] = {}

    def compile(self) -> Compiled:
        document, when = self.document, timings(self.document)
        plan = document.round if isinstance(document.round, t.RoundPlan) else t.RoundPlan()
        everything = [*document.meters, *document.numbers]
        return Compiled(
            charges={one.code: self._charge(one, when[one.code]) for one in document.charges},
            figures={one.code: self._charge(one, None) for one in document.figures},
            numbers={name: self._name(name) for name in everything},
            each=_EventCompiler(document).worths(),
            timetables=_timetables(document),
            band_names={b.code: b.name for rule in document.schedules.values() for b in rule.bands if b.name},
            line_rounding=None if plan.line is None else rounding(plan.line),
            total_rounding=None if plan.total is None else rounding(plan.total),
            order={one.code: index for index, one in enumerate(document.charges)},
        )

    def _charge(self, one: t.Figure, timing: Timing | None) -> CompiledCharge:
        start = self.number(one.of)
        chain = n.Chain(start, self.steps(one.steps, start))
        resets = one.resets if isinstance(one, t.Charge) else None
        return CompiledCharge(one.code, one, n.Since(chain, resets) if resets else chain, timing)

    def number(self, value: str | t.Formula) -> n.Number:
        if isinstance(value, str):
            return n.Literal(Decimal(value)) if is_literal(value) else self._name(value)
        if value.spend is not None:
            return n.Spend(frozenset(value.spend))
        if value.pick is not None:
            cases = {case: self.number(part) for case, part in (value.cases or {}).items()}
            otherwise = None if value.otherwise is None else self.number(value.otherwise)
            return n.Pick(value.pick, cases, otherwise)
        if value.of is not None:
            start = self.number(value.of)
            return n.Chain(start, self.steps(value.steps or [], start))
        return self._arithmetic(value)

    def _arithmetic(self, value: t.Formula) -> n.Number:
        word = next(form for form in _FORMS if getattr(value, form) is not None)
        first, *others = [self.number(part) for part in getattr(value, word)]
        return n.Chain(first, tuple(s.Arithmetic(word, other) for other in others))

    def _name(self, name: str) -> n.Number:
        if name not in self.named:
            self.named[name] = self._resolve(name)
        return self.named[name]

    def _resolve(self, name: str) -> n.Number:
        document = self.document
        if name in document.meters:
            return self._meter(name, document.meters[name])
        if name in document.numbers:
            return n.Named(name, self.number(document.numbers[name]))
        if name in document.options:
            return n.Option(name)
        assert name in document.facts or name in BUILTIN_FACTS  # noqa: S101 — the checker refused others
        return n.Fact(name)

    def _meter(self, code: str, meter: t.Meter) -> n.MeterNumber:
        nothing = n.Literal(Decimal(0))  # a meter draws from no pool, so its steps need no start
        stages = tuple(self.steps(stage.steps, nothing) for stage in meter.reduce)
        return n.MeterNumber(code, meter, stages, self.steps(meter.steps, nothing))

    def steps(self, given: Sequence[t.Step], start: n.Number) -> tuple[n.Step, ...]:
        made: list[n.Step] = []
        for one in given:
            made.append(self.step(one, n.Chain(start, tuple(made))))
        return tuple(made)

    def step(self, one: t.Step, reached: n.Chain) -> n.Step:
        word = next(name for name in one.__struct_fields__ if getattr(one, name) is not None)
        argument: Any = getattr(one, word)
        if word in _FORMS:
            return s.Arithmetic(word, self.number(argument))
        if word == "round":
            return rounding(argument)
        if word == "draw":
            size = self.document.pools[argument.pool].size
            return s.Drawing(argument.pool, self.number(argument.weight), self._maybe(size), reached)
        if word == "prorate":
            return s.Proration(argument, None if argument.round is None else rounding(argument.round))
        return s.Priced(word, self.tariff(argument))

    def _maybe(self, value: str | t.Formula | None) -> n.Number | None:
        return None if value is None else self.number(value)

    def tariff(self, given: t.Tariff) -> s.TariffSource:
        if given.pick is not None:
            cases = {case: self.tariff(part) for case, part in (given.cases or {}).items()}
            otherwise = None if given.otherwise is None else self.tariff(given.otherwise)
            return s.PickedTariff(given.pick, cases, otherwise)
        bands = tuple(self._band(band, given) for band in given.bands or [t.Band()])
        mode = given.mode or "flat"
        if any(numbers for _, numbers in bands):
            return s.OpenTariff(mode, bands, self._maybe(given.by))
        fixed = Tariff([Band(**fields) for fields, _ in bands], mode)
        return s.FixedTariff(fixed, self._maybe(given.by))

    def _band(self, band: t.Band, default: t.Tariff) -> tuple[dict[str, Any], dict[str, n.Number]]:
        """Return a band's plain fields and those that are numbers still to be worked out."""
        fields: dict[str, Any] = {"closed": band.below is None, "ask": band.ask}
        open_numbers: dict[str, n.Number] = {}
        given = {name: getattr(band, name) or getattr(default, name) for name in _PRICES}
        given["edge"] = band.upto if band.below is None else band.below
        for name, value in given.items():
            if isinstance(value, str) and is_literal(value):
                fields[name] = Decimal(value)
            elif value is not None:
                open_numbers[name] = self.number(value)
        fields["partial"] = band.partial or default.partial
        return fields, open_numbers


def _timetables(document: t.Document) -> dict[str, tuple[Timetable, str]]:
    """Return the schedule of every meter that has one."""
    scheduled = {code: meter.schedule for code, meter in document.meters.items() if meter.schedule}
    rules = {code: document.schedules[name] for code, name in scheduled.items()}
    return {code: (Timetable(rule), rule.otherwise) for code, rule in rules.items()}


class _EventCompiler(_Compiler):
    """Compiles a meter's `each`, where names are attributes of the event."""

    def worths(self) -> dict[str, n.Number]:
        meters = self.document.meters.items()
        return {code: self.number(meter.each) for code, meter in meters if meter.each is not None}

    def _resolve(self, name: str) -> n.Number:
        return n.Fact(name)


def rounding(given: str | t.Rounding) -> s.Round:
    """Return a rounding step; the short form is half up."""
    rule = given if isinstance(given, t.Rounding) else t.Rounding(to=given)
    return s.Round(None if rule.to == "minor" else Decimal(rule.to), rule.mode)
