"""Events as they came: who was seen before (key), what happened (event), what is folded (batch)."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# Keys and events carry no foreign-key constraints: a check per row would cost more than the insert.
# Apps and meters are never deleted, and ingest takes their ids from their tables.


class UsageEventKey(models.Model):
    """The only judge of "seen before": one row per (app, source, id), whatever the event's time.

    Not partitioned by time: a re-sent id with a corrected time must meet its first copy.
    """

    pk = models.CompositePrimaryKey("app_id", "event_key")
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    event_key = models.UUIDField(_("event key"))  # first 128 bits of SHA-256 over (source, id)
    day = models.DateField(_("day"))  # UTC day of the event, says which partition holds it
    payload_hash = models.BigIntegerField(_("body hash"))
    batch_id = models.BigIntegerField(_("batch"))

    class Meta:
        verbose_name = _("event key")
        verbose_name_plural = _("event keys")
        triggers = [pgtrigger.Protect(name="keep", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return str(self.event_key)


class UsageEvent(models.Model):
    """One fact for one meter. The table is partitioned by UTC day of `occurred_at` (migration 0001).

    No unique index: identity is the key row, written by the same statement.
    """

    pk = models.CompositePrimaryKey("app_id", "event_key", "meter_id")
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    event_key = models.UUIDField(_("event key"))
    meter = models.ForeignKey(
        "plans.Meter", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    occurred_at = models.DateTimeField(_("occurred at"))
    value = models.DecimalField(_("value"), max_digits=30, decimal_places=12)
    user_digest = models.UUIDField(_("user digest"), null=True)  # keyed per app, never the id itself
    region = models.CharField(_("region"), max_length=32)
    dims = models.JSONField(_("dimensions"), null=True)
    batch_id = models.BigIntegerField(_("batch"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        managed = False
        db_table = "usage_usageevent"
        verbose_name = _("usage event")
        verbose_name_plural = _("usage events")

    def __str__(self) -> str:
        return f"{self.event_key} {self.value}"


class BatchState(models.TextChoices):
    """Pending rows are not in the cells yet; done ones are."""

    PENDING = "pending", _("pending")
    DONE = "done", _("done")


class IngestBatch(models.Model):
    """What one request stored. The pending ones are the watermark of the roll-ups.

    Folding a batch and marking it done are one transaction, so a batch is counted once. A claim is the
    row lock of that transaction: nothing to renew, nothing left behind by a worker that dies.
    """

    state = models.CharField(_("state"), max_length=8, choices=BatchState.choices, default=BatchState.PENDING)
    n = models.PositiveIntegerField(_("event rows"))
    day_min = models.DateField(_("first UTC day"))
    day_max = models.DateField(_("last UTC day"))
    app_ids = ArrayField(models.BigIntegerField(), verbose_name=_("apps"))
    by = models.CharField(_("by"), max_length=64)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    folded_at = models.DateTimeField(_("folded at"), null=True)
    is_correction = models.BooleanField(_("correction"), db_default=False)  # takes events out, brings none

    class Meta:
        ordering = ["-id"]
        verbose_name = _("ingest batch")
        verbose_name_plural = _("ingest batches")
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="pending"), name="ingest_batch_pending"),
            models.Index(fields=["day_min", "day_max"], name="ingest_batch_days"),
            models.Index(
                fields=["id"], condition=models.Q(is_correction=True), name="ingest_batch_corrections"
            ),
            BrinIndex(fields=["folded_at"], name="ingest_batch_folded", autosummarize=True),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=BatchState.values), name="ingest_batch_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(day_min__lte=models.F("day_max"), n__gt=0), name="ingest_batch_has_events"
            ),
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(folded_at__isnull=True),
                name="ingest_batch_done_is_dated",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="fold_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="done") & pgtrigger.Q(new__state="pending"),
            ),
            pgtrigger.Protect(
                name="keep_pending",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="pending"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
