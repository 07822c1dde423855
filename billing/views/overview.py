"""The first page: plan, usage, upcoming bill, last invoices, and the next step."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import selectors
from billing.selectors_credit import credits_of
from billing.selectors_forecast import forecast
from billing.selectors_packs import pack_rows
from plans import clock
from subscriptions.models import Customer
from subscriptions.portal import MemberRequest, Visit, member_page
from usage.selectors_quotas import highest_of
from usage.summary import MonthUse, day_values, days_of, month_use
from usage.views import chart

LAST = 4


@require_safe
@member_page()
def overview(request: MemberRequest) -> HttpResponse:
    """Bring everything together; money only for those who may see it."""
    visit, at = request.visit, clock.now()
    month = month_use(visit.customer, at, chosen=request.GET.get("subscription", ""))
    page: dict[str, Any] = {"month": month, "now": at, "chart": _chart(month, visit.zone)}
    page["warnings"] = highest_of(month.row.agreement, month.period) if month else []
    page["packs"] = pack_rows(visit.customer, at)
    if visit.sees_money:
        page |= _money(visit.customer, month, at)
    page["steps"] = _steps(visit, month, has_card=bool(page.get("card")))
    return render(request, "billing/overview.html", page)


def _chart(month: MonthUse | None, zone: str) -> dict[str, Any] | None:
    """Return the days of the plan's first meter, or of another one that has any."""
    for use in (month.meters if month else [])[:3]:
        assert month is not None  # noqa: S101  # the loop is empty otherwise
        if use.used:
            values = day_values(month.apps, use.meter, month.period, zone)
            data = chart(values, days_of(month.period, zone), month.apps)
            return {"meter": use.meter, "data": data}
    return None


def _money(customer: Customer, month: MonthUse | None, at: datetime) -> dict[str, Any]:
    outlook = forecast(month.row.agreement, at) if month and month.row.is_live else None
    return {
        "upcoming": outlook.upcoming if outlook else None,
        "outlook": outlook,
        "invoices": list(selectors.invoices_of(customer)[:LAST]),
        "open_balance": selectors.open_balance(customer),
        "credit": credits_of(customer),
        "card": selectors.card_of(customer),
    }


def _steps(visit: Visit, month: MonthUse | None, *, has_card: bool) -> list[str]:
    """Return the codes of what is missing until everything runs, in the order to do it."""
    steps: list[str] = []
    if visit.sees_money and not any(row.is_live for row in (month.rows if month else [])):
        steps.append("subscribe")
    if visit.holds_keys and (not month.apps if month else not visit.customer.apps.exists()):
        steps.append("app")
    charged = month is not None and month.row.is_live and month.row.agreement.collection == "stripe_charge"
    if visit.sees_money and charged and not has_card:
        steps.append("card")
    return steps
