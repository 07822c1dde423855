"""What a customer has to choose before a document can price them: labels and facts of their own. PURE.

What Ratecard knows by itself (currency, term, seats, the SLA's figures) is not asked, nor are the
facts of figures, which are supplied when a figure is rated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from plans.terms import Charge, Document, Fact, Figure, Formula, Tariff
from plans.terms_check import BUILTIN_FACTS, BUILTIN_LABELS
from plans.terms_walk import reachable_names, walk

SLA = "sla."  # what the codes of an SLA tier's figures begin with
SUPPLIED = frozenset({"currency", *BUILTIN_LABELS})


@dataclass(frozen=True, slots=True)
class Asked:
    """The choices of one document: label -> its values, fact -> its unit."""

    labels: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, str]

    @property
    def assumed_labels(self) -> dict[str, str]:
        """The first value of every label: what a price list shows before anybody has chosen."""
        return {label: values[0] for label, values in self.labels.items()}


def asked_of(document: Document) -> Asked:
    """Return what has to be agreed, in the order the document declares it.

    Not asked is a label that only its own `split` picks by, or the worth of an event (the usage gives it),
    and one that only an SLA figure picks by (staff record that condition).
    """
    picked: set[str] = set()
    names: set[str] = set()
    figures = [figure for figure in document.figures if not figure.code.startswith(SLA)]
    for one in (*document.charges, *figures):
        own = one.split if isinstance(one, Charge) else None
        picked |= set(_picks(document, one)) - {own}
    for charge in document.charges:
        names |= reachable_names(document, charge)
    labels = {
        label: tuple(values)
        for label, values in document.labels.items()
        if label in picked and values and label not in SUPPLIED
    }
    facts = {
        name: fact.unit if isinstance(fact, Fact) else fact
        for name, fact in document.facts.items()
        if name in names and name not in BUILTIN_FACTS
    }
    return Asked(labels, facts)


def _picks(document: Document, one: Figure) -> Iterator[str]:
    """Yield the labels that a charge or figure picks by, through numbers, meters and pools too."""
    parts: list[Any] = [one, list(document.pools.values())]
    for name in reachable_names(document, one):
        meter = document.meters.get(name)
        parts += [document.numbers.get(name), *((meter.reduce, meter.steps) if meter else ())]
    for part in parts:
        for _path, inner in walk(part, "") if part is not None else ():
            if isinstance(inner, Formula | Tariff) and inner.pick is not None:
                yield inner.pick


def said(document: Document, code: str, language: str) -> str:
    """Return the readable name of a label, of a value (`region.cn`) or of a fact; else its code."""
    given = document.wording.get(code, {}).get(language, "")
    return given or code.rpartition(".")[2].replace("_", " ").replace("-", " ").capitalize()
