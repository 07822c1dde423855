"""Exact numbers, rounding, canonical JSON and hashes."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor
from typing import Any

Tree = Any  # what JSON can say

# The arithmetic of a bill: fractions, so that only what the terms round is rounded.
ZERO, ONE, HALF = Fraction(0), Fraction(1), Fraction(1, 2)
# Decimal places of the currencies that do not have two.
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
PLACES = {code: places for places, codes in _OTHERS.items() for code in codes.split()}


class CannotRate(Exception):  # noqa: N818
    """The terms give no price for this: a missing fact or case, a quantity to ask for, falling edges."""


def is_literal(text: str) -> bool:
    """Return whether a number in the terms is written out, not named."""
    return text[:1].isdigit() or text[:1] in "+-."


def plain(value: Fraction) -> str:
    """Return a number as a decimal without trailing zeros, or as 5/3 where its decimal does not end."""
    scaled, places = value, 0
    while scaled.denominator > 1 and scaled.denominator % 2 * (scaled.denominator % 5) == 0:
        scaled, places = scaled * 10, places + 1
    if scaled.denominator > 1:
        return str(value)
    digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return ("-" if value < 0 else "") + (f"{whole}.{part}" if part else whole)


def minor(currency: str) -> Fraction:
    """Return the smallest amount of a currency."""
    return Fraction(1, 10 ** PLACES.get(currency, 2))


def multiple(value: Fraction, step: Fraction, mode: str) -> Fraction:
    """Return the multiple of `step` that `mode` chooses for `value`."""
    exact = value / step
    low = floor(exact)
    return (low + _up(exact, low, exact - low, mode)) * step


def _up(exact: Fraction, low: int, rest: Fraction, mode: str) -> bool:
    """Return whether the upper of the two neighbours is taken."""
    if not rest or mode == "floor":
        return False
    if mode == "ceil":
        return True
    if mode == "truncate":
        return exact < 0
    if rest == HALF:
        return bool(low % 2) if mode == "half_even" else exact > 0
    return rest > HALF


def shared(values: Sequence[Fraction], total: Fraction, step: Fraction) -> list[Fraction]:
    """Return multiples of `step` beside the values that add up to `total`: largest remainders go up."""
    low = [multiple(value, step, "floor") for value in values]
    missing = int((total - sum(low, ZERO)) / step)
    rests = [value - part for value, part in zip(values, low, strict=True)]
    first = sorted(range(len(values)), key=lambda index: -rests[index])[:missing]
    return [part + step if index in first else part for index, part in enumerate(low)]


def canonical(value: Tree) -> bytes:
    """Return the one way to write a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def add(values: Iterable[Fraction]) -> Fraction:
    """Return the sum."""
    return sum(values, ZERO)
