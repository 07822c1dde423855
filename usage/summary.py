"""What the portal shows of usage: a month against its allowances, and the days of one meter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Sum

from plans.highlights import Highlight, highlights
from plans.models import Meter
from plans.models.meters import MeterKind
from plans.selectors import terms_of
from plans.timespan import Period, local_date
from subscriptions.anchors import index_at, period_at
from subscriptions.models import App, Customer
from subscriptions.overview import AgreementRow, agreement_rows
from subscriptions.selectors import scope_apps, zone_of
from usage import selectors
from usage.models import DistinctUser, UsageRollup
from usage.models.cells import Grain
from usage.summary_reports import ended_within, is_by_period

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MeterUse:
    """One meter in one month: used, and what the plan includes of it."""

    meter: Meter
    used: Decimal
    offer: Highlight | None  # the charge that prices it; None when the plan does not charge for it
    reported_for: Period | None = None  # of a report that is about more than the month it ends in
    every: str = ""  # how a meter is counted that is reported once for more than a month

    @property
    def included(self) -> Decimal | None:
        """The allowance of the month, None without one; those of single time bands are not of the whole."""
        return self.offer.included if self.offer and not self.offer.band else None

    @property
    def over(self) -> Decimal:
        """What is beyond the allowance."""
        return max(Decimal(0), self.used - self.included) if self.included is not None else Decimal(0)

    @property
    def share(self) -> Decimal | None:
        """Used as a share of the allowance."""
        return self.used / self.included if self.included else None


@dataclass(frozen=True, slots=True)
class MonthUse:
    """The usage of one agreement in one of its months."""

    row: AgreementRow
    rows: list[AgreementRow]  # every agreement of the customer, live ones first, this one among them
    period: Period
    back: int  # 0: the month under way, 1: the one before …
    is_first: bool
    apps: list[App]
    meters: list[MeterUse]
    complete_through: datetime | None

    @property
    def asked(self) -> str:
        """What an address has to name to stay with this agreement; empty where there is no other."""
        return self.row.agreement.public_id if len(self.rows) > 1 else ""

    @property
    def app_ids(self) -> list[int]:
        """Keys of the apps whose usage counts."""
        return [app.pk for app in self.apps]


@dataclass(frozen=True, slots=True)
class DayValue:
    """One meter of one app on one day of the billing zone."""

    day: date
    app: App
    value: Decimal


def month_use(customer: Customer, at: datetime, *, back: int = 0, chosen: str = "") -> MonthUse | None:
    """Return the usage of a month of the chosen agreement, or of the first that is live; None without any."""
    rows = sorted(agreement_rows(customer, at), key=lambda r: not r.is_live)
    if not rows:
        return None
    row = next((r for r in rows if r.agreement.public_id == chosen), rows[0])
    period, back, is_first = _month(row, customer, at, back)
    apps = list(scope_apps(row.agreement).order_by("name"))
    # Read first: what is folded in between is in the figures, and not promised.
    through = selectors.complete_through([app.pk for app in apps], at=at) if apps else None
    meters = _meters(row, period, apps)
    return MonthUse(row, rows, period, back, is_first, apps, meters, through)


def _month(row: AgreementRow, customer: Customer, at: datetime, back: int) -> tuple[Period, int, bool]:
    zone, agreement = zone_of(customer), row.agreement
    last = at if row.ends_at is None else min(at, row.ends_at - INSTANT)
    newest = max(0, index_at(agreement.anchor, zone, last))
    k = max(0, newest - max(0, back))
    return period_at(agreement.anchor, zone, k), newest - k, k == 0


def _meters(row: AgreementRow, period: Period, apps: list[App]) -> list[MeterUse]:
    """Return every meter the plan knows, in the order of its charges; peaks add over apps."""
    labels = {"currency": row.agreement.currency, "term": row.agreement.term}
    document = terms_of(row.version).document
    offers: dict[str, Highlight] = {}
    for one in sorted(highlights(document, labels), key=lambda h: bool(h.held)):
        offers.setdefault(one.meter, one)
    codes = [*offers, *(code for code in document.meters if code not in offers)]
    known = {meter.code: meter for meter in Meter.objects.filter(code__in=codes)}
    totals = _totals(row, period, known)
    rest = [meter for code, meter in known.items() if code not in totals]
    ended = ended_within([app.pk for app in apps], rest, period)
    every = {charge.code: charge.every or "" for charge in document.charges}
    uses = []
    for code in codes:
        if code not in known:
            continue
        offer = offers.get(code)
        value, about = ended.get(code) or (totals.get(code, Decimal(0)), None)
        waits = is_by_period(known[code]) and code not in totals
        length = every.get(offer.charge, "") if offer and waits else ""
        uses.append(MeterUse(known[code], value, offer, about, length))
    return uses


def _totals(row: AgreementRow, period: Period, meters: dict[str, Meter]) -> dict[str, Decimal]:
    peaks: dict[tuple[str, str], Decimal] = {}
    totals: dict[str, Decimal] = {}
    for one in selectors.live_values(row.agreement, period, list(meters)):
        if meters[one.meter].kind == MeterKind.GAUGE:
            key = (one.meter, one.app_code)
            peaks[key] = max(peaks.get(key, one.value), one.value)
        else:
            totals[one.meter] = totals.get(one.meter, Decimal(0)) + one.value
    for (meter, _app), value in peaks.items():
        totals[meter] = totals.get(meter, Decimal(0)) + value
    return totals


def day_values(apps: Sequence[App], meter: Meter, period: Period, zone_name: str) -> list[DayValue]:
    """Return what is known of each app's days, earliest first; days without usage are left out."""
    by_pk = {app.pk: app for app in apps}
    found = _distinct_days if meter.kind == MeterKind.UNIQUE else _cell_days
    return [
        DayValue(day, by_pk[app], value) for app, day, value in found(list(by_pk), meter, period, zone_name)
    ]


def _distinct_days(
    apps: list[int], meter: Meter, period: Period, zone_name: str
) -> list[tuple[int, date, Decimal]]:
    days = days_of(period, zone_name)
    rows = DistinctUser.objects.filter(app_id__in=apps, meter=meter, day__range=(days[0], days[-1]))
    counted = rows.values_list("app_id", "day").annotate(n=Count("user_digest")).order_by("day", "app_id")
    return [(app, day, Decimal(n)) for app, day, n in counted]


def _cell_days(
    apps: list[int], meter: Meter, period: Period, zone_name: str
) -> list[tuple[int, date, Decimal]]:
    rows = UsageRollup.objects.filter(
        app_id__in=apps, meter=meter, grain=Grain.DAY, cell_start__gte=period.start, cell_start__lt=period.end
    )
    take = Max("max") if meter.kind == MeterKind.GAUGE else Sum("sum")
    value = Sum("count") if meter.kind == MeterKind.COUNT else take
    by_cell = rows.values_list("app_id", "cell_start").annotate(v=value).order_by("cell_start", "app_id")
    zone = ZoneInfo(zone_name)
    return [(app, local_date(start, zone), Decimal(v)) for app, start, v in by_cell]


def days_of(period: Period, zone_name: str) -> list[date]:
    """Return the local days of a period."""
    zone = ZoneInfo(zone_name)
    first, last = local_date(period.start, zone), local_date(period.end - INSTANT, zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
