"""What the stored catalogue has room for: lengths of texts, sizes of numbers, dates. PURE."""

from collections.abc import Iterator
from typing import Any

from plans.catalogue import Catalogue, Version
from plans.problems import Problem, join

SECTIONS = ("meters", "features", "modules", "sla_tiers", "support_tiers", "coupons", "plans")
LENGTHS = {
    "code": 64,
    "unit": 32,
    "event_type": 64,
    "value_property": 64,
    "unique_property": 64,
    "family": 64,
    "hours": 40,
}
NAME = 120
WHOLE = 2_147_483_647
YEARS = (2000, 2999)


def limits(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a problem for each text, number or date that has no room."""
    for section in SECTIONS:
        for index, row in enumerate(getattr(catalogue, section)):
            path = f"{section}[{index}]"
            yield from _texts(row, path)
            yield from _name(row.names.en, f"{path}.names.en")
            yield from _name(row.names.zh, f"{path}.names.zh-Hans")
    for p, plan in enumerate(catalogue.plans):
        yield from _whole(plan.rank, f"plans[{p}].rank")
        for v, version in enumerate(plan.versions):
            yield from _version(version, f"plans[{p}].versions[{v}]")


def _texts(row: Any, path: str) -> Iterator[Problem]:
    for field, most in LENGTHS.items():
        text = getattr(row, field, None)
        if isinstance(text, str) and len(text) > most:
            yield _too_long(join(path, field), field, text, most)


def _name(text: str, path: str) -> Iterator[Problem]:
    if not text.strip():
        language = path.rpartition(".")[2]
        yield Problem(path, "missing_translation", {"language": language})
    if len(text) > NAME:
        yield _too_long(path, "names", text, NAME)


def _too_long(path: str, field: str, text: str, most: int) -> Problem:
    return Problem(path, "too_long", {"field": field, "most": str(most), "length": str(len(text))})


def _whole(number: int, path: str) -> Iterator[Problem]:
    if number > WHOLE:
        yield Problem(path, "out_of_range", {"value": str(number), "low": "0", "high": str(WHOLE)})


def _version(version: Version, path: str) -> Iterator[Problem]:
    yield from _whole(version.number, f"{path}.number")
    at = version.effective_at
    if at is not None and not YEARS[0] <= at.year <= YEARS[1]:
        params = {"value": at.isoformat(), "low": str(YEARS[0]), "high": str(YEARS[1])}
        yield Problem(f"{path}.effective_at", "out_of_range", params)
