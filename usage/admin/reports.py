"""Absolute reports, what is expected of them, and what is missing."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    BaseAdmin,
    ReadOnlyAdmin,
    UnchangedRowForm,
    change_link,
    display,
    labelled,
    page,
    site_page,
)
from plans import clock
from plans.admin.people import PeopleColumns, person_column
from plans.models.meters import MeterSource
from plans.templatetags.figures import quantity, unit
from plans.templatetags.figures import span as shown_days
from usage.expecting import overdue
from usage.models import MissingPolicy, ReportExpectation, UsageReport

SHOWN = 200
POLICY_COLOURS = {"hold": "danger", "last_value": "warning", "mean_7": "warning"}


@admin.register(UsageReport)
class UsageReportAdmin(PeopleColumns, ReadOnlyAdmin):
    """Every revision that was reported; the highest of a place counts."""

    who = person_column("by", _("by"))
    list_display = ("label_link", "app", "meter", "region", "amount", "revision", "reported_at", "who")
    list_filter = (
        ("meter", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
        "kind",
    )
    list_select_related = ("app__customer", "meter")
    ordering = ("-id",)
    search_fields = ("app__code", "app__name", "app__customer__name", "label", "evidence")
    date_hierarchy = "reported_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("app", "meter", "region"),
                    ("kind", "label", "days"),
                    ("amount", "revision"),
                    ("evidence", "evidence_hash"),
                    ("reported_at", "who", "content_hash"),
                )
            },
        ),
    )

    @display(description=_("day or period"), ordering="label")
    def label_link(self, row: UsageReport) -> SafeString | str:
        """This row's page, named by what it is about."""
        return change_link(row, row.label)

    @display(description=_("value"), ordering="value")
    def amount(self, row: UsageReport) -> str:
        """The figure with its unit."""
        return f"{quantity(row.value)} {unit(row.meter.unit)}"

    @display(description=_("days"), ordering="span")
    def days(self, row: UsageReport) -> str:
        """The span in the customer's zone."""
        return shown_days(row.span, row.app.customer.billing_zone)


class ExpectationForm(UnchangedRowForm):
    """Checks what concerns two fields."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse what no report could satisfy."""
        cleaned = super().clean() or self.cleaned_data
        meter, policy = cleaned.get("meter"), cleaned.get("policy")
        if meter is not None and meter.source == MeterSource.EVENTS:
            self.add_error(
                "meter", ValidationError(gettext("Events feed this meter; nothing is reported for it."))
            )
        if meter is not None and meter.source == MeterSource.PERIOD_REPORTS:
            if cleaned.get("region"):
                self.add_error("region", ValidationError(gettext("A report of a period has no region.")))
            if policy == MissingPolicy.MEAN_7:
                text = gettext("There is no mean of days where periods are reported; take the last value.")
                self.add_error("policy", ValidationError(text))
        return cleaned


@admin.register(ReportExpectation)
class ExpectationAdmin(BaseAdmin):
    """Which app must report which meter by when; none unless a person says so."""

    form = ExpectationForm
    deletable = True
    list_display = ("__str__", "meter", "whom", "region", "due_hours", "policy_label", "since")
    list_filter = ("policy", ("meter", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("meter", "app")
    search_fields = ("meter__code", "app__code", "app__name")
    autocomplete_fields = ("meter", "app")
    fieldsets = ((None, {"fields": (("meter", "app", "region"), ("since", "due_hours"), "policy")}),)

    @display(description=_("app"))
    def whom(self, row: ReportExpectation) -> str:
        """Of whom it is expected."""
        return str(row.app) if row.app else gettext("every app whose plan counts it")

    @labelled(description=_("if it is missing"), ordering="policy", colours=POLICY_COLOURS)
    def policy_label(self, row: ReportExpectation) -> tuple[str, str]:
        """What becomes of the invoice."""
        return row.policy, row.get_policy_display()


@site_page("usage/missing-reports/", "usage_missing_reports")
def missing_reports(request: HttpRequest) -> HttpResponse:
    """Show what is owed, overdue and not reported."""
    if not request.user.has_perm("usage.view_reportexpectation"):
        raise PermissionDenied
    rows = overdue(clock.now(), limit=SHOWN + 1)
    policies = dict(MissingPolicy.choices)
    context = {
        "rows": [(one, policies[MissingPolicy(one.policy)]) for one in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
    }
    title = gettext("Missing reports")
    return page(request, "admin/missing_reports.html", title, context, model=ReportExpectation)
