"""The k-th period of an agreement, counted from its stored anchor in the billing zone. PURE.

Never from the previous end: 31 January, 28 February, 31 March. Edges are local midnights, so a
period across a clock change is an hour shorter or longer, and no hour is lost or counted twice.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from plans.timespan import Period, local_date, local_midnight, shift_months


def start_anchor(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) of the local day that `at` falls in."""
    return local_midnight(local_date(at, zone), zone)


def edge_at(anchor: datetime, zone: ZoneInfo, k: int, *, months: int = 1) -> datetime:
    """Return where the k-th period starts; the anchor's day is clamped to a shorter month, then restored."""
    return local_midnight(shift_months(local_date(anchor, zone), k * months), zone)


def period_at(anchor: datetime, zone: ZoneInfo, k: int, months: int = 1) -> Period:
    """Return the k-th period of `months` months; the 0th starts at the anchor."""
    return Period(edge_at(anchor, zone, k, months=months), edge_at(anchor, zone, k + 1, months=months))


def index_at(anchor: datetime, zone: ZoneInfo, at: datetime, months: int = 1) -> int:
    """Return k of the period that `at` falls in; negative before the anchor."""
    first, day = local_date(anchor, zone), local_date(at, zone)
    k = ((day.year - first.year) * 12 + day.month - first.month) // months
    # The guess is exact or, while the month's clamped day is still to come, one too high.
    return k if at >= edge_at(anchor, zone, k, months=months) else k - 1


def current_period(anchor: datetime, zone: ZoneInfo, at: datetime, months: int = 1) -> Period:
    """Return the period that `at` falls in."""
    return period_at(anchor, zone, index_at(anchor, zone, at, months), months)
