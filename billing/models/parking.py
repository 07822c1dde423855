"""Customers whose billing waits for a person."""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class ParkedCustomer(models.Model):
    """Billing of one customer stands still, with the reason; the others go on."""

    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="parkings", verbose_name=_("customer")
    )
    reason = models.CharField(_("reason"), max_length=64)  # an error's code
    detail = models.TextField(_("detail"), blank=True)
    parked_at = models.DateTimeField(_("parked at"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=64, blank=True)

    class Meta:
        ordering = ["-parked_at"]
        verbose_name = _("parked customer")
        verbose_name_plural = _("parked customers")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(released_at__isnull=True), name="parked_customer_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.reason}"
