"""Minor units, the currency table, and the only rounding in the house. PURE."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from fractions import Fraction
from math import trunc
from typing import Literal

from plans.errors import DomainError, _
from plans.ratio import DIGITS, Ratio, fraction, quotient, settled

Mode = Literal["half_up", "half_even", "ceil", "floor", "truncate"]

ROUNDING: dict[str, str] = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "ceil": ROUND_CEILING,
    "floor": ROUND_FLOOR,
    "truncate": ROUND_DOWN,
}

# 50 digits: 12 whole and 12 fractional digits multiplied three times over still fit without loss.
# A division that does not end goes through plans.ratio.
EXACT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])

# ISO 4217. The number is how many decimal places the minor unit has.
_PLACES: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG
    YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: dict[str, int] = {code: places for places, codes in _PLACES.items() for code in codes.split()}


class UnknownCurrency(DomainError):  # noqa: N818 — named like every other DomainError of the house
    """A code that is not in the ISO table; guessing two places would be wrong for yen and dinar."""

    code = "unknown_currency"
    text = _("“%(currency)s” is not an ISO 4217 currency.")


def exact() -> AbstractContextManager[Context]:
    """Return a block in which Decimal arithmetic does not depend on the caller's decimal context."""
    return localcontext(EXACT)


def minor_exponent(currency: str) -> int:
    """Return how many decimal places the currency's minor unit has."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency=currency) from None


def minor_step(currency: str) -> Decimal:
    """Return the smallest amount of the currency: 0.01 for EUR, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-minor_exponent(currency), EXACT)


def to_minor(value: Decimal, currency: str, mode: Mode = "half_up") -> int:
    """Return the exact amount as a whole number of minor units."""
    if isinstance(value, Ratio):
        value = to_multiple(value, minor_step(currency), mode)
    scaled = EXACT.scaleb(value, Decimal(minor_exponent(currency)))
    return int(scaled.to_integral_value(ROUNDING[mode], EXACT))


def from_minor(amount: int, currency: str) -> Decimal:
    """Return minor units as a Decimal of the currency, with the currency's places."""
    return Decimal(amount).scaleb(-minor_exponent(currency), EXACT)


def to_multiple(value: Decimal, step: Decimal, mode: Mode = "half_up") -> Decimal:
    """Return the multiple of `step` nearest to `value` in the given mode; `step` is positive.

    The remainder is exact, so a value that is a multiple already never moves.
    """
    if isinstance(value, Ratio) or isinstance(step, Ratio):
        return _to_multiple(fraction(value), fraction(step), mode)
    whole, rest = EXACT.divmod(value, step)
    if rest:
        tie = EXACT.compare(EXACT.multiply(rest.copy_abs(), Decimal(2)), step)
        whole = EXACT.add(whole, _carry(whole, -1 if rest < 0 else 1, tie, mode))
    return EXACT.multiply(whole, step)


def _to_multiple(value: Fraction, step: Fraction, mode: Mode) -> Decimal:
    """The same for numbers whose decimals do not end."""
    whole = trunc(value / step)
    rest = value - whole * step
    if rest:
        whole += _carry(whole, -1 if rest < 0 else 1, 2 * abs(rest) - step, mode)
    return settled(whole * step)


def _carry(whole: Decimal | int, away: int, tie: Decimal | Fraction, mode: Mode) -> int:
    """Return -1, 0 or 1: what a truncated quotient still needs.

    `away` is the value's sign; `tie` is below, at or above 0 as the rest is below, at or above one half.
    """
    if mode == "truncate":
        return 0
    if mode in ("ceil", "floor"):
        return away if (away > 0) == (mode == "ceil") else 0
    if tie == 0 and mode == "half_even":
        return away if whole % 2 else 0
    return away if tie >= 0 else 0


def add_up(values: Iterable[Decimal | int]) -> Decimal:
    """Return the exact sum, whatever the caller's decimal context."""
    whole = Decimal(0)
    with exact():
        for value in values:
            whole += value
    return whole


def split_minor(total: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Share `total` in proportion to `weights`; the parts add up to it (largest remainder).

    Weights are not negative and not all zero. On equal remainders the earlier part gains.
    """
    whole = add_up(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be positive in sum and none negative")
    with exact():
        shares = [quotient(Decimal(abs(total)) * weight, whole) for weight in weights]
    parts = [int(part) for part in share_multiples(shares, Decimal(abs(total)), Decimal(1))]
    return [-part for part in parts] if total < 0 else parts


def share_multiples(values: Sequence[Decimal], total: Decimal, step: Decimal) -> list[Decimal]:
    """Move each value to a neighbouring multiple of `step` so that together they make `total`.

    `total` is a multiple of `step` next to the values' sum. Largest remainders go up first.
    """
    parts = [to_multiple(value, step, "floor") for value in values]
    with exact():
        rests = [value - part for value, part in zip(values, parts, strict=True)]
        missing = int((total - add_up(parts)) / step)
        order = sorted(range(len(parts)), key=lambda index: rests[index], reverse=True)
        for index in order[:missing]:
            parts[index] += step
    return parts
