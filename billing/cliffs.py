"""Where a little more usage costs a jump: the next block begun, the next tier reached. PURE.

`cost` is the bill, in whole minor units, with so many units more; it is the rating function itself, so a
cliff is what the invoice would do. Found by trying: first from one unit on, doubling (a flat stretch before
the next block), then over the reach in equal parts (a jump on a slope), halving where the bill rises.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

PARTS = 16
NOISE = 3  # minor units that rounding of lines may make of nothing
STEEP = 4  # halvings after which a slope has lost 7/8 of its rise, and a jump nothing

Cost = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Cliff:
    """So many units from now, one unit costs this much more (minor units)."""

    distance: int
    jump: int


def next_cliff(cost: Cost, reach: int) -> Cliff | None:
    """Return the first jump within `reach` units, None where the bill only slopes or stands still."""
    known: dict[int, int] = {}

    def bill(units: int) -> int:
        if units not in known:
            known[units] = cost(units)
        return known[units]

    return (_after_flat(bill, reach) or _on_slope(bill, reach)) if reach >= 1 else None


def _after_flat(bill: Cost, reach: int) -> Cliff | None:
    before, units = 0, 1
    while bill(units) - bill(0) <= NOISE:
        if units == reach:
            return None
        before, units = units, min(units * 2, reach)
    while units - before > 1:  # the first unit at which the bill has risen
        middle = (before + units) // 2
        before, units = (before, middle) if bill(middle) - bill(0) > NOISE else (middle, units)
    return _jump(bill, units)


def _on_slope(bill: Cost, reach: int) -> Cliff | None:
    edges = sorted({reach * n // PARTS for n in range(PARTS + 1)})
    for low, high in pairwise(edges):
        if bill(high) - bill(low) > NOISE and (found := _within(bill, low, high)):
            return found
    return None


def _within(bill: Cost, low: int, high: int) -> Cliff | None:
    rise, halved = bill(high) - bill(low), 0
    while high - low > 1:
        middle = (low + high) // 2
        first, second = bill(middle) - bill(low), bill(high) - bill(middle)
        low, high = (low, middle) if first >= second else (middle, high)
        halved += 1
        if halved == STEEP and (bill(high) - bill(low)) * 3 < rise:
            return None
    found = _jump(bill, high)
    return found if found and found.jump * 3 >= rise else None


def _jump(bill: Cost, units: int) -> Cliff | None:
    """Return the cliff at a unit that costs more than the next one; units of a slope cost alike."""
    jump, following = bill(units) - bill(units - 1), bill(units + 1) - bill(units)
    return Cliff(units, jump) if jump > max(NOISE, 2 * following) else None
