"""The frozen quantity a line is rated from."""

from functools import partial

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id
from usage.models.cells import SUM_BOUND, bounded


class Reading(models.Model):
    """What one meter says of one app and region over one period, fixed when it was frozen.

    `cells` lists {start, value}; `manifest` names the batches that were folded, each cell's revision,
    and up to when usage was complete.
    A distinct meter has one reading per app, region ''. An app without usage has a reading of 0, so
    that a second freeze finds the first.
    """

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "rdg"), editable=False
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="readings", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="readings", verbose_name=_("subscription")
    )
    meter = models.ForeignKey("plans.Meter", models.PROTECT, related_name="readings", verbose_name=_("meter"))
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, related_name="readings", verbose_name=_("app")
    )
    region = models.CharField(_("region"), max_length=32, blank=True)
    period = DateTimeRangeField(_("period"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    value = models.DecimalField(_("value"), max_digits=38, decimal_places=12)
    cells = models.JSONField(_("cells"), default=list)
    manifest = models.JSONField(_("manifest"), default=dict)
    manifest_hash = models.CharField(_("manifest hash"), max_length=64)
    frozen_at = models.DateTimeField(_("frozen at"))  # business time, given by the skin

    class Meta:
        ordering = ["subscription", "meter", "app", "region", "revision"]
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        # A fold asks of each cell it changes whether a reading was made of it.
        indexes = [models.Index(fields=["app", "meter"], name="reading_of_app_and_meter")]
        constraints = [
            models.UniqueConstraint(
                F("subscription"),
                F("meter"),
                F("app"),
                F("region"),
                F("period"),
                F("revision"),
                name="reading_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    period__isempty=False,
                    period__lower_inc=True,
                    period__upper_inc=False,
                    period__lower_inf=False,
                    period__upper_inf=False,
                ),
                name="reading_period_half_open",
            ),
            models.CheckConstraint(condition=bounded("value", by=SUM_BOUND), name="reading_value_bounded"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="reading_revision_counts_from_1"),
            models.CheckConstraint(
                condition=Q(manifest_hash__regex=r"^[0-9a-f]{64}$"), name="reading_manifest_is_hashed"
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.public_id
