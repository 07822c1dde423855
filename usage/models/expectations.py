"""Which app must report which meter by when, and what becomes of an invoice when it has not."""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MissingPolicy(models.TextChoices):
    """What is done about a day (or period) that is not reported in time."""

    HOLD = "hold", _("hold the invoice")
    LAST_VALUE = "last_value", _("estimate: the last reported value")
    MEAN_7 = "mean_7", _("estimate: the mean of the last 7 days")


@pghistory.track()
class ReportExpectation(models.Model):
    """Reports that are owed for a meter: by one app, or by every app whose plan counts the meter.

    The expectation of an app goes before that of all apps. Days before `since` are not asked for.
    """

    meter = models.ForeignKey(
        "plans.Meter", models.PROTECT, related_name="report_expectations", verbose_name=_("meter")
    )
    app = models.ForeignKey(
        "subscriptions.App",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="report_expectations",
        verbose_name=_("app"),
        help_text=_("Empty: every app whose plan counts the meter."),
    )
    region = models.CharField(
        _("region"),
        max_length=32,
        blank=True,
        help_text=_("Empty: a report of any region will do."),
    )
    due_hours = models.PositiveSmallIntegerField(
        _("due after (hours)"),
        default=24,
        help_text=_("Hours from the end of the day (or period) until its report is due."),
    )
    policy = models.CharField(
        _("if it is missing"), max_length=10, choices=MissingPolicy.choices, default=MissingPolicy.HOLD
    )
    since = models.DateField(
        _("first day"), help_text=_("Of the billing zone; earlier days are not asked for.")
    )

    class Meta:
        ordering = ["meter", "app", "region"]
        verbose_name = _("expected report")
        verbose_name_plural = _("expected reports")
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "app", "region"], nulls_distinct=False, name="report_expectation_once"
            ),
            models.CheckConstraint(
                condition=Q(policy__in=MissingPolicy.values), name="report_expectation_policy_known"
            ),
            models.CheckConstraint(
                condition=Q(due_hours__lte=24 * 31), name="report_expectation_due_within_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter.code} {self.app.code if self.app else '*'}"
