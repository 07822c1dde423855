"""Excluded windows: what is not to be counted, stated by the provider's systems or by staff."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import BaseAdmin, Confirmation, UnchangedRowForm, action, confirmed, display
from plans import clock
from plans.admin.acting import by
from plans.admin.people import PeopleColumns, person_column
from plans.admin.promise_fields import dress
from plans.errors import DomainError
from plans.templatetags.figures import moment
from plans.timespan import Period
from usage.models import ExcludedWindow
from usage.parsing_exclusions import Exclusion
from usage.services import next_revision, state_exclusion


class ExclusionForm(UnchangedRowForm):
    """A first statement; a correction is made by withdrawing it and stating it anew."""

    starts = forms.DateTimeField(label=_("start (UTC)"), help_text=_("Such as 2026-11-20 18:00."))
    ends = forms.DateTimeField(label=_("end (UTC)"))

    class Meta:
        model = ExcludedWindow
        fields = (
            "reference", "kind", "app", "customer", "region", "notice_at", "peak_share", "reason", "evidence",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self, ["starts", "ends"])

    def clean(self) -> dict[str, Any] | None:
        """Check what concerns two fields."""
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and starts >= ends:
            self.add_error("ends", gettext("The end must lie after the start."))
        if cleaned.get("app") and cleaned.get("customer"):
            self.add_error(
                "customer", gettext("Name an app or a customer, not both; neither means everybody.")
            )
        if cleaned.get("notice_at") and cleaned["notice_at"] > clock.now():
            self.add_error("notice_at", gettext("The announcement cannot lie in the future."))
        reference = cleaned.get("reference")
        if reference and ExcludedWindow.objects.filter(reference=reference).exists():
            self.add_error(
                "reference", gettext("This reference is stated already. Withdraw it, or use another.")
            )
        return cleaned


class WithdrawForm(forms.Form):
    """Why it no longer holds."""

    reason = forms.CharField(label=_("reason"), max_length=500)


@admin.register(ExcludedWindow)
class ExclusionAdmin(PeopleColumns, BaseAdmin):
    """Statements; they are added and withdrawn, never edited."""

    who = person_column("by", _("by"))
    form = ExclusionForm
    list_display = (
        "reference",
        "revision",
        "kind",
        "days",
        "whom",
        "region",
        "announced",
        "withdrawn",
        "who",
    )
    list_filter = ("kind", "withdrawn", ("app", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("app__customer", "customer")
    search_fields = ("reference", "reason", "app__code", "customer__name")
    date_hierarchy = "stated_at"
    actions_detail = ("withdraw",)
    autocomplete_fields = ("app", "customer")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("reference", "kind"),
                    ("starts", "ends"),
                    ("app", "customer", "region"),
                    ("notice_at", "peak_share"),
                    "reason",
                    "evidence",
                )
            },
        ),
    )
    shown = (
        "reference", "revision", "kind", "days", "whom", "region", "announced", "peak_share", "reason",
        "evidence", "withdrawn", "stated_at", "who", "content_hash",
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show a stored statement whole."""
        return self.fieldsets if obj is None else ((None, {"fields": self.shown}),)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: a statement is evidence."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name every column of a stored statement."""
        return self.shown if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: ExcludedWindow, form: Any, change: bool) -> None:
        """Store by the service, so that the row is the same as one that came over the API."""
        given = form.cleaned_data
        said = Exclusion(
            reference=given["reference"],
            app=given["app"].code if given["app"] else "",
            customer=given["customer"].public_id if given["customer"] else "",
            region=given["region"],
            span=Period(given["starts"], given["ends"]),
            kind=given["kind"],
            notice_at=given["notice_at"],
            peak_share=given["peak_share"],
            reason=given["reason"],
            evidence=given["evidence"],
            withdrawn=False,
            revision=1,
        )
        row, _created = state_exclusion(said, at=clock.now(), by=by(request))
        obj.pk = row.pk

    def has_withdraw_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Withdrawing is stating."""
        return request.user.has_perm("usage.add_excludedwindow")

    @action(description=_("Withdraw"), icon="undo", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say that it no longer holds; what was judged with it is judged again."""
        rows = ExcludedWindow.objects.select_related("app__customer", "customer")
        row = get_object_or_404(rows, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            state_exclusion(_withdrawn(row, asked["reason"]), at=clock.now(), by=by(request))
            return gettext("%(reference)s is withdrawn.") % {"reference": row.reference}

        text = gettext(
            "The time counts again. Windows of the last 100 days over which it lay are judged again with the "
            "next run, and only the difference is given."
        )
        asks = Confirmation(gettext("Withdraw the statement"), text, gettext("Withdraw"), WithdrawForm)
        return confirmed(request, row, asks, act, refused=DomainError)

    @display(description=_("excluded time"), ordering="span")
    def days(self, row: ExcludedWindow) -> str:
        """Start and end, to the minute, in the customer's zone where there is one."""
        zone = self._zone(row)
        return f"{moment(row.span.lower, zone)} – {moment(row.span.upper, zone)}"

    @display(description=_("concerns"))
    def whom(self, row: ExcludedWindow) -> str:
        """The app, the customer, or everybody."""
        if row.app is not None:
            return str(row.app)
        return str(row.customer) if row.customer is not None else gettext("everybody")

    @display(description=_("announced at"), ordering="notice_at")
    def announced(self, row: ExcludedWindow) -> str:
        """When it was announced."""
        return moment(row.notice_at, self._zone(row))

    def _zone(self, row: ExcludedWindow) -> str:
        customer = row.app.customer if row.app is not None else row.customer
        return customer.billing_zone if customer is not None else "UTC"


def _withdrawn(row: ExcludedWindow, reason: str) -> Exclusion:
    return replace(_said(row), withdrawn=True, reason=reason, revision=next_revision(row.reference))


def _said(row: ExcludedWindow) -> Exclusion:
    lower: datetime = row.span.lower
    return Exclusion(
        reference=row.reference,
        app=row.app.code if row.app is not None else "",
        customer=row.customer.public_id if row.customer is not None else "",
        region=row.region,
        span=Period(lower.astimezone(UTC), row.span.upper.astimezone(UTC)),
        kind=row.kind,
        notice_at=row.notice_at,
        peak_share=row.peak_share,
        reason=row.reason,
        evidence=row.evidence,
        withdrawn=row.withdrawn,
        revision=row.revision,
    )
