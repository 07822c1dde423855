"""What a rating may refuse, and the decimal arithmetic it runs in. PURE."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import DecimalException

from plans.errors import DomainError, _
from plans.money import exact


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
    text = _("The price cannot be worked out: it divides by zero or needs more than 50 digits.")


@contextmanager
def calculation() -> Iterator[None]:
    """Work with exact decimals; what they cannot do is a refusal with a name."""
    try:
        with exact():
            yield
    except DecimalException as error:
        raise NotCalculable from error
