"""What was not counted, and why."""

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import ReadOnlyAdmin, labelled
from plans.admin.people import PeopleColumns, PersonFilter, person_column
from plans.clock import now
from usage.models import EventConflict, QuarantinedEvent


@admin.register(EventConflict)
class ConflictAdmin(PeopleColumns, ReadOnlyAdmin):
    """One id, two bodies: the sender has a fault."""

    who = person_column("by", _("by"))

    list_display = ("event_id", "source", "app", "who", "received_at")
    list_filter = (("app", admin.RelatedOnlyFieldListFilter), ("by", PersonFilter))
    list_select_related = ("app",)
    search_fields = ("event_id", "source", "app__code")
    date_hierarchy = "received_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("event_id", "source"),
                    ("app", "event_key"),
                    ("kept_hash", "refused_hash"),
                    ("who", "received_at"),
                )
            },
        ),
    )


@admin.register(QuarantinedEvent)
class QuarantineAdmin(PeopleColumns, ReadOnlyAdmin):
    """Well-formed events that nobody could place."""

    who = person_column("by", _("by"))

    list_display = ("subject", "type", "reason", "state", "who", "received_at", "expires_at")
    list_filter = ("reason", ("replayed_at", admin.EmptyFieldListFilter), "type")
    search_fields = ("subject", "type")
    date_hierarchy = "received_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("subject", "type", "reason"),
                    ("state", "result", "replayed_at"),
                    ("who", "received_at", "expires_at"),
                    "body",
                )
            },
        ),
    )

    @labelled(
        description=_("state"), colours={"waiting": "warning", "replayed": "success", "expired": "default"}
    )
    def state(self, row: QuarantinedEvent) -> tuple[str, str]:
        """Waiting, replayed or expired."""
        if row.replayed_at:
            return "replayed", gettext("replayed")
        if row.expires_at <= now():
            return "expired", gettext("expired")
        return "waiting", gettext("waiting")
