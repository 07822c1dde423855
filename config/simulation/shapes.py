"""How traffic lies over a span: a weight for each part of it."""

import bisect
import itertools
import math
from collections.abc import Callable
from random import Random

PARTS = 288  # five minutes of a day
SHAPES = ("day", "flat", "burst")


class Shape:
    """Weights of the parts of a span; `place` draws a moment, `weight` says how busy one is."""

    def __init__(self, name: str, random: Random) -> None:
        weights = _WEIGHTS[name](random)
        mean = sum(weights) / PARTS
        self._weights = [one / mean for one in weights]
        self._sums = list(itertools.accumulate(self._weights))

    def weight(self, moment: float) -> float:
        """Return how busy a moment of [0, 1) is; 1 is the mean."""
        return self._weights[min(int(moment * PARTS), PARTS - 1)]

    def place(self, random: Random) -> float:
        """Draw a moment of [0, 1): busy parts more often."""
        part = bisect.bisect_left(self._sums, random.random() * self._sums[-1])
        return (min(part, PARTS - 1) + random.random()) / PARTS


def _flat(_random: Random) -> list[float]:
    return [1.0] * PARTS


def _day(_random: Random) -> list[float]:
    """Quiet before dawn, a hump at noon, the evening highest: people at their phones."""
    hours = [24 * part / PARTS for part in range(PARTS)]
    noon = [math.exp(-(((hour - 12.5) / 3) ** 2)) for hour in hours]
    evening = [math.exp(-(((hour - 20.5) / 2.5) ** 2)) for hour in hours]
    return [0.12 + 0.7 * a + 1.4 * b for a, b in zip(noon, evening, strict=True)]


def _burst(random: Random) -> list[float]:
    """Calm, with a few minutes of twenty times as much."""
    return [20.0 if random.random() < 0.04 else 0.5 for _part in range(PARTS)]


_WEIGHTS: dict[str, Callable[[Random], list[float]]] = {"day": _day, "flat": _flat, "burst": _burst}
