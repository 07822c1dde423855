"""Roll-ups: one value per cell (a day of the customer's billing zone), meter, app and region."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.timespan import local_date

# NaN passes any lower bound (PostgreSQL sorts it above every number), so each bound has two sides.
VALUE_BOUND = Decimal(10) ** 18  # of one event
SUM_BOUND = Decimal(10) ** 24  # of a cell or a reading


def bounded(*fields: str, by: Decimal) -> Q:
    """Return the condition that each field lies strictly between -by and by."""
    within = Q()
    for field in fields:
        within &= Q(**{f"{field}__gt": -by, f"{field}__lt": by})
    return within


class Grain(models.TextChoices):
    """The length of a cell."""

    DAY = "day", _("day")
    HOUR = "hour", _("hour")
    PERIOD = "period", _("period")  # of a period report


class UsageRollup(models.Model):
    """One meter in one cell. Counts and sums grow by folding; distinct counts never live here.

    `revision` rises when the cell is recomputed or changes under a Reading, not on each fold. A reading
    holds its own copy of the cells it was made from, so a later fold never rewrites history.
    """

    # No foreign-key constraints and no index but the one that makes a cell unique: writing cells is what a
    # roll-up costs, and apps and meters are never deleted.
    app = models.ForeignKey(
        "subscriptions.App",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="rollups",
        verbose_name=_("app"),
    )
    meter = models.ForeignKey(
        "plans.Meter",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="rollups",
        verbose_name=_("meter"),
    )
    region = models.CharField(_("region"), max_length=32, blank=True)
    grain = models.CharField(_("grain"), max_length=6, choices=Grain.choices, default=Grain.DAY)
    cell_start = models.DateTimeField(_("from"))
    cell_end = models.DateTimeField(_("to"))
    sum = models.DecimalField(_("sum"), max_digits=38, decimal_places=12)
    count = models.BigIntegerField(_("events"))
    min = models.DecimalField(_("lowest"), max_digits=30, decimal_places=12)
    max = models.DecimalField(_("highest"), max_digits=30, decimal_places=12)
    # Of gauges only: the latest value by the event's time, ties by its key.
    last = models.DecimalField(_("last"), max_digits=30, decimal_places=12, null=True)
    last_at = models.DateTimeField(_("last at"), null=True)
    last_key = models.UUIDField(_("last event"), null=True)
    # The report whose value this is; None: added up from events.
    report = models.ForeignKey(
        "usage.UsageReport",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("report"),
    )
    revision = models.PositiveIntegerField(_("revision"), default=1)
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        ordering = ["-cell_start", "app", "meter", "region"]
        verbose_name = _("roll-up")
        verbose_name_plural = _("roll-ups")
        constraints = [
            models.UniqueConstraint(
                fields=["app", "meter", "grain", "cell_start", "region"], name="usage_rollup_once"
            ),
            models.CheckConstraint(condition=Q(cell_end__gt=F("cell_start")), name="usage_rollup_not_empty"),
            models.CheckConstraint(condition=Q(grain__in=Grain.values), name="usage_rollup_grain_known"),
            models.CheckConstraint(
                condition=bounded("sum", by=SUM_BOUND) & bounded("min", "max", "last", by=VALUE_BOUND),
                name="usage_rollup_bounded",
            ),
            models.CheckConstraint(
                condition=Q(count__gte=0, count__lt=10**15), name="usage_rollup_count_bounded"
            ),
        ]

    def __str__(self) -> str:
        day = local_date(self.cell_start, ZoneInfo(self.app.customer.billing_zone))
        return f"{day.isoformat()} {self.meter.code} {self.app.code}"


class DirtyCell(models.Model):
    """A cell whose events were corrected: the roller recomputes and assigns it, then removes this row."""

    app = models.ForeignKey("subscriptions.App", models.PROTECT, related_name="+", verbose_name=_("app"))
    meter = models.ForeignKey("plans.Meter", models.PROTECT, related_name="+", verbose_name=_("meter"))
    cell_start = models.DateTimeField(_("from"))
    cell_end = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=200)
    by = models.CharField(_("by"), max_length=64)
    marked_at = models.DateTimeField(_("marked at"))

    class Meta:
        ordering = ["id"]
        verbose_name = _("dirty cell")
        verbose_name_plural = _("dirty cells")
        constraints = [
            models.UniqueConstraint(fields=["app", "meter", "cell_start"], name="dirty_cell_once"),
            models.CheckConstraint(condition=Q(cell_end__gt=F("cell_start")), name="dirty_cell_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_start:%Y-%m-%d}"


class DistinctUser(models.Model):
    """A user (keyed digest) seen by a distinct meter on a local day: what live figures count.

    Invoices do not: a freeze counts the events themselves.
    """

    pk = models.CompositePrimaryKey("app_id", "meter_id", "day", "user_digest")
    app = models.ForeignKey(
        "subscriptions.App", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    meter = models.ForeignKey(
        "plans.Meter", models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    day = models.DateField(_("day"))  # of the customer's billing zone
    user_digest = models.UUIDField(_("user digest"))

    class Meta:
        verbose_name = _("distinct user")
        verbose_name_plural = _("distinct users")
        triggers = [pgtrigger.Protect(name="keep", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.day} {self.user_digest}"
