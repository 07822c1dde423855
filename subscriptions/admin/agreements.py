"""Subscriptions, to read; cancelling at the end of what is paid is the one act here."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    Confirmation,
    ReadOnlyAdmin,
    ReadOnlyInline,
    action,
    change_link,
    confirmed,
    display,
    labelled,
    list_link,
)
from plans.admin.acting import acting
from plans.admin.people import PeopleColumns, person_column
from plans.clock import now
from plans.errors import DomainError
from plans.templatetags.figures import moment, quantity
from plans.templatetags.figures import span as days
from subscriptions import services
from subscriptions.admin.promises import PromiseActs, RedemptionInline, agreed_text, covered
from subscriptions.models import AddOn, SeatChange, Subscription, SubscriptionPhase
from subscriptions.models.agreements import Term
from subscriptions.selectors import term_period, within

STATE_COLOURS = {"live": "success", "ending": "warning", "ended": "default", "future": "info"}


class SpanInline(ReadOnlyInline):
    """Rows of an agreement that cover a span, shown as days of the customer's zone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the zone with the rows."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("subscription__customer")

    @display(description=_("days"))
    def days(self, row: Any) -> str:
        """The span in the customer's zone; open where it has no end."""
        return covered(row.span, row.subscription.customer.billing_zone)


