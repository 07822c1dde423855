"""Ingest batches: what one request stored, and whether the roll-ups vouch for it."""

from datetime import UTC, datetime, time, timedelta

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import CheapPaginator, ReadOnlyAdmin, display, labelled
from plans.templatetags.figures import moment, quantity
from subscriptions.models import App
from usage.models import IngestBatch, UsageEvent

SHOWN = 50  # events of a batch on its page


@admin.register(IngestBatch)
class BatchAdmin(ReadOnlyAdmin):
    """The watermark: pending batches are not in the figures yet."""

    list_display = ("__str__", "state_label", "events", "days", "by", "received_at", "folded_at")
    list_filter = ("state", "by")
    ordering = ("-id",)
    paginator = CheapPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state_label", "events", "days"),
                    ("by", "received_at", "folded_at"),
                    "apps",
                    "sample",
                )
            },
        ),
    )

    @labelled(description=_("state"), ordering="state", colours={"pending": "warning", "done": "success"})
    def state_label(self, row: IngestBatch) -> tuple[str, str]:
        """Pending or folded."""
        return row.state, row.get_state_display()

    @display(description=_("event rows"), ordering="n")
    def events(self, row: IngestBatch) -> str:
        """How many rows."""
        return quantity(row.n)

    @display(description=_("UTC days"), ordering="day_min")
    def days(self, row: IngestBatch) -> str:
        """The days its events lie in."""
        return f"{row.day_min}" if row.day_min == row.day_max else f"{row.day_min} – {row.day_max}"

    @display(description=_("apps"))
    def apps(self, row: IngestBatch) -> str:
        """Whose events they are."""
        return ", ".join(str(app) for app in App.objects.filter(pk__in=row.app_ids).order_by("name"))

    @display(description=_("first events"))
    def sample(self, row: IngestBatch) -> SafeString:
        """The first events, found through the partitions of the batch's days."""
        start = datetime.combine(row.day_min, time(), UTC)
        end = datetime.combine(row.day_max, time(), UTC) + timedelta(days=1)
        rows = (
            UsageEvent.objects.filter(batch_id=row.pk, occurred_at__gte=start, occurred_at__lt=end)
            .select_related("app", "meter")
            .order_by("occurred_at")[:SHOWN]
        )
        body = format_html_join(
            "",
            '<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class="rc-number">{}</td></tr>',
            ((moment(e.occurred_at), e.app.code, e.meter.code, e.region, quantity(e.value)) for e in rows),
        )
        heads = [gettext("occurred at"), gettext("app"), gettext("meter"), gettext("region")]
        head = format_html_join("", "<th>{}</th>", ((text,) for text in heads))
        table = '<table class="rc-table"><tr>{}<th class="rc-number">{}</th></tr>{}</table>'
        return format_html('<div class="rc-scroll">' + table + "</div>", head, gettext("value"), body)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to staff who may see batches."""
        return request.user.has_perm("usage.view_ingestbatch")
