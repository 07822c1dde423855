"""How available an app was in a region, as its provider measured it."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from usage.models.cells import VALUE_BOUND, bounded


class AvailabilityUnit(models.TextChoices):
    """What `good` and `total` count."""

    MINUTES = "minutes", _("minutes")
    USER_MINUTES = "user_minutes", _("user-minutes")
    REQUESTS = "requests", _("requests")


class AvailabilityReport(models.Model):
    """One window of one app and region; the highest revision is current, older ones stay."""

    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, related_name="availability_reports", verbose_name=_("app")
    )
    region = models.CharField(_("region"), max_length=32, blank=True)
    window = DateTimeRangeField(_("window"))
    unit = models.CharField(_("unit"), max_length=12, choices=AvailabilityUnit.choices)
    good = models.DecimalField(_("good"), max_digits=30, decimal_places=12)
    total = models.DecimalField(_("total"), max_digits=30, decimal_places=12)
    failed = models.JSONField(_("failed ranges"), default=list)  # [[start, end), …] in UTC, where known
    revision = models.PositiveIntegerField(_("revision"))
    content_hash = models.CharField(_("content hash"), max_length=64)  # tells a repeat from a conflict
    reported_at = models.DateTimeField(_("reported at"))
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["-window", "app", "region", "-revision"]
        verbose_name = _("availability report")
        verbose_name_plural = _("availability reports")
        constraints = [
            models.UniqueConstraint(
                fields=["app", "region", "window", "revision"], name="availability_report_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    window__isempty=False,
                    window__lower_inc=True,
                    window__upper_inc=False,
                    window__lower_inf=False,
                    window__upper_inf=False,
                ),
                name="availability_window_half_open",
            ),
            models.CheckConstraint(
                condition=Q(unit__in=AvailabilityUnit.values), name="availability_unit_known"
            ),
            models.CheckConstraint(
                condition=bounded("good", "total", by=VALUE_BOUND)
                & Q(good__gte=0, total__gt=0, good__lte=F("total")),
                name="availability_good_within_total",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="availability_revision_from_1"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.good.normalize():f}/{self.total.normalize():f} {self.get_unit_display()}"
