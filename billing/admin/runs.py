"""The night's work: runs, their jobs, and customers whose billing waits for a person."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import LeaseColumns
from billing.models import BillingJob, BillingRun, ParkedCustomer
from billing.services import parking
from config.admin_base import (
    Confirmation,
    ReadOnlyAdmin,
    StaffForm,
    action,
    change_link,
    confirmed,
    display,
    labelled,
    list_link,
)
from plans.admin.acting import acting
from plans.admin.people import PeopleColumns, person_column
from plans.errors import DomainError
from plans.templatetags.figures import moment

JOB_COLOURS = {"waiting": "warning", "done": "success", "parked": "danger"}


class ReasonForm(StaffForm):
    """Why, in a sentence; it stays in the history."""

    reason = forms.CharField(
        label=_("reason"),
        min_length=4,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept in the history of the row."),
    )


@admin.register(BillingRun)
class RunAdmin(ReadOnlyAdmin):
    """What fell due, and each night."""

    list_display = ("due_at", "kind", "state", "finished_at", "jobs")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    date_hierarchy = "due_at"
    fieldsets = (
        (None, {"fields": (("kind", "state"), ("due_at", "finished_at", "created_at"), "jobs", "report")}),
    )

    @labelled(description=_("state"), colours={"open": "warning", "finished": "success"})
    def state(self, row: BillingRun) -> tuple[str, str]:
        """Finished or still open."""
        return ("finished", gettext("finished")) if row.finished_at else ("open", gettext("in progress"))

    @display(description=_("jobs"))
    def jobs(self, row: BillingRun) -> SafeString:
        """The run's steps, one per subscription."""
        return list_link("billing_billingjob", gettext("Jobs"), run__id__exact=row.pk)


@admin.register(BillingJob)
class JobAdmin(LeaseColumns, ReadOnlyAdmin):
    """One subscription's step."""

    list_display = (
        "due_at",
        "step",
        "customer_link",
        "subscription_link",
        "state_label",
        "waits_for",
        "tries",
        "invoice_link",
    )
    list_filter = ("state", "step", ("customer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("customer", "subscription", "invoice", "run")
    search_fields = ("customer__name", "subscription__public_id", "parked_reason")
    date_hierarchy = "due_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("step", "state_label", "parked_reason"),
                    ("customer_link", "subscription_link", "invoice_link"),
                    ("run", "period_start", "due_at", "finished_at"),
                    ("tries", "fence_number", "leased", "retry_at"),
                    ("waits_for", "error"),
                )
            },
        ),
    )

    @display(description=_("waits for"))
    def waits_for(self, row: BillingJob) -> str:
        """What a window or an invoice is held for; the last error names the apps."""
        if row.held_until is None:
            return "–"
        if row.step == BillingJob.Step.CYCLE:
            return gettext("expected usage reports; looked at again at %(until)s") % {
                "until": moment(row.held_until)
            }
        return gettext("availability reports of the whole window, at most until %(until)s") % {
            "until": moment(row.held_until)
        }

    @labelled(description=_("state"), ordering="state", colours=JOB_COLOURS)
    def state_label(self, row: BillingJob) -> tuple[str, str]:
        """The state as a coloured label."""
        return row.state, row.get_state_display()


@admin.register(ParkedCustomer)
class ParkedAdmin(PeopleColumns, ReadOnlyAdmin):
    """Customers that wait; releasing one lets the next run bill it again."""

    people = ("released_by",)
    releaser = person_column("released_by", _("released by"))
    list_display = ("customer_link", "state", "reason", "parked_at", "released_at", "releaser")
    list_filter = (("released_at", admin.EmptyFieldListFilter), "reason")
    list_select_related = ("customer",)
    search_fields = ("customer__name", "customer__public_id", "reason", "detail")
    date_hierarchy = "parked_at"
    actions_detail = ("release",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("customer", "state"),
                    "reason",
                    "detail",
                    ("parked_at", "released_at", "releaser"),
                )
            },
        ),
    )

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: ParkedCustomer) -> SafeString | str:
        """This row's page, named by the customer."""
        return change_link(row, row.customer.name)

    @labelled(description=_("state"), colours={"parked": "danger", "released": "success"})
    def state(self, row: ParkedCustomer) -> tuple[str, str]:
        """Parked or released."""
        return ("released", gettext("released")) if row.released_at else ("parked", gettext("parked"))

    def has_release_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Releasing needs the change right."""
        return request.user.has_perm("billing.change_parkedcustomer")

    @action(description=_("Release"), icon="play_circle", permissions=["release"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let billing go on, with a reason."""
        parked = get_object_or_404(ParkedCustomer.objects.select_related("customer"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            parking.release(parked, **acting(request))
            return gettext("Billing of %(customer)s goes on with the next run.") % {
                "customer": parked.customer.name
            }

        text = gettext(
            "Billing of %(customer)s stopped because of “%(reason)s”. After the release the next run takes "
            "up everything that fell due meanwhile. If the cause is still there, it is parked again."
        ) % {"customer": parked.customer.name, "reason": parked.reason}
        facts = [(gettext("detail"), parked.detail or "–")]
        asks = Confirmation(
            gettext("Release the customer"), text, gettext("Release"), ReasonForm, facts=facts
        )
        return confirmed(request, parked, asks, act, refused=DomainError)
