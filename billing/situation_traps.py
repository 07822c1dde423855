"""What is given in a way that would count as nothing, or as one, without a word. PURE."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from billing.situation import Part, events_of
from plans.problems import Problem, join
from plans.shape_gaps import is_gap
from plans.terms import Document
from plans.terms_attributes import bands_of, read_attributes
from plans.terms_check import BUILTIN_FACTS
from plans.terms_walk import reachable_names

_VALUE = ("value",)
_COUNTING = ("count", "distinct")


def trap_problems(document: Document, part: Part) -> Iterator[Problem]:
    """Yield what somebody gave in the wrong place, or without the attribute that it is counted by."""
    yield from _misplaced(document, part)
    yield from _counted_already(document, part)
    dimensions = _split_meters(document)
    read: dict[str, set[str]] = {}
    for code, attributes, path in events_of(document, part):
        meter = document.meters.get(code)
        if meter is not None and "value" not in attributes:
            known = read.setdefault(code, read_attributes(document, code))
            yield from misspelt(attributes, known, path)
        for attribute in set(meter.where) - bands_of(meter) if meter else ():
            if attribute not in attributes:
                yield Problem(path, "given_where", {"name": code, "attribute": attribute})
        for dimension in dimensions.get(code, ()):
            if dimension not in attributes:
                yield Problem(path, "given_split", {"name": code, "dimension": dimension})


def misspelt(attributes: Iterable[str], read: Collection[str], path: str) -> Iterator[Problem]:
    """Yield the attribute of an entry without a value that looks like one and that nothing reads."""
    for name in attributes:
        if name not in read and get_close_matches(name.lower(), _VALUE, n=1, cutoff=0.75):
            yield Problem(join(path, name), "given_misspelt", {"name": name, "near": "value"})


def _misplaced(document: Document, part: Part) -> Iterator[Problem]:
    for name in part.facts:
        if name in document.meters:
            yield Problem(f"facts.{name}", "given_place", {"name": name, "place": "usage"})
        elif name in document.options:
            yield Problem(f"facts.{name}", "given_place", {"name": name, "place": "options"})
    facts = {*document.facts, *document.labels, *BUILTIN_FACTS}
    for name in part.usage:
        if name not in document.meters and name in facts:
            yield Problem(f"usage.{name}", "given_place", {"name": name, "place": "facts"})
        elif name not in document.meters and name in document.options:
            yield Problem(f"usage.{name}", "given_place", {"name": name, "place": "options"})


def _counted_already(document: Document, part: Part) -> Iterator[Problem]:
    """A bare number for a meter that counts events would be one event."""
    for code, given in part.usage.items():
        meter = document.meters.get(code)
        if meter and meter.reduce and isinstance(given, str) and given != "1":
            take = meter.reduce[0].take
            if take in _COUNTING:
                yield Problem(f"usage.{code}", "given_events", {"name": code, "take": take})


def _split_meters(document: Document) -> dict[str, set[str]]:
    """Return meter -> the dimensions by which all its charges are split.

    A time band is worked out where the meter has a schedule.
    """
    found: dict[str, list[str | None]] = {}
    for charge in document.charges:
        for code in reachable_names(document, charge) & document.meters.keys():
            found.setdefault(code, []).append(charge.split)
    return {
        code: {one for one in splits if one is not None and not is_gap(one)} - bands_of(document.meters[code])
        for code, splits in found.items()
        if None not in splits
    }
