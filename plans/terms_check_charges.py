"""Charges and figures checked as a list: codes, names, what they may refer to, how often they bill. PURE."""

from collections import Counter
from collections.abc import Iterator, Mapping

from plans.problems import Problem, join
from plans.terms import Document, Drawing, Figure, Formula, Prorate
from plans.terms_check_names import localised
from plans.terms_timing import billed_every, timings, whole_multiple
from plans.terms_walk import NAME, names_in, spends_in, walk

_LONGER = ("quarter", "half_year", "year")  # than a month


def charge_problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with charges and figures beyond their numbers: codes, names, spend, cadence."""
    codes = Counter(one.code for one in (*document.charges, *document.figures))
    first: dict[str, int] = {}  # code or tag -> the first charge that can be referred to by it
    for index, charge in enumerate(document.charges):
        for name in (charge.code, *charge.tags):
            first.setdefault(name, index)
    for section in ("charges", "figures"):
        seen = set[str]()
        for index, one in enumerate(getattr(document, section)):
            path = f"{section}[{index}]"
            if codes[one.code] > 1 and (section == "figures" or one.code in seen):
                yield Problem(join(path, "code"), "duplicate_code", {"code": one.code})
            seen.add(one.code)
            yield from _head(document, path, one)
            above = index if section == "charges" else len(document.charges)
            yield from _spends(document, path, one, first, above)
    yield from _cadence(document)
    yield from _resets(document)


def _spends(
    document: Document, path: str, one: Figure, first: Mapping[str, int], above: int
) -> Iterator[Problem]:
    """A charge sees only those above it; a declared tag may be without charges."""
    for where, names in _spend_places(document, path, one):
        for name in sorted(names - set(document.tags)):
            if first.get(name, above) >= above:
                yield Problem(where, "spend_below" if name in first else "unknown_spend", {"name": name})


def _spend_places(document: Document, path: str, one: Figure) -> Iterator[tuple[str, set[str]]]:
    for where, part in walk(one, path):
        if isinstance(part, Formula) and part.spend is not None:
            yield join(where, "spend"), set(part.spend)
    for name in names_in(one) & document.numbers.keys():
        number = document.numbers[name]
        if not isinstance(number, str):
            yield join("numbers", name), spends_in(number)


def _cadence(document: Document) -> Iterator[Problem]:
    rules = timings(document)
    for index, charge in enumerate(document.charges):
        rule = rules[charge.code]
        multiples = [
            whole_multiple(billed_every(rule.every, term), billed_every(rule.quoted, term))
            for term in ("monthly", "annual")
        ]
        if None in multiples:
            params = {"every": rule.every, "quoted": rule.quoted}
            yield Problem(f"charges[{index}].quoted", "quoted_mismatch", params)


def _head(document: Document, path: str, figure: Figure) -> Iterator[Problem]:
    if not NAME.fullmatch(figure.code):
        yield Problem(join(path, "code"), "bad_name", {"value": figure.code})
    for index, option in enumerate(figure.held):
        if option not in document.options:
            yield Problem(join(join(path, "held"), index), "unknown_option", {"option": option})
    yield from localised(path, figure.name)


def _resets(document: Document) -> Iterator[Problem]:
    """So far − before needs steps that look the same over both: no proration, no bought packs, no spend."""
    for index, charge in enumerate(document.charges):
        if charge.resets is None:
            continue
        if charge.resets == "month" and charge.every in _LONGER:
            params = {"every": str(charge.every), "resets": charge.resets}
            yield Problem(f"charges[{index}].resets", "resets_shorter", params)
        for path, part in walk(charge, f"charges[{index}]"):
            if isinstance(part, Prorate):
                yield Problem(path, "resets_word", {"word": "prorate"})
            elif isinstance(part, Formula) and part.spend is not None:
                yield Problem(path, "resets_word", {"word": "spend"})
            elif (
                isinstance(part, Drawing)
                and part.pool in document.pools
                and not document.pools[part.pool].size
            ):
                yield Problem(path, "resets_word", {"word": "draw"})
