"""The stages of a meter checked: what each needs, and the ranks they name. PURE."""

import re
from collections.abc import Iterator

from plans.problems import Problem, join
from plans.terms import Meter

LITERAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,12})?")
_RANKED = ("nth_highest", "mean_of_highest", "percentile", "time_average")


def meter_problems(path: str, meter: Meter) -> Iterator[Problem]:
    """Yield what is wrong with the stages of one meter."""
    for index, stage in enumerate(meter.reduce):
        here = join(join(path, "reduce"), index)
        last = index == len(meter.reduce) - 1
        if stage.per and last:
            yield Problem(here, "stage_per_last")
        if not stage.per and not last:
            yield Problem(here, "stage_per_missing")
        if stage.take in _RANKED and stage.n is None:
            yield Problem(here, "stage_n_missing", {"take": stage.take})
        if stage.take not in _RANKED and stage.n is not None:
            yield Problem(here, "stage_n_unused", {"take": stage.take})
        if stage.n is not None:
            yield from _rank(stage.take, join(here, "n"), stage.n)


def _rank(take: str, path: str, text: str) -> Iterator[Problem]:
    """A rank is a whole number from 1; a percentile is at most 100; a divisor is not zero."""
    if not LITERAL.fullmatch(text):
        yield Problem(path, "bad_number", {"value": text})
    elif take in ("nth_highest", "mean_of_highest") and "." in text:
        yield Problem(path, "bad_rank", {"value": text})
    elif not text.strip("0."):
        yield Problem(path, "zero_rank")
    elif take == "percentile" and len(text.split(".")[0]) > 2 and text.rstrip("0").rstrip(".") != "1":
        yield Problem(path, "out_of_range", {"value": text, "low": "0", "high": "100"})
