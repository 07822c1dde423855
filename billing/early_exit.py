"""What the figure of an early exit is rated with, and what of an invoice was paid for a term. PURE."""

from dataclasses import dataclass
from decimal import Decimal

from billing.dues import Calendar
from plans.money import exact, to_multiple
from plans.timespan import Period, local_date

YEAR = 12


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a paid term is used when it is left at `end`; a started month or day counts."""

    months_used: int
    months_paid: int
    days_used: int
    days_paid: int


def used_of(calendar: Calendar, first: int, last: int) -> Used:
    """Return the used part of the year that starts with month `first`, left at the end of month `last`."""
    year = calendar.months(first, YEAR)
    used = calendar.months(first, last - first + 1)
    return Used(last - first + 1, YEAR, _days(used, calendar), _days(year, calendar))


def _days(period: Period, calendar: Calendar) -> int:
    return (local_date(period.end, calendar.zone) - local_date(period.start, calendar.zone)).days


def facts_of(used: Used, *, paid: Decimal, monthly: Decimal) -> dict[str, Decimal]:
    """Return every fact a figure `early_exit` may ask for; money in major units."""
    return {
        "paid": paid,
        "monthly": monthly,
        "months_used": Decimal(used.months_used),
        "months_paid": Decimal(used.months_paid),
        "days_used": Decimal(used.days_used),
        "days_paid": Decimal(used.days_paid),
    }


def gross_share(net: int, *, net_all: int, tax: int) -> int:
    """Return what lines of `net` minor units came to with their share of the invoice's tax.

    The tax is shared in proportion and rounded half up; all lines together take all of it.
    """
    if not net_all or not tax:
        return net
    with exact():
        return net + int(to_multiple(Decimal(tax) * net / net_all, Decimal(1), "half_up"))


def bounded(refund: Decimal, paid: Decimal) -> Decimal:
    """Return what is given back: never below zero, never more than was paid, whatever a formula says."""
    return min(max(refund, Decimal(0)), max(paid, Decimal(0)))
