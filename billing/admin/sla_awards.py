"""What becomes of judged windows: decide what waits, see claims; days and units; conditions met."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.runs import ReasonForm
from billing.admin.shown import TierColumn, priced, tree
from billing.errors import AwardNotWaiting
from billing.explain_sla import assessment_sentences
from billing.models import AwardState, SlaAward, SlaCondition, SlaGrant
from billing.services import sla_awards
from billing.services.sla_giving import has_given
from config.admin_base import (
    BaseAdmin,
    Confirmation,
    ReadOnlyAdmin,
    UnchangedRowForm,
    action,
    change_link,
    confirmed,
    display,
    labelled,
)
from plans.admin.acting import acting, by
from plans.admin.people import PeopleColumns, person_column
from plans.errors import DomainError
from plans.templatetags.figures import moment, quantity
from plans.templatetags.figures import span as shown_days
from plans.timespan import Period

COLOURS = {
    "granted": "success",
    "unclaimed": "info",
    "pending": "warning",
    "rejected": "danger",
    "lapsed": "default",
    "nothing": "default",
}


@admin.register(SlaAward)
class AwardAdmin(PeopleColumns, TierColumn, ReadOnlyAdmin):
    """One window once: what it earns, and whether that is given."""

    people = ("claimed_by", "decided_by")
    claimant = person_column("claimed_by", _("claimed by"))
    decider = person_column("decided_by", _("decided by"))
    list_display = ("days", "customer_link", "tier", "worth", "form", "state_label", "claim_until")
    list_filter = ("state", "form", "sla_code", ("customer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("customer", "assessment")
    search_fields = ("customer__name", "subscription__public_id", "sla_code")
    date_hierarchy = "starts_at"
    actions_detail = ("approve", "reject")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("customer_link", "tier", "days"),
                    ("worth", "form", "given"),
                    ("state_label", "claim_until", "claimed_at", "claimant"),
                    ("decided_at", "decider", "reason"),
                    "judged",
                )
            },
        ),
        (_("How this was judged"), {"fields": ("why",)}),
    )

    @display(description=_("window"), ordering="starts_at")
    def days(self, row: SlaAward) -> str:
        """The window as days of the customer's zone."""
        return shown_days(Period(row.starts_at, row.ends_at), row.customer.billing_zone)

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: SlaAward) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("earned"), ordering="amount")
    def worth(self, row: SlaAward) -> str:
        """Money, or days and units."""
        return quantity(row.quantity) if row.quantity else priced(row.amount, row.currency)

    @display(description=_("given so far"))
    def given(self, row: SlaAward) -> str:
        """What is in the ledger for this window."""
        return priced(has_given(row.assessment), row.currency)

    @display(description=_("claim by"), ordering="claim_by")
    def claim_until(self, row: SlaAward) -> str:
        """Until when the customer may claim it."""
        return moment(row.claim_by, row.customer.billing_zone)

    @labelled(description=_("state"), ordering="state", colours=COLOURS)
    def state_label(self, row: SlaAward) -> tuple[str, str]:
        """The state as a coloured label."""
        return row.state, row.get_state_display()

    @display(description=_("assessment"))
    def judged(self, row: SlaAward) -> SafeString | str:
        """The judgement it follows from."""
        return change_link(row.assessment)

    @display(description=_("arithmetic"))
    def why(self, row: SlaAward) -> SafeString:
        """The judgement in sentences, as the customer reads it."""
        return tree(assessment_sentences(row.assessment))

    def has_decide_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Deciding needs the change right."""
        return request.user.has_perm("billing.change_slaaward")

    @action(description=_("Approve"), icon="check", permissions=["decide"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give what waits, with a reason."""
        row = get_object_or_404(SlaAward.objects.select_related("customer", "assessment"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            sla_awards.approve(row.pk, reason=asked["reason"], **acting(request))
            return gettext("%(worth)s is given to %(customer)s.") % self._words(row)

        text = gettext("%(worth)s is given to %(customer)s at once; the ledger keeps it.") % self._words(row)
        asks = Confirmation(
            gettext("Approve the award"), text, gettext("Approve"), ReasonForm, problems=_settled(row)
        )
        return confirmed(request, row, asks, act, refused=DomainError)

    @action(description=_("Reject"), icon="block", permissions=["decide"])
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refuse what waits; the customer reads the reason."""
        row = get_object_or_404(SlaAward.objects.select_related("customer", "assessment"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            sla_awards.reject(row.pk, reason=asked["reason"], **acting(request))
            return gettext("%(worth)s is not given to %(customer)s.") % self._words(row)

        text = gettext(
            "%(worth)s is not given to %(customer)s, who reads the reason. It can still be approved later."
        ) % self._words(row)
        asks = Confirmation(
            gettext("Reject the award"), text, gettext("Reject"), ReasonForm, danger=True,
            problems=_settled(row, AwardState.REJECTED),
        )  # fmt: skip
        return confirmed(request, row, asks, act, refused=DomainError)

    def _words(self, row: SlaAward) -> dict[str, str]:
        return {"worth": self.worth(row), "customer": row.customer.name}


def _settled(row: SlaAward, *also: str) -> list[str]:
    """Return why there is nothing to decide about an award, as the service would answer."""
    waits = {AwardState.PENDING, AwardState.REJECTED} - {*also}
    return [] if row.state in waits else [str(AwardNotWaiting(state=row.get_state_display()))]


@admin.register(SlaGrant)
class GrantAdmin(TierColumn, ReadOnlyAdmin):
    """Days and units given for missed promises."""

    list_display = ("customer_link", "tier", "form", "pool", "amount", "state", "expires_at", "given_at")
    list_filter = ("form", "state", "pool")
    list_select_related = ("customer",)
    search_fields = ("customer__name", "subscription__public_id")
    date_hierarchy = "given_at"
    actions_detail = ("apply",)

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: SlaGrant) -> SafeString | str:
        """This row's page, named by the customer."""
        return change_link(row, row.customer.name)

    @display(description=_("difference"), ordering="quantity")
    def amount(self, row: SlaGrant) -> str:
        """Days or units; negative takes back."""
        return quantity(row.quantity)

    def has_apply_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Applying needs the change right."""
        return request.user.has_perm("billing.change_slagrant")

    @action(description=_("Mark as applied"), icon="check", permissions=["apply"])
    def apply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that the days were added, or the units handed over."""
        row = get_object_or_404(SlaGrant, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            SlaGrant.objects.filter(pk=row.pk).update(state=SlaGrant.State.APPLIED)
            return gettext("It is marked as applied.")

        text = gettext("Mark it once the days are added to the agreement or the units are in the pool.")
        asks = Confirmation(gettext("Mark as applied"), text, gettext("Mark as applied"), ReasonForm)
        return confirmed(request, row, asks, act, refused=DomainError)


class ConditionForm(UnchangedRowForm):
    """A label with its value, from an instant on."""

    class Meta:
        model = SlaCondition
        fields = ("subscription", "label", "value", "since", "until", "reason")
        widgets = {"reason": forms.TextInput}


@admin.register(SlaCondition)
class ConditionAdmin(PeopleColumns, BaseAdmin):
    """Conditions that promises pick by; a later one of the same label takes over."""

    who = person_column("by", _("by"))
    form = ConditionForm
    list_display = ("label", "value", "subscription", "since", "until", "who")
    list_filter = ("label",)
    list_select_related = ("subscription__customer", "subscription__app")
    search_fields = ("label", "subscription__public_id", "subscription__customer__name")
    autocomplete_fields = ("subscription",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: judgements were made by it."""
        return False

    def save_model(self, request: HttpRequest, obj: SlaCondition, form: Any, change: bool) -> None:
        """Sign it."""
        obj.by = by(request).id
        super().save_model(request, obj, form, change)
