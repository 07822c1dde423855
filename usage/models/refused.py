"""What was not counted and why: conflicts of identity, and events nobody could place."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EventConflict(models.Model):
    """The same event id with another body. The first one stays; this row tells staff."""

    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, related_name="event_conflicts", verbose_name=_("app")
    )
    event_key = models.UUIDField(_("event key"))
    source = models.CharField(_("source"), max_length=200)
    event_id = models.CharField(_("event id"), max_length=200)
    kept_hash = models.BigIntegerField(_("hash of the kept body"))
    refused_hash = models.BigIntegerField(_("hash of the refused body"))
    by = models.CharField(_("by"), max_length=64)
    received_at = models.DateTimeField(_("received at"), db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("event conflict")
        verbose_name_plural = _("event conflicts")
        constraints = [
            models.UniqueConstraint(fields=["app", "event_key", "refused_hash"], name="event_conflict_once"),
            models.CheckConstraint(
                condition=~models.Q(kept_hash=models.F("refused_hash")), name="event_conflict_differs"
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.event_id


class QuarantineReason(models.TextChoices):
    """Why an event could not be placed. Staff can mend the cause and replay."""

    UNKNOWN_APP = "unknown_app", _("unknown app")
    UNKNOWN_TYPE = "unknown_type", _("no meter is fed by this type")


class QuarantinedEvent(models.Model):
    """A well-formed event of an unknown app or type, kept until `expires_at` for replay."""

    identity = models.UUIDField(_("identity"))  # digest of subject, source and id
    payload_hash = models.BigIntegerField(_("body hash"))
    reason = models.CharField(_("reason"), max_length=16, choices=QuarantineReason.choices)
    subject = models.CharField(_("subject"), max_length=64)
    type = models.CharField(_("type"), max_length=64)
    body = models.JSONField(_("event"))
    by = models.CharField(_("by"), max_length=64)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"))
    replayed_at = models.DateTimeField(_("replayed at"), null=True, blank=True)
    result = models.CharField(_("result of the replay"), max_length=32, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("quarantined event")
        verbose_name_plural = _("quarantined events")
        constraints = [
            models.UniqueConstraint(fields=["identity", "payload_hash"], name="quarantined_event_once"),
            models.CheckConstraint(
                condition=models.Q(reason__in=QuarantineReason.values), name="quarantined_event_reason_known"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="quarantined_event_expiry")]

    def __str__(self) -> str:
        return f"{self.subject} {self.type}"
