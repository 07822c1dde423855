"""What a rating may refuse, and the decimal arithmetic it runs in. PURE."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import DecimalException, DivisionByZero, DivisionUndefined

from plans.errors import DomainError, _
from plans.money import exact
from plans.tariff import UnpriceableQuantity


class UnknownCharge(DomainError):  # noqa: N818
    """A charge or figure that the terms do not have."""

    code = "unknown_charge"
    text = _("The terms have no charge called “%(code)s”.")


class CurrencyNotSold(DomainError):  # noqa: N818
    """The customer's currency is not among those of the terms."""

    code = "currency_not_sold"
    text = _("These terms are not sold in %(currency)s.")


class DuplicateLine(DomainError):  # noqa: N818
    """One charge due twice without a `part` to tell the lines apart."""

    code = "duplicate_line"
    text = _("The line “%(key)s” is due twice.")


class NotCalculable(DomainError):  # noqa: N818
    """A formula divides by a number that is zero for this customer, or outgrows fifty digits."""

    code = "not_calculable"
    text = _("The price cannot be worked out: a number on the way needs more than 50 digits.")


class DividesByZero(NotCalculable):
    """A formula divides by a number that is zero for this customer."""

    text = _("The price cannot be worked out: a formula divides by a number that is zero here.")


class ChargeNotCalculable(NotCalculable):
    """The same, where the charge is known."""

    text = _(
        "The charge “%(charge)s” cannot be worked out: a number on the way needs more than 50 digits. "
        "Use smaller factors or fewer powers in its steps, or ask for less."
    )


class ChargeDividesByZero(NotCalculable):
    """The same, where the charge is known."""

    text = _(
        "The charge “%(charge)s” cannot be worked out: it divides by a number that is zero here. "
        "Give that number a value, or let the formula use at_least: 1 before it divides."
    )


class ChargeUnpriceable(UnpriceableQuantity):
    """A charge has no price for its quantity."""

    text = _("The charge “%(charge)s” has no list price for %(quantity)s. Ask for an offer.")


@contextmanager
def within(charge: str) -> Iterator[None]:
    """Let a refusal of the arithmetic inside name the charge or figure it was worked out for."""
    try:
        yield
    except UnpriceableQuantity as error:
        raise ChargeUnpriceable(**{**error.params, "charge": charge}) from error
    except DecimalException as error:
        cause = ChargeDividesByZero if _divides_by_zero(error) else ChargeNotCalculable
        raise cause(charge=charge) from error


@contextmanager
def calculation() -> Iterator[None]:
    """Work with exact decimals; what they cannot do is a refusal with a name."""
    try:
        with exact():
            yield
    except DecimalException as error:
        raise (DividesByZero if _divides_by_zero(error) else NotCalculable) from error


def _divides_by_zero(error: DecimalException) -> bool:
    """Return whether something was divided by zero, or nothing was: of that only the signal inside tells."""
    signals = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return isinstance(error, DivisionByZero | DivisionUndefined) or DivisionUndefined in signals