class PhaseInline(SpanInline):
    """Which version is in force when."""

    model = SubscriptionPhase
    fields = ("days", "plan_version", "agreed", "price_lock_until")
    readonly_fields = ("days", "agreed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubscriptionPhase]:
        """Fetch the plan with each phase."""
        return super().get_queryset(request).select_related("plan_version__plan", "subscription__customer")

    @display(description=_("agreed"))
    def agreed(self, row: SubscriptionPhase) -> str:
        """The labels and facts that the price depends on."""
        return agreed_text(row)


class AddOnInline(SpanInline):
    """Modules and tiers held."""

    model = AddOn
    fields = ("option", "held", "days")
    readonly_fields = ("held", "days")

    @display(description=_("quantity"))
    def held(self, row: AddOn) -> str:
        """The quantity without trailing zeros."""
        return quantity(row.quantity)


class SeatInline(PeopleColumns, ReadOnlyInline):
    """Signed movements of seats."""

    who = person_column("by", _("by"))
    model = SeatChange
    fields = ("movement", "at", "who")
    readonly_fields = ("movement",)

    @display(description=_("Seats"))
    def movement(self, row: SeatChange) -> str:
        """Seats added or given back."""
        return f"{row.delta:+d}"


@admin.register(Subscription)
class SubscriptionAdmin(PromiseActs, ReadOnlyAdmin):
    """The agreement desk."""

    list_display = ("public_id", "customer_link", "plan", "state", "term", "collection", "currency", "since")
    list_filter = ("term", "collection", "currency", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = ("public_id", "customer__name", "customer__public_id", "app__code")
    list_select_related = ("customer", "app")
    date_hierarchy = "anchor"
    inlines = (PhaseInline, AddOnInline, SeatInline, RedemptionInline)
    actions_detail = ("lock", "coupon", "cancel", "leave", "undo_cancel")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("public_id", "state"),
                    ("customer_link", "app", "zone"),
                    ("plan", "family"),
                    ("term", "collection", "currency"),
                    ("anchor_local", "covered"),
                    ("current_term", "cancelled_local"),
                    "coming",
                    ("seats", "links"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Fetch phases and seats of all rows in one query each."""
        rows: QuerySet[Subscription] = super().get_queryset(request)
        phases = SubscriptionPhase.objects.select_related("plan_version__plan").order_by("span")
        return rows.select_related("customer", "app").prefetch_related(
            Prefetch("phases", queryset=phases), "seat_changes"
        )

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Subscription) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("plan"))
    def plan(self, row: Subscription) -> SafeString | str:
        """The version in force, or the last one."""
        at, phases = now(), list(row.phases.all())
        current = [p for p in phases if p.span.lower <= at and (p.span.upper is None or at < p.span.upper)]
        shown = (current or phases)[-1:]
        return change_link(shown[0].plan_version) if shown else "–"

    @labelled(description=_("state"), colours=STATE_COLOURS)
    def state(self, row: Subscription) -> tuple[str, str]:
        """Live, ending at the end of the term, ended, or not begun."""
        at = now()
        if at < row.span.lower:
            return "future", gettext("not begun")
        if not within(row, at):
            return "ended", gettext("ended")
        return ("ending", gettext("ending")) if row.span.upper else ("live", gettext("live"))

    @display(description=_("since"), ordering="anchor")
    def since(self, row: Subscription) -> str:
        """The first day in the customer's zone."""
        return moment(row.span.lower, row.customer.billing_zone)

    @display(description=_("billing zone"))
    def zone(self, row: Subscription) -> str:
        """The zone of all days on this page."""
        return row.customer.billing_zone

    @display(description=_("anchor"))
    def anchor_local(self, row: Subscription) -> str:
        """Periods are counted from here."""
        return moment(row.anchor, row.customer.billing_zone)

    @display(description=_("span"))
    def covered(self, row: Subscription) -> str:
        """From the first to the last day."""
        return covered(row.span, row.customer.billing_zone)

    @display(description=_("current term"))
    def current_term(self, row: Subscription) -> str:
        """What the last base fee pays for."""
        at = now()
        return days(term_period(row, at), row.customer.billing_zone) if within(row, at) else "–"

    @display(description=_("cancelled at"))
    def cancelled_local(self, row: Subscription) -> str:
        """When the cancellation was made."""
        return moment(row.cancelled_at, row.customer.billing_zone)

    @display(description=_("Seats"))
    def seats(self, row: Subscription) -> int:
        """Seats held now."""
        at = now()
        return sum(change.delta for change in row.seat_changes.all() if change.at <= at)

    @display(description=_("See also"))
    def links(self, row: Subscription) -> SafeString:
        """The agreement's invoices."""
        return list_link("billing_invoice", gettext("Invoices"), subscription__id__exact=row.pk)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer what the state allows."""
        row = Subscription.objects.filter(pk=object_id).only("span", "term", "left_early").first()
        if row is None or not within(row, now()):
            return []
        hidden = {"undo_cancel" if row.span.upper is None or row.left_early else "cancel"}
        if row.left_early:
            hidden |= {"cancel", "leave"}
        if row.term != Term.ANNUAL:
            hidden |= {"leave"}
        return [one for one in super().get_actions_detail(request, object_id) if one.path not in hidden]

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Acts need the change right, though no column is edited by hand."""
        return request.user.has_perm("subscriptions.change_subscription")

    @action(description=_("Cancel at period end"), icon="event_busy", permissions=["act"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the agreement with the term that is paid for."""
        row = self._row(object_id)
        at, zone = now(), row.customer.billing_zone

        def act(asked: dict[str, Any]) -> str:
            ended = services.cancel_at_period_end(row, **acting(request))
            return gettext("The subscription ends at %(end)s.") % {"end": moment(ended.span.upper, zone)}

        last = term_period(row, at).end if within(row, at) else None
        text = gettext(
            "The subscription runs until %(end)s and is not renewed. Usage until then is still invoiced. "
            "Nothing is refunded. This can be undone until that day."
        ) % {"end": moment(last, zone)}
        asks = Confirmation(
            gettext("Cancel at period end"), text, gettext("Cancel the subscription"), danger=True
        )
        return confirmed(request, row, asks, act, refused=DomainError)

    @action(description=_("Undo the cancellation"), icon="undo", permissions=["act"])
    def undo_cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the agreement go on."""
        row = self._row(object_id)

        def act(asked: dict[str, Any]) -> str:
            services.undo_cancel(row, **acting(request))
            return gettext("The subscription goes on.")

        text = gettext("The subscription goes on and is renewed at the end of each term.")
        asks = Confirmation(gettext("Undo the cancellation"), text, gettext("Undo the cancellation"))
        return confirmed(request, row, asks, act, refused=DomainError)

    def _row(self, object_id: str) -> Subscription:
        return get_object_or_404(Subscription.objects.select_related("customer"), pk=object_id)
