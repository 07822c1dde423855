"""What each customer may use now: one row per scope and feature, made from agreements, rebuildable."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from usage.models.cells import SUM_BOUND, bounded

ALL_APPS = 0  # the scope of an agreement for all apps of its customer


class EntitlementState(models.Model):
    """Whether a customer's rows hold. Triggers mark it stale in the transaction that changes an agreement.

    The rows hold at instants of [valid_from, valid_until) while not stale; the next check or pass after that
    rebuilds them. Triggers write here, not services: an agreement is changed to the left of this app.
    """

    customer = models.OneToOneField(
        "subscriptions.Customer", models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )
    is_stale = models.BooleanField(default=True, db_default=True)
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)  # None: nothing is known to change it

    class Meta:
        verbose_name = _("state of entitlements")
        verbose_name_plural = _("states of entitlements")

    def __str__(self) -> str:
        return f"{self.customer_id}"


class Entitlement(models.Model):
    """One feature of one scope: an app's own agreement, or (app 0) the one for all apps of the customer.

    What a check needs is here, so that it reads one row by its key. `counted` is the usage of a distinct
    meter as the last pass found it; everything else that is used is added up from the cells by the check.
    """

    pk = models.CompositePrimaryKey("customer_id", "app_id", "feature")
    customer = models.ForeignKey(
        "subscriptions.Customer", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    app_id = models.BigIntegerField(default=ALL_APPS)
    feature = models.CharField(max_length=64)  # its code
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    is_granted = models.BooleanField()
    reason = models.CharField(max_length=16, blank=True)  # why it is not granted
    value = models.TextField()
    meter = models.ForeignKey(
        "plans.Meter", models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    meter_kind = models.CharField(max_length=8, null=True)
    app_ids = ArrayField(models.BigIntegerField())  # whose usage counts
    at_limit = models.CharField(max_length=8)
    stops_at = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    warn_at = ArrayField(models.IntegerField())  # percent of the limit
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    first_day = models.DateField()  # local days of the period, as distinct users are kept
    last_day = models.DateField()
    counted = models.DecimalField(max_digits=38, decimal_places=12, null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("entitlement")
        verbose_name_plural = _("entitlements")
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="entitlement_period_not_empty"
            ),
            models.CheckConstraint(
                condition=bounded("stops_at", "counted", by=SUM_BOUND), name="entitlement_bounded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature}: {self.value}"


class QuotaWarning(models.Model):
    """An allowance reached a share of its limit: once per agreement, feature, period and share."""

    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="quota_warnings",
        verbose_name=_("subscription"),
    )  # fmt: skip
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="quota_warnings", verbose_name=_("customer")
    )
    feature = models.ForeignKey("plans.Feature", models.PROTECT, related_name="+", verbose_name=_("feature"))
    period_start = models.DateTimeField(_("period from"))
    period_end = models.DateTimeField(_("period to"))
    percent = models.PositiveIntegerField(_("percent of the limit"))
    limit = models.DecimalField(_("limit"), max_digits=38, decimal_places=12)
    used = models.DecimalField(_("used"), max_digits=38, decimal_places=12)
    stops = models.BooleanField(_("usage stops here"), default=False)
    at = models.DateTimeField(_("noticed at"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("quota warning")
        verbose_name_plural = _("quota warnings")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "feature", "period_start", "percent"], name="quota_warning_once"
            ),
            models.CheckConstraint(
                condition=bounded("limit", "used", by=SUM_BOUND), name="quota_warning_bounded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.percent} %"
