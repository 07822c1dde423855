"""Time that a promise of availability may leave out: announced maintenance, force majeure, and the like."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ExclusionKind(models.TextChoices):
    """Why; the words of `plans.sla_terms.ExclusionKind`. Each promise says which of them it lets out."""

    MAINTENANCE = "maintenance", _("maintenance")
    FORCE_MAJEURE = "force_majeure", _("force majeure")
    THIRD_PARTY = "third_party", _("third parties")
    CUSTOMER = "customer", _("causes at the customer")
    SURGE = "surge", _("surges")


class ExcludedWindow(models.Model):
    """One statement about a span; the highest revision of a reference is current, a withdrawn one void.

    With an app it is about that app, with a customer about all of its apps, with neither about everybody's;
    a region narrows it. What was decided by an earlier revision is judged again, never rewritten.
    """

    reference = models.CharField(_("reference"), max_length=64)  # the provider's change or incident number
    revision = models.PositiveIntegerField(_("revision"))
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("app")
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    region = models.CharField(_("region"), max_length=32, blank=True)
    span = DateTimeRangeField(_("excluded time"))
    kind = models.CharField(_("kind"), max_length=16, choices=ExclusionKind.choices)
    notice_at = models.DateTimeField(_("announced at"), null=True, blank=True)
    peak_share = models.DecimalField(
        _("% of the usual peak"), max_digits=15, decimal_places=6, null=True, blank=True
    )
    reason = models.CharField(_("reason"), max_length=500)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    content_hash = models.CharField(_("content hash"), max_length=64)  # tells a repeat from a conflict
    stated_at = models.DateTimeField(_("stated at"))
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["-span", "reference", "-revision"]
        verbose_name = _("excluded window")
        verbose_name_plural = _("excluded windows")
        constraints = [
            models.UniqueConstraint(fields=["reference", "revision"], name="excluded_window_once"),
            models.CheckConstraint(
                condition=Q(
                    span__isempty=False,
                    span__lower_inc=True,
                    span__upper_inc=False,
                    span__lower_inf=False,
                    span__upper_inf=False,
                ),
                name="excluded_span_half_open",
            ),
            models.CheckConstraint(condition=Q(kind__in=ExclusionKind.values), name="excluded_kind_known"),
            models.CheckConstraint(
                condition=Q(app__isnull=True) | Q(customer__isnull=True), name="excluded_one_scope"
            ),
            models.CheckConstraint(
                condition=Q(peak_share__isnull=True) | Q(peak_share__gte=0, peak_share__lt=10**9),
                name="excluded_peak_share_bounded",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="excluded_revision_from_1"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.reference} r{self.revision}"
