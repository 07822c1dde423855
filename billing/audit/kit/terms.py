"""Reading a terms document: which names a charge depends on, and how often it is billed."""

from collections.abc import Iterator
from typing import NamedTuple

from billing.audit.kit.amounts import Tree, is_literal

ARITHMETIC = ("plus", "minus", "times", "over", "at_least", "at_most", "included")
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
DAYS = {"day": 1, "week": 7}
PRICED = ("each", "per", "flat", "times")
# Fields that hold numbers, or parts with numbers in them.
NUMBERS = frozenset({"of", "by", "upto", "below", "weight", "else", "steps", "bands", *ARITHMETIC, *PRICED})


class Cadence(NamedTuple):
    """When a charge is billed, and for how long its printed price is."""

    when: str
    every: str
    quoted: str

    def factor(self, term: str) -> int:
        """Return how many printed periods one bill holds."""
        every, quoted = (_resolved(word, term) for word in (self.every, self.quoted))
        for lengths in (MONTHS, DAYS):
            if every in lengths and quoted in lengths:
                return lengths[every] // lengths[quoted]
        return 1


def _resolved(word: str, term: str) -> str:
    if word != "term":
        return word
    return "year" if term == "annual" else "month"


def cadences(document: Tree) -> dict[str, Cadence]:
    """Return the cadence of every charge."""
    found: dict[str, Cadence] = {}
    for charge in document.get("charges", []):
        spends = set(spent_names(charge))
        when = charge.get("when") or _default(document, charge, spends, found)
        every = charge.get("every") or {"advance": "term", "arrears": "month", "any": "invoice"}[when]
        quoted = charge.get("quoted") or ("month" if every == "term" and not spends else every)
        found[charge["code"]] = Cadence(when, every, quoted)
    return found


def _default(document: Tree, charge: Tree, spends: set[str], above: dict[str, Cadence]) -> str:
    if meters_of(document, charge):
        return "arrears"
    kinds = {
        above[other["code"]].when
        for other in document["charges"]
        if other["code"] in above and (other["code"] in spends or spends & set(other.get("tags", [])))
    }
    if not kinds:
        return "advance"
    return kinds.pop() if len(kinds) == 1 else "any"


def meters_of(document: Tree, charge: Tree) -> set[str]:
    """Return the meters that a charge depends on."""
    seen: set[str] = set()
    waiting = list(_names([charge.get("of", "1"), charge.get("steps", [])]))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _names([document.get("numbers", {}).get(name, "0")])
    return seen & set(document.get("meters", {}))


def _names(value: Tree) -> Iterator[str]:
    """Yield every name that stands where a number may stand."""
    if isinstance(value, str):
        if not is_literal(value):
            yield value
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)
    elif isinstance(value, dict):
        yield from _named_in(value)


def _named_in(value: Tree) -> Iterator[str]:
    for key, part in value.items():
        if key == "cases":
            yield from _names(list(part.values()))
        elif key in NUMBERS or (isinstance(part, dict) and key not in ("prorate", "round")):
            yield from _names(part)


def spent_names(value: Tree) -> Iterator[str]:
    """Yield the codes and tags that a part refers to through `spend`."""
    if isinstance(value, dict):
        yield from value.get("spend", [])
        for part in value.values():
            yield from spent_names(part)
    elif isinstance(value, list):
        for part in value:
            yield from spent_names(part)
