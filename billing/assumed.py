"""One figure for a month, as readings of a meter: a rank needs as many values as it counts down. PURE.

Somebody who gives 5,000 daily users for a plan that counts the third-highest day means every day; one value
alone has no third, and would cost nothing.
"""

from collections.abc import Iterator

from plans.terms import Document

CLOCK = ("minute", "hour", "day", "week", "month")  # what a stage may group by, fine to coarse
MOST = 1_000  # copies; a rank beyond it is left alone


def attributes_of(document: Document, meter: str) -> list[dict[str, str]]:
    """Return the attributes of each reading that stands for one figure: one without any for most meters."""
    declared = document.meters.get(meter)
    stages = (declared.reduce or []) if declared else []
    last = stages[-1] if stages else None
    if last is None or last.take != "nth_highest" or last.per or not _counts(last.n):
        return [{}]
    grouped = [word for stage in stages[:-1] for word in stage.per or [] if word in CLOCK]
    return list(_copies(int(last.n or 1), dict.fromkeys(grouped)))


def one_figure(given: str | list[str | dict[str, str]]) -> str | None:
    """Return the figure that a meter's usage was made from; None where there are several, or time bands."""
    if isinstance(given, str):
        return given
    rows = [row if isinstance(row, dict) else {"value": row} for row in given]
    values = {row["value"] for row in rows if "band" not in row and "at" not in row}
    return (
        values.pop()
        if len(values) == 1 and len(rows) > 1 and all("band" not in row for row in rows)
        else None
    )


def _counts(n: str | None) -> bool:
    return n is not None and n.isascii() and n.isdigit() and 1 < int(n) <= MOST


def _copies(count: int, words: dict[str, None]) -> Iterator[dict[str, str]]:
    for number in range(1, count + 1):
        yield dict.fromkeys(words, f"{number}")
