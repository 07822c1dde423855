"""One figure for a month, as readings of a meter: a rank needs as many values as it counts down. PURE.

Somebody who gives 5,000 daily users for a plan that counts the third-highest day means every day; one value
alone has no third, and would cost nothing.
"""

from collections.abc import Iterator
from decimal import Decimal

from billing.values import Observation
from plans.terms import Document

CLOCK = ("minute", "hour", "day", "week", "month")  # what a stage may group by, fine to coarse
LASTING = "for"
MOST = 1_000  # copies; a rank beyond it is left alone


def attributes_of(document: Document, meter: str) -> list[dict[str, str]]:
    """Return the attributes of each reading that stands for one figure: one without any for most meters.

    `for` says how long an average over time holds it: for as long as the average divides by.
    """
    declared = document.meters.get(meter)
    stages = (declared.reduce or []) if declared else []
    last = stages[-1] if stages else None
    average = next((stage for stage in stages if stage.take == "time_average"), None)
    if average is not None and average.n:
        return [{LASTING: average.n}]
    if last is None or last.take != "nth_highest" or last.per or not _counts(last.n):
        return [{}]
    grouped = [word for stage in stages[:-1] for word in stage.per or [] if word in CLOCK]
    return list(_copies(int(last.n or 1), dict.fromkeys(grouped)))


def readings_of(document: Document, meter: str, value: Decimal) -> list[Observation]:
    """Return one figure as the readings that stand for it."""
    found = []
    for said in attributes_of(document, meter):
        lasting = said.pop(LASTING, None)
        found.append(
            Observation(value, attributes=said, lasting=None if lasting is None else Decimal(lasting))
        )
    return found


def _counts(n: str | None) -> bool:
    return n is not None and n.isascii() and n.isdigit() and 1 < int(n) <= MOST


def _copies(count: int, words: dict[str, None]) -> Iterator[dict[str, str]]:
    for number in range(1, count + 1):
        yield dict.fromkeys(words, f"{number}")
