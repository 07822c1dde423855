"""From when until when a prepaid pack covers usage, by the rules of its pool. PURE."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from billing.values import Pack
from plans.errors import DomainError, _
from plans.terms import Pool
from plans.terms_schedule import Expiry
from plans.timespan import DAY, local_date, local_midnight, shift_months

ALWAYS = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class PackWithoutPurchase(DomainError):  # noqa: N818
    """The pool's rules count from the purchase, and the pack does not say when that was."""

    code = "pack_without_purchase"
    text = _("The pack “%(holding)s” of “%(pool)s” needs the instant of its purchase (bought).")


def covered(pack: Pack, rule: Pool, *, pool: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open span of instants whose usage a pack covers.

    The allowance of a pool (holding "") always does. A pack's own end comes before the pool's rule.
    """
    if not pack.holding:
        return ALWAYS, NEVER
    counts = rule.covers_from is not None or (rule.expires is not None and pack.expires is None)
    if counts and pack.bought is None:
        raise PackWithoutPurchase(holding=pack.holding, pool=pool)
    start = ALWAYS if pack.bought is None else _start(pack.bought, rule.covers_from, zone)
    if pack.expires is not None:
        return start, pack.expires
    if rule.expires is None or pack.bought is None:
        return start, NEVER
    return start, expiry(pack.bought, rule.expires, zone)


def expiry(bought: datetime, rule: Expiry, zone: ZoneInfo) -> datetime:
    """Return when a pack bought then ends: an instant, or the midnight that ends a day or month."""
    local = bought.astimezone(zone)
    day = shift_months(local.date(), rule.months) + rule.days * DAY
    if rule.end == "day":
        return local_midnight(day + DAY, zone)
    if rule.end == "month":
        return local_midnight(shift_months(day.replace(day=1), 1), zone)
    return local.replace(year=day.year, month=day.month, day=day.day).astimezone(UTC)


def _start(bought: datetime, rule: str | None, zone: ZoneInfo) -> datetime:
    day = local_date(bought, zone)
    if rule == "day":
        return local_midnight(day, zone)
    if rule == "month":
        return local_midnight(day.replace(day=1), zone)
    if rule == "last_month":
        return local_midnight(shift_months(day.replace(day=1), -1), zone)
    return bought if rule == "purchase" else ALWAYS
