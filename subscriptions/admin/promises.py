"""Price locks, coupons and what was agreed, on the agreement's page."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import Confirmation, ReadOnlyInline, StaffForm, action, confirmed, display
from plans.admin.acting import acting
from plans.admin.people import PeopleColumns, person_column
from plans.clock import now
from plans.errors import DomainError
from plans.templatetags.figures import moment
from plans.templatetags.figures import span as days
from subscriptions import services
from subscriptions.models import Redemption, Subscription, SubscriptionPhase
from subscriptions.selectors import phase_at, with_parts, within
from subscriptions.selectors_moves import Movers, moving_plans


class LockForm(StaffForm):
    """Until when, and why."""

    until = forms.DateTimeField(
        label=_("locked until (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: lift the lock."),
    )
    reason = forms.CharField(
        label=_("reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class CouponAskForm(StaffForm):
    """The code, as the customer would type it."""

    code = forms.CharField(label=_("coupon code"), max_length=64)


class RedemptionInline(PeopleColumns, ReadOnlyInline):
    """Coupons redeemed."""

    who = person_column("by", _("by"))
    model = Redemption
    fields = ("coupon", "number", "at", "who")


def agreed_text(row: SubscriptionPhase) -> str:
    """Return the labels and facts of a phase in a line."""
    return ", ".join(f"{name}: {value}" for name, value in {**row.labels, **row.facts}.items()) or "–"


def covered(span: Any, zone: str) -> str:
    """Return a span as days; one without an end says from when."""
    if span.upper is None:
        return gettext("from %(day)s") % {"day": moment(span.lower, zone)}
    return days(span, zone)


class PromiseActs:
    """The acts and the column about promises; mixed into the agreement desk."""

    @display(description=_("next version"))
    def coming(self, row: Subscription) -> str:
        """The version that the agreement moves to at a renewal, or what keeps it from that."""
        fresh = with_parts(Subscription.objects.filter(pk=row.pk)).get()
        plans = moving_plans(phase.plan_version.plan_id for phase in fresh.phases.all())
        move = Movers(plans).coming(fresh, now()) if plans and within(fresh, now()) else None
        if move is None:
            return "–"
        words = {"version": move.version, "day": moment(move.edge, row.customer.billing_zone)}
        if not move.hindered_by:
            return gettext("%(version)s from %(day)s") % words
        words["names"] = ", ".join(f"{kind} {name}" for kind, name in move.hindered_by)
        text = gettext("Cannot move to %(version)s on %(day)s: it has no price for %(names)s.")
        return text % words

    @action(description=_("Lock the price…"), icon="lock", permissions=["act"])
    def lock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the version in force until a date, or lift the lock."""
        row = self._agreement(object_id)
        phase = phase_at(row, now())

        def act(asked: dict[str, Any]) -> str:
            held = services.lock_price(row, until=asked["until"], **acting(request))
            if held.price_lock_until is None:
                return gettext("The price is not locked any more.")
            until = moment(held.price_lock_until, row.customer.billing_zone)
            return gettext("The price is locked until %(until)s.") % {"until": until}

        text = gettext(
            "A locked subscription keeps its version, whatever is published. It moves at the first renewal "
            "on or after the end of the lock."
        )
        asks = Confirmation(
            gettext("Lock the price"), text, gettext("Save the lock"), form=LockForm,
            initial={"until": phase.price_lock_until if phase else None},
        )  # fmt: skip
        return confirmed(request, row, asks, act, refused=DomainError)

    @action(description=_("Redeem a coupon…"), icon="redeem", permissions=["act"])
    def coupon(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the credit of a code from the next month on."""
        row = self._agreement(object_id)

        def act(asked: dict[str, Any]) -> str:
            held = services.redeem(row, code=asked["code"], **acting(request))
            days_ = covered(held.span, row.customer.billing_zone)
            return gettext("%(option)s is held: %(days)s.") % {"option": held.option, "days": days_}

        text = gettext("It counts from the next month on, as this month's base fee is billed already.")
        asks = Confirmation(
            gettext("Redeem a coupon"), text, gettext("Redeem the coupon"), form=CouponAskForm
        )
        return confirmed(request, row, asks, act, refused=DomainError)

    @action(description=_("Leave early…"), icon="logout", permissions=["act"])
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to billing's page, as the amount needs the rater."""
        return HttpResponseRedirect(reverse("admin:billing_early_exit", args=[object_id]))

    def _agreement(self, object_id: str) -> Subscription:
        return get_object_or_404(Subscription.objects.select_related("customer"), pk=object_id)
