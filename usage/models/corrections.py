"""Corrections: events that no longer count, and what that did to the cells they were in."""

from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.timespan import local_date


class EventVoid(models.Model):
    """An event that no longer counts, and why. The event itself stays as it came.

    The row belongs to an ingest batch of its own. An event counts for a set of batches if its own batch is
    among them and the batch of its void is not: so what a frozen reading counted can be counted again.
    """

    app = models.ForeignKey(
        "subscriptions.App",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("app"),
    )
    event_key = models.UUIDField(_("event key"))
    event_batch_id = models.BigIntegerField(_("batch of the event"))
    occurred_at = models.DateTimeField(_("occurred at"))  # of the event
    meter_ids = ArrayField(models.BigIntegerField(), verbose_name=_("meters"))  # those the event fed
    batch_id = models.BigIntegerField(_("batch"))
    source = models.CharField(_("source"), max_length=200, blank=True)  # as the correction named the event
    event_id = models.CharField(_("event id"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    replaced_by = models.UUIDField(_("replaced by"), null=True, blank=True)  # key of the event in its place
    by = models.CharField(_("by"), max_length=64)
    voided_at = models.DateTimeField(_("corrected at"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        indexes = [
            models.Index(fields=["batch_id"], name="event_void_batch"),
            models.Index(fields=["occurred_at"], name="event_void_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["app", "event_key"], name="event_void_once"),
            models.UniqueConstraint(fields=["app", "replaced_by"], name="event_void_replaces_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="event_void_has_a_reason"),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=models.F("event_key")),
                name="event_void_by_another",
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.event_id or str(self.event_key)


class CellChange(models.Model):
    """What a correction or a recount made of one cell: the figures before and after.

    Events that are folded later are no change of this kind; they only add.
    """

    app = models.ForeignKey("subscriptions.App", models.PROTECT, related_name="+", verbose_name=_("app"))
    meter = models.ForeignKey("plans.Meter", models.PROTECT, related_name="+", verbose_name=_("meter"))
    region = models.CharField(_("region"), max_length=32, blank=True)
    cell_start = models.DateTimeField(_("from"))
    batches = ArrayField(
        models.BigIntegerField(), verbose_name=_("batches")
    )  # of corrections; none: a recount
    before = models.JSONField(_("before"), null=True)  # null: the cell was not there
    after = models.JSONField(_("after"), null=True)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.CharField(_("by"), max_length=64)
    changed_at = models.DateTimeField(_("changed at"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("changed cell")
        verbose_name_plural = _("changed cells")
        indexes = [models.Index(fields=["app", "meter", "cell_start"], name="cell_change_place")]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        day = local_date(self.cell_start, ZoneInfo(self.app.customer.billing_zone))
        return f"{day.isoformat()} {self.meter.code} {self.app.code}"
