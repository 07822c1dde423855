"""Who gave a coupon's code, and as the how-manieth."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Redemption(models.Model):
    """One redemption. `number` counts them per coupon, so its limit holds in the database too.

    `most` and `is_once` are the coupon's limit and its once-per-customer rule as they stood then.
    """

    coupon = models.ForeignKey(
        "plans.Coupon", models.PROTECT, related_name="redemptions", verbose_name=_("coupon")
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="redemptions", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription",
        models.PROTECT,
        related_name="redemptions",
        verbose_name=_("subscription"),
    )
    number = models.PositiveIntegerField(_("number"))
    most = models.PositiveIntegerField(_("redemptions at most"), null=True)
    is_once = models.BooleanField(_("once per customer"), default=False)
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["coupon", "number"]
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint(fields=["coupon", "number"], name="redemption_numbered"),
            models.UniqueConstraint(fields=["coupon", "subscription"], name="redemption_once_each"),
            models.UniqueConstraint(
                fields=["coupon", "customer"], condition=Q(is_once=True), name="redemption_once_per_customer"
            ),
            models.CheckConstraint(
                condition=Q(most__isnull=True) | Q(number__lte=F("most")), name="redemption_within_limit"
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.coupon} #{self.number}"
