"""Ingest batches: what one request stored, and whether the roll-ups vouch for it."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    CheapPaginator,
    Confirmation,
    ReadOnlyAdmin,
    StaffForm,
    action,
    chip,
    confirmed,
    display,
    labelled,
)
from plans.admin.people import PeopleColumns, PersonFilter, person_column
from plans.errors import DomainError
from plans.templatetags.figures import moment, quantity
from subscriptions.models import App
from usage.admin.corrections import void_keys
from usage.api_bodies import sentence
from usage.errors import ItemRefused
from usage.models import EventVoid, IngestBatch, UsageEvent, UsageEventKey

SHOWN = 50  # events of a batch on its page


def _void_of(batch: IngestBatch, rows: Iterable[UsageEvent]) -> set[tuple[int, UUID]]:
    """Return which of a batch's events are void, by app and key."""
    keys = [event.event_key for event in rows]
    found = EventVoid.objects.filter(app__in=batch.app_ids, event_key__in=keys)
    return set(found.values_list("app_id", "event_key"))


class VoidOneForm(StaffForm):
    """Which event, by the key that the page shows, and why."""

    key = forms.UUIDField(
        label=_("event key"), help_text=_("It stands among the first events on the page of the batch.")
    )
    reason = forms.CharField(label=_("reason"), max_length=200)


@admin.register(IngestBatch)
class BatchAdmin(PeopleColumns, ReadOnlyAdmin):
    """The watermark: pending batches are not in the figures yet."""

    who = person_column("by", _("by"))
    actions_detail = ("void",)

    list_display = ("__str__", "state_label", "events", "days", "who", "received_at", "folded_at")
    list_filter = ("state", ("by", PersonFilter))
    ordering = ("-id",)
    paginator = CheapPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state_label", "events", "days"),
                    ("who", "received_at", "folded_at"),
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
        void = _void_of(row, rows)
        body = format_html_join(
            "",
            '<tr><td class="rc-when">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>'
            '<td class="rc-number">{}</td><td>{}</td></tr>',
            (
                (
                    moment(e.occurred_at),
                    e.event_key,
                    e.app.code,
                    e.meter.code,
                    e.region or "–",
                    quantity(e.value),
                    chip("warning", gettext("void")) if (e.app_id, e.event_key) in void else "",
                )
                for e in rows
            ),
        )
        heads = [
            gettext("occurred at"),
            gettext("event key"),
            gettext("app"),
            gettext("meter"),
            gettext("region"),
        ]
        head = format_html_join("", "<th>{}</th>", ((text,) for text in heads))
        table = '<table class="rc-table"><tr>{}<th class="rc-number">{}</th><th></th></tr>{}</table>'
        return format_html('<div class="rc-scroll">' + table + "</div>", head, gettext("value"), body)

    def has_void_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Voiding is correcting."""
        return request.user.has_perm("usage.add_eventvoid")

    @action(description=_("Void an event"), icon="block", permissions=["void"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take one event of the batch out of every figure."""
        row = get_object_or_404(IngestBatch, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            app = App.objects.filter(
                pk__in=UsageEventKey.objects.filter(
                    app__in=row.app_ids, event_key=asked["key"], batch_id=row.pk
                ).values("app")
            ).first()
            (told,) = void_keys(request, app.code if app else "", [asked["key"].hex], asked["reason"])
            if told.refusal is not None:
                raise ItemRefused(code=told.refusal.code, detail=sentence(told.refusal), errors=[])
            return gettext("The event no longer counts; the figures follow in seconds.")

        text = gettext(
            "The event stays as evidence and counts nowhere any more. An issued invoice stays; the "
            "next one has the difference."
        )
        asks = Confirmation(gettext("Void an event"), text, gettext("Void"), VoidOneForm)
        return confirmed(request, row, asks, act, refused=DomainError)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to staff who may see batches."""
        return request.user.has_perm("usage.view_ingestbatch")
