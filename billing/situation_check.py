"""Every fault of a situation beside its terms, none hidden behind another. PURE."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from billing.situation import (
    PackGiven,
    Part,
    Situation,
    SituationInvalid,
    events_of,
    facts_and_labels,
    instant,
    number,
    observation_of,
    own_values,
    pack_of,
    period_of,
    span_of,
    zone_of,
)
from billing.situation_run import askable
from billing.situation_traps import trap_problems
from plans.problems import Problem
from plans.terms import Document

MOST_BILLS = 1000  # ten years of every third day; each one is rated by itself


def situation_problems(document: Document, situation: Situation) -> list[Problem]:
    """Return what the terms cannot take, each with its path; empty when the situation can be rated."""
    check = _Check(document)
    check.attempt("", zone_of, situation.zone)
    if not check.found:
        check.zone = zone_of(situation.zone)
    if situation.ask not in askable(document):
        known = ", ".join(askable(document))
        check.found.append(Problem("ask", "given_ask", {"value": situation.ask, "known": known}))
    if situation.bills and situation.count != 1:
        check.found.append(Problem("count", "given_count"))
    if not 1 <= situation.count <= MOST_BILLS:
        check.found.append(Problem("count", "given_count_range", {"most": str(MOST_BILLS)}))
    check.found += _currency(document, situation)
    check.part("", situation)
    for index, part in enumerate(situation.bills):
        check.part(f"bills[{index}].", part)
    return check.found


def _currency(document: Document, situation: Situation) -> Iterator[Problem]:
    """Yield a problem for each currency the terms are not sold in, and each bill that has to name one."""
    sold = [document.currency] if isinstance(document.currency, str) else document.currency or []
    known = {"known": ", ".join(sold)}
    bills: list[tuple[str, Part]] = [(f"bills[{i}].", part) for i, part in enumerate(situation.bills)]
    for prefix, part in [("", situation), *bills]:
        given = part.facts.get("currency")
        if sold and given is not None and given not in sold:
            yield Problem(f"{prefix}facts.currency", "given_currency_not_sold", {"value": given, **known})
    if len(sold) > 1 and "currency" not in situation.facts:
        for prefix, part in bills or [("", situation)]:
            if "currency" not in part.facts:
                yield Problem(f"{prefix}facts", "given_currency", known)


@dataclass(slots=True)
class _Check:
    """Tries every value alone and keeps what is refused."""

    document: Document
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    found: list[Problem] = field(default_factory=list)

    def attempt(self, prefix: str, read: Callable[..., Any], *given: Any) -> None:
        try:
            read(*given)
        except SituationInvalid as error:
            self.found.append(error.problem.at(prefix + error.problem.path))

    def part(self, prefix: str, part: Part) -> None:
        """Check one bill; what stands in the wrong place is told once, as that."""
        traps = list(trap_problems(self.document, part))
        self.found += [one.at(prefix + one.path) for one in traps]
        before = len(self.found)
        self._values(prefix, part)
        told = {prefix + one.path for one in traps}
        self.found[before:] = [one for one in self.found[before:] if one.path not in told]

    def _values(self, prefix: str, part: Part) -> None:
        for name, text in part.facts.items():
            self.attempt(prefix, facts_and_labels, self.document, {name: text}, "facts")
        self.found += [one.at(prefix + one.path) for one in self._unknown(part)]
        if isinstance(part.options, dict):
            for name, text in part.options.items():
                self.attempt(prefix, number, text, f"options.{name}", 0)
        self._usage(prefix, part)
        self._packs(prefix, part)
        self._time(prefix, part)

    def _unknown(self, part: Part) -> Iterator[Problem]:
        """Yield the options and pools that the terms do not have."""
        for index, name in enumerate(part.options):
            if name not in self.document.options:
                path = f"options.{name}" if isinstance(part.options, dict) else f"options[{index}]"
                yield Problem(path, "unknown_option", {"option": name})
        for pool in part.packs:
            if pool not in self.document.pools:
                yield Problem(f"packs.{pool}", "unknown_pool", {"pool": pool})

    def _usage(self, prefix: str, part: Part) -> None:
        known = ", ".join(self.document.meters)
        for code, attributes, path in events_of(self.document, part):
            if code not in self.document.meters:
                params = {"name": code, "known": known}
                self.found.append(Problem(prefix + path, "given_meter", params))
            self.attempt(prefix, observation_of, attributes, self.zone, path)
        for dimension, values in part.split.items():
            for value, own in values.items():
                for name, text in own.items():
                    self.attempt(prefix, own_values, self.document, dimension, value, {name: text})

    def _packs(self, prefix: str, part: Part) -> None:
        for pool, given in part.packs.items():
            for index, one in enumerate(given):
                before = len(self.found)
                self._pack_words(prefix, f"packs.{pool}[{index}]", one)
                if len(self.found) == before:
                    self.attempt(prefix, pack_of, pool, index, one, self.zone)

    def _pack_words(self, prefix: str, path: str, one: PackGiven) -> None:
        """Try each word of a pack alone."""
        for word in ("left", "expires", "bought"):
            text, here = getattr(one, word), f"{path}.{word}"
            if text is not None and word == "left":
                self.attempt(prefix, number, text, here, 0)
            elif text is not None:
                self.attempt(prefix, instant, text, self.zone, here)

    def _time(self, prefix: str, part: Part) -> None:
        self.attempt(prefix, period_of, part, self.zone)
        for index, span in enumerate(part.spans):
            self.attempt(prefix, span_of, span, self.zone, f"spans[{index}]")
        if part.at is not None:
            self.attempt(prefix, instant, part.at, self.zone, "at")
