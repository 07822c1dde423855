"""Exact decimals, rounding, canonical JSON and hashes."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction
from math import floor
from typing import Any

Tree = Any  # what JSON can say

ZERO, ONE = Decimal(0), Decimal(1)
# The arithmetic of a bill: fifty digits, so that only what the terms round is rounded.
FIFTY = Context(prec=50, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
HALF = Fraction(1, 2)
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


def plain(value: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def minor(currency: str) -> Decimal:
    """Return the smallest amount of a currency."""
    return Decimal(1).scaleb(-PLACES.get(currency, 2))


def multiple(value: Decimal, step: Decimal, mode: str) -> Decimal:
    """Return the multiple of `step` that `mode` chooses for `value`."""
    exact = Fraction(value) / Fraction(step)
    low = floor(exact)
    rest = exact - low
    return FIFTY.multiply(Decimal(low + _up(exact, low, rest, mode)), step)


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


def shared(values: Sequence[Decimal], total: Decimal, step: Decimal) -> list[Decimal]:
    """Return multiples of `step` beside the values that add up to `total`: largest remainders go up."""
    low = [multiple(value, step, "floor") for value in values]
    missing = int(Fraction(total - sum(low, ZERO)) / Fraction(step))
    rests = [value - part for value, part in zip(values, low, strict=True)]
    first = sorted(range(len(values)), key=lambda index: -rests[index])[:missing]
    return [part + step if index in first else part for index, part in enumerate(low)]


def canonical(value: Tree) -> bytes:
    """Return the one way to write a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def add(values: Iterable[Decimal]) -> Decimal:
    """Return the sum."""
    return sum(values, ZERO)
