"""Quotients without loss: a Decimal where the division ends, a fraction where it does not. PURE.

`Decimal` cuts 5 ÷ 3 to the digits of its context, and what is cut can move a number over the edge of a band
or open one block too many. So a division goes through `quotient`, which keeps such a number as a `Ratio`.
"""

from collections.abc import Callable
from decimal import Context as DecimalContext
from decimal import Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import Any

DIGITS = 50
SHOWN_PLACES = 6  # to people
# 2^4096: a bill's divisors are minutes, days and people. A sum over thousands of different ones is cut.
_BITS = 4096
_CUTTING = DecimalContext(prec=DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow])
_ENDING = DecimalContext(prec=DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])


def _exactly(word: str) -> Callable[..., Any]:
    """Return an operator of Fraction for a Ratio and its like."""
    return lambda one, other: _worked_out(word, one, other)


def _worked_out(word: str, one: "Ratio", other: Any) -> Any:
    """Return what an operator of Fraction makes of two numbers: a number settled again, or a truth."""
    if not isinstance(other, Decimal | int | Fraction):
        return NotImplemented
    found = getattr(Fraction, word)(one.fraction, fraction(other))
    return settled(found) if isinstance(found, Fraction) else found


class Ratio(Decimal):
    """A number whose decimal does not end. Whoever knows only Decimal sees it cut to fifty digits."""

    __slots__ = ("fraction",)
    fraction: Fraction

    def __new__(cls, value: Fraction) -> "Ratio":
        cut = _CUTTING.divide(Decimal(value.numerator), Decimal(value.denominator))
        made = super().__new__(cls, cut)
        made.fraction = value
        return made

    __add__ = _exactly("__add__")
    __radd__ = _exactly("__radd__")
    __sub__ = _exactly("__sub__")
    __rsub__ = _exactly("__rsub__")
    __mul__ = _exactly("__mul__")
    __rmul__ = _exactly("__rmul__")
    __truediv__ = _exactly("__truediv__")
    __rtruediv__ = _exactly("__rtruediv__")
    __eq__ = _exactly("__eq__")
    __ne__ = object.__ne__  # the opposite of __eq__, not Decimal's own
    __lt__ = _exactly("__lt__")
    __le__ = _exactly("__le__")
    __gt__ = _exactly("__gt__")
    __ge__ = _exactly("__ge__")

    def __neg__(self, context: DecimalContext | None = None) -> "Ratio":
        return Ratio(-self.fraction)

    def __abs__(self, context: DecimalContext | None = None) -> "Ratio":
        return Ratio(abs(self.fraction))

    def copy_abs(self) -> "Ratio":
        return abs(self)

    def __hash__(self) -> int:
        return hash(self.fraction)

    def __int__(self) -> int:
        return int(self.fraction)

    def __reduce__(self) -> tuple[type["Ratio"], tuple[Fraction]]:  # type: ignore[override]
        return Ratio, (self.fraction,)


def fraction(value: Decimal | int | Fraction) -> Fraction:
    """Return the number as it is, as a fraction."""
    return value.fraction if isinstance(value, Ratio) else Fraction(value)


def settled(value: Fraction) -> Decimal:
    """Return a fraction as a Decimal where fifty digits hold it, else as a Ratio."""
    try:
        return _ENDING.divide(Decimal(value.numerator), Decimal(value.denominator))
    except Inexact:
        if value.denominator.bit_length() > _BITS or value.numerator.bit_length() > _BITS:
            return _CUTTING.divide(Decimal(value.numerator), Decimal(value.denominator))
        return Ratio(value)


def quotient(number: Decimal | int, other: Decimal | int) -> Decimal:
    """Return number ÷ other without loss; raises decimal's DivisionByZero or InvalidOperation for 0."""
    if isinstance(number, Ratio) or isinstance(other, Ratio):
        return settled(fraction(number) / fraction(other)) if other else _CUTTING.divide(1, 0)
    try:
        return _ENDING.divide(number, other)
    except Inexact:
        return settled(fraction(number) / fraction(other))


def plain(value: Decimal) -> str:
    """Return the one way to write a number: no exponent, no trailing zeros; `5/3` where it does not end."""
    if isinstance(value, Ratio):
        return f"{value.fraction.numerator}/{value.fraction.denominator}"
    return decimal_text(value)


def decimal_text(value: Decimal) -> str:
    """Return a decimal for programs that know no fractions: what does not end has fifty digits."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def shown(value: Decimal) -> str:
    """Return a number for people: 2.5, or 1.666666… (5/3) where the decimal does not end."""
    if not isinstance(value, Ratio):
        return decimal_text(value)
    whole, _point, part = decimal_text(value).partition(".")
    return f"{whole}.{part[:SHOWN_PLACES]}… ({plain(value)})"


def read(text: str) -> Decimal:
    """Return the number that `plain` wrote."""
    return settled(Fraction(text)) if "/" in text else Decimal(text)
