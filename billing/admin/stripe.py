"""What we asked of Stripe and what it told us, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.runs import ReasonForm
from billing.admin.shown import LeaseColumns
from billing.models import StripeEvent, StripeLink, StripeOperation
from billing.services import events
from config.admin_base import (
    CheapPaginator,
    Confirmation,
    ReadOnlyAdmin,
    action,
    change_link,
    confirmed,
    display,
    labelled,
)
from plans.admin.acting import by
from plans.errors import DomainError

STATE_COLOURS = {
    "planned": "info",
    "sent": "warning",
    "confirmed": "success",
    "unknown": "danger",
    "refused": "danger",
    "received": "warning",
    "processed": "success",
    "ignored": "default",
    "parked": "danger",
}


@admin.register(StripeOperation)
class OperationAdmin(LeaseColumns, ReadOnlyAdmin):
    """One intended change at Stripe each."""

    list_display = (
        "operation_id",
        "kind",
        "customer_link",
        "invoice_link",
        "state_label",
        "generation",
        "sent_at",
    )
    list_filter = ("state", "kind", ("customer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("customer", "invoice")
    search_fields = ("public_id", "business_key", "stripe_id", "customer__name", "invoice__number")
    paginator = CheapPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("operation_id", "kind", "state_label"),
                    ("customer_link", "invoice_link", "after_link"),
                    ("business_key", "request_key", "generation"),
                    ("sent_at", "retry_at", "confirmed_at"),
                    ("stripe_id", "tries", "fence_number"),
                    "error",
                )
            },
        ),
        (_("What is sent"), {"fields": ("params", "params_hash", "sent_hash")}),
        (_("What came back"), {"fields": ("result",)}),
    )

    @display(description=_("id"), ordering="public_id")
    def operation_id(self, row: StripeOperation) -> str:
        """Its id, which Stripe keeps in the object's metadata."""
        return row.public_id

    @display(description=_("after operation"))
    def after_link(self, row: StripeOperation) -> SafeString | str:
        """The operation that has to be confirmed first."""
        return change_link(row.after)

    @display(description=_("idempotency key"))
    def request_key(self, row: StripeOperation) -> str:
        """The key of this generation."""
        return row.idempotency_key

    @labelled(description=_("state"), ordering="state", colours=STATE_COLOURS)
    def state_label(self, row: StripeOperation) -> tuple[str, str]:
        """The state as a coloured label."""
        return row.state, row.get_state_display()


@admin.register(StripeEvent)
class EventAdmin(LeaseColumns, ReadOnlyAdmin):
    """Signed messages as they came; a parked one can be judged again."""

    actions_detail = ("replay",)
    list_display = ("event_id", "type", "object_id", "state_label", "received_at", "processed_at")
    list_filter = ("state", "livemode", "type")
    search_fields = ("event_id", "object_id", "type")
    paginator = CheapPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("event_id", "type", "state_label"),
                    ("object_id", "livemode", "api_version"),
                    ("created", "received_at", "processed_at"),
                    ("tries", "faults", "fence_number"),
                    ("retry_at", "replayed_at"),
                    "error",
                    "raw",
                )
            },
        ),
    )

    @labelled(description=_("state"), ordering="state", colours=STATE_COLOURS)
    def state_label(self, row: StripeEvent) -> tuple[str, str]:
        """The state as a coloured label."""
        return row.state, row.get_state_display()

    @display(description=_("body"))
    def raw(self, row: StripeEvent) -> SafeString:
        """The body as it was signed."""
        return format_html('<pre class="rc-code">{}</pre>', row.body)

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Replaying needs the change right."""
        return request.user.has_perm("billing.change_stripeevent")

    @action(description=_("Replay"), icon="replay", permissions=["replay"])
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Judge a parked message again, with a reason."""
        event = get_object_or_404(StripeEvent, pk=object_id)

        def act(_asked: dict[str, Any]) -> str:
            events.replay(event, by=by(request))
            return gettext("The message %(event)s is judged again.") % {"event": event.event_id}

        parked = event.state == StripeEvent.State.PARKED
        asks = Confirmation(
            gettext("Replay the message"),
            gettext(
                "The object is fetched from Stripe and our row is brought up to date. What was recorded "
                "before is not recorded twice. If the cause is still there, the message is parked again."
            ),
            gettext("Replay"),
            ReasonForm,
            facts=[(gettext("last error"), event.last_error or "–")],
            problems=[] if parked else [gettext("Only a parked message is replayed.")],
        )
        return confirmed(request, event, asks, act, refused=DomainError)


@admin.register(StripeLink)
class LinkAdmin(LeaseColumns, ReadOnlyAdmin):
    """Our rows and their counterparts."""

    list_display = ("stripe_id", "kind", "local_id", "livemode", "created_at")
    list_filter = ("kind", "livemode")
    search_fields = ("stripe_id", "local_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("kind", "local_id"),
                    ("stripe_id", "livemode"),
                    "hosted",
                    ("created_at", "fence_number"),
                )
            },
        ),
    )

    @display(description=_("hosted page"))
    def hosted(self, row: StripeLink) -> SafeString | str:
        """The page that the customer pays on."""
        return hosted_link(row.url)


def hosted_link(url: str | None) -> SafeString | str:
    """Return a link to a page at Stripe, in a new tab."""
    if not url:
        return "–"
    return format_html('<a class="text-link" href="{}" target="_blank" rel="noopener">{}</a>', url, url)
