"""What a sender called an event: kept only for events of doors that must give the name back."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EventName(models.Model):
    """Source and id of an event that came through a façade of another product's client.

    Everywhere else the digest in the key is enough. Written after the event, by the same request; a repeat
    of the event writes it again where it is missing.
    """

    pk = models.CompositePrimaryKey("app_id", "event_key")
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    event_key = models.UUIDField(_("event key"))
    source = models.CharField(_("source"), max_length=200)
    event_id = models.CharField(_("event id"), max_length=200)
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"), db_default=Now())

    class Meta:
        verbose_name = _("event name")
        verbose_name_plural = _("event names")
        indexes = [
            models.Index(fields=["event_id"], name="event_name_id"),
            models.Index(fields=["occurred_at"], name="event_name_time"),
        ]

    def __str__(self) -> str:
        return self.event_id
