"""Absolute reports: what a backend that counts by itself says of a day or a period."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from usage.models.cells import VALUE_BOUND, bounded


class ReportKind(models.TextChoices):
    """The length of what is reported."""

    DAY = "day", _("day")
    PERIOD = "period", _("period")


class UsageReport(models.Model):
    """One statement about one app, meter, region and span; the highest revision is current, all stay.

    A cell (`UsageRollup.report`) copies the current one. `span` holds the instants of the day or period, so
    a later change of the customer's zone does not move it.
    """

    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, related_name="usage_reports", verbose_name=_("app")
    )
    meter = models.ForeignKey(
        "plans.Meter", models.PROTECT, related_name="usage_reports", verbose_name=_("meter")
    )
    region = models.CharField(_("region"), max_length=32, blank=True)  # of a day; a period has none
    kind = models.CharField(_("kind"), max_length=6, choices=ReportKind.choices)
    label = models.CharField(_("day or period"), max_length=16)  # as it was addressed: 2026-10-03, 2026-Q4
    span = DateTimeRangeField(_("span"))
    value = models.DecimalField(_("value"), max_digits=30, decimal_places=12)
    revision = models.PositiveIntegerField(_("revision"))
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)  # where the count can be looked up
    evidence_hash = models.CharField(_("evidence hash"), max_length=64, blank=True)  # SHA-256, hex
    content_hash = models.CharField(_("content hash"), max_length=64)  # tells a repeat from a conflict
    reported_at = models.DateTimeField(_("reported at"))
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("usage report")
        verbose_name_plural = _("usage reports")
        constraints = [
            models.UniqueConstraint(
                fields=["app", "meter", "region", "span", "revision"], name="usage_report_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    span__isempty=False,
                    span__lower_inc=True,
                    span__upper_inc=False,
                    span__lower_inf=False,
                    span__upper_inf=False,
                ),
                name="usage_report_span_half_open",
            ),
            models.CheckConstraint(
                condition=bounded("value", by=VALUE_BOUND) & Q(value__gte=0),
                name="usage_report_value_bounded",
            ),
            models.CheckConstraint(condition=Q(kind__in=ReportKind.values), name="usage_report_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="day") | (Q(region="") & ~Q(evidence="") & ~Q(evidence_hash="")),
                name="usage_report_period_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(evidence_hash="") | Q(evidence_hash__regex=r"^[0-9a-f]{64}$"),
                name="usage_report_evidence_is_hashed",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="usage_report_revision_from_1"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.label} r{self.revision}"
