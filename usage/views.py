"""Portal pages of usage: a month against its allowances, days as chart, table and CSV."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from plans import clock
from plans.templatetags.figures import quantity, short_day
from subscriptions.models import App
from subscriptions.portal import MemberRequest, member_page
from usage.csv_text import harmless
from usage.selectors_quotas import highest_of
from usage.summary import DayValue, MeterUse, MonthUse, day_values, days_of, month_use

BOM = "\ufeff"  # without it, spreadsheet programs take Chinese text for another encoding


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for, after checking it against what is there."""

    month: MonthUse
    chosen: MeterUse
    apps: list[App]
    app: App | None


@require_safe
@member_page()
def usage(request: MemberRequest) -> HttpResponse:
    """Show a month: bars for all meters, days of one."""
    month = _month(request)
    asked = _asked(request, month)
    if asked is None:
        return render(request, "usage/usage.html", {"month": None, "nothing": month})
    values = day_values(asked.apps, asked.chosen.meter, asked.month.period, request.visit.zone)
    days = days_of(asked.month.period, request.visit.zone)
    page = {
        "month": asked.month,
        "warnings": highest_of(asked.month.row.agreement, asked.month.period),
        "chosen": asked.chosen,
        "app": asked.app,
        "chart": chart(values, days, asked.apps),
        "table": _table(values, days, asked.apps),
        "now": clock.now(),
    }
    return render(request, "usage/usage.html", page)


@require_safe
@member_page()
def usage_csv(request: MemberRequest) -> HttpResponse:
    """Send the days that the page shows, as CSV that spreadsheet programs open right."""
    asked = _asked(request, _month(request))
    if asked is None:
        raise Http404
    meter = asked.chosen.meter
    response = HttpResponse(BOM, content_type="text/csv; charset=utf-8")
    first = asked.month.period.start.date()
    response["Content-Disposition"] = f'attachment; filename="usage-{meter.code}-{first:%Y-%m-%d}.csv"'
    rows = csv.writer(response)
    rows.writerow([_("day"), _("app"), _("app code"), _("meter"), _("value"), _("unit")])
    for one in day_values(asked.apps, meter, asked.month.period, request.visit.zone):
        figures = [one.app.code, meter.code, format(one.value.normalize(), "f"), meter.unit]
        rows.writerow([one.day.isoformat(), harmless(one.app.name), *figures])
    return response


def _month(request: MemberRequest) -> MonthUse | None:
    back = request.GET.get("back", "")
    return month_use(
        request.visit.customer,
        clock.now(),
        back=int(back) if back.isdecimal() and len(back) < 4 else 0,
        chosen=request.GET.get("subscription", ""),
    )


def _asked(request: MemberRequest, month: MonthUse | None) -> Asked | None:
    if month is None or not month.meters:
        return None
    wanted = request.GET.get("meter", "")
    chosen = next((m for m in month.meters if m.meter.code == wanted), month.meters[0])
    app = next((a for a in month.apps if a.code == request.GET.get("app", "")), None)
    return Asked(month, chosen, [app] if app else month.apps, app)


def chart(values: list[DayValue], days: list[date], apps: list[App]) -> dict[str, Any]:
    """Return what charts.js draws: one stacked series for each app."""
    by_app: dict[int, dict[date, Decimal]] = {app.pk: {} for app in apps}
    for one in values:
        by_app[one.app.pk][one.day] = one.value
    series = [
        {"name": app.name, "values": [str(by_app[app.pk].get(day, Decimal(0))) for day in days]}
        for app in apps
    ]
    return {"days": [short_day(day) for day in days], "series": series, "stacked": len(apps) > 1}


def _table(values: list[DayValue], days: list[date], apps: list[App]) -> list[tuple[date, list[str]]]:
    """Return a row for each day with a cell for each app: what the chart shows, in figures."""
    known = {(one.day, one.app.pk): one.value for one in values}
    return [(day, [quantity(known.get((day, app.pk), Decimal(0))) for app in apps]) for day in days]
