"""Leaving an annual term early, for staff: the same amounts as the customer sees; and what was settled."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import priced
from billing.models import EarlyExit
from billing.selectors_gather import billable
from billing.services import leaving
from config.admin_base import (
    Confirmation,
    ReadOnlyAdmin,
    StaffForm,
    change_link,
    confirmed,
    display,
    site_page,
)
from plans.admin.acting import acting
from plans.admin.people import PeopleColumns, person_column
from plans.clock import now
from plans.errors import DomainError
from plans.templatetags.figures import moment, quantity
from plans.templatetags.figures import span as days
from subscriptions.models import Subscription


class LeaveForm(StaffForm):
    """Why, for the amount that was shown."""

    reason = forms.CharField(
        label=_("reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    refund = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


@site_page("subscriptions/subscription/<int:pk>/early-exit/", "billing_early_exit")
def early_exit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what leaving early gives back; on POST do it for that amount."""
    if not request.user.has_perm("subscriptions.change_subscription"):
        raise PermissionDenied
    row = get_object_or_404(billable(Subscription.objects.all()), pk=pk)
    try:
        shown = leaving.settlement(row, at=now())
        problems = []
    except DomainError as error:
        shown, problems = None, [str(error)]

    def act(asked: dict[str, Any]) -> str:
        done = leaving.leave_early(row, expected=asked["refund"], **acting(request))
        said = gettext("%(subscription)s ends with this month; nothing is given back.")
        if done.refund:
            said = gettext("%(subscription)s ends with this month; %(amount)s went into the credit.")
        return said % {
            "subscription": row,
            "amount": priced(done.refund, done.currency),
        }

    asks = Confirmation(
        title=gettext("Leave %(subscription)s early") % {"subscription": row},
        text=gettext("The subscription ends with the month under way. This cannot be taken back."),
        button=gettext("End and settle"),
        form=LeaveForm,
        initial={"refund": shown.refund} if shown else {},
        facts=_facts(row, shown) if shown else (),
        problems=problems,
        danger=True,
    )
    return confirmed(request, row, asks, act, refused=DomainError)


def _facts(row: Subscription, shown: leaving.Settlement) -> list[tuple[str, str]]:
    facts = [
        (gettext("Ends on"), moment(shown.ends_at, row.customer.billing_zone)),
        (gettext("Paid for the term"), priced(shown.paid, shown.currency)),
        (gettext("Months used"), f"{shown.months_used} / 12"),
    ]
    if shown.derivation is not None:
        facts.append((gettext("One month on the monthly term"), priced(shown.monthly, shown.currency)))
    facts += [(one.text, one.value) for one in shown.sentences]
    return [*facts, (gettext("Given back"), priced(shown.refund, shown.currency))]


@admin.register(EarlyExit)
class EarlyExitAdmin(PeopleColumns, ReadOnlyAdmin):
    """What early leavers got back, to read."""

    who = person_column("by", _("by"))
    list_display = ("subscription_link", "customer_link", "term_days", "paid_money", "refund_money", "at")
    list_filter = ("currency",)
    search_fields = ("subscription__public_id", "customer__name")
    list_select_related = ("subscription", "customer")
    date_hierarchy = "at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("subscription_link", "customer_link"),
                    ("term_days", "ends_at", "months_used"),
                    ("paid_money", "monthly_money", "refund_money"),
                    ("at", "who", "terms_hash"),
                    "facts_text",
                )
            },
        ),
    )

    @display(description=_("subscription"))
    def subscription_link(self, row: EarlyExit) -> SafeString | str:
        """The agreement's page."""
        return change_link(row.subscription)

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: EarlyExit) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("term"))
    def term_days(self, row: EarlyExit) -> str:
        """The term as days of the customer's zone."""
        return days(row.term, row.customer.billing_zone)

    @display(description=_("paid for the term"), ordering="paid")
    def paid_money(self, row: EarlyExit) -> str:
        """Discounts and tax included."""
        return priced(row.paid, row.currency)

    @display(description=_("price of one month"))
    def monthly_money(self, row: EarlyExit) -> str:
        """The same holdings on the monthly term."""
        return priced(row.monthly, row.currency)

    @display(description=_("given back"), ordering="refund")
    def refund_money(self, row: EarlyExit) -> str:
        """What went into the customer's credit."""
        return priced(row.refund, row.currency)

    @display(description=_("facts"))
    def facts_text(self, row: EarlyExit) -> str:
        """What the figure was rated with."""
        return ", ".join(f"{name}: {quantity(value)}" for name, value in row.facts.items()) or "–"
