"""A credit for who gives its code."""

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


@pghistory.track()
class Coupon(Named):
    """A code that gives a credit for some months. What it gives is composed into versions at publish.

    `limit` and `valid_*` are asked when it is redeemed; an edit reaches later redemptions only.
    """

    redeem_code = models.CharField(
        _("code customers type"),
        max_length=64,
        unique=True,
        help_text=_("In capitals. It may differ from the code, which price lists show."),
    )
    document = models.JSONField(_("document"), default=dict, blank=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)  # itself not included
    periods = models.PositiveIntegerField(
        _("months"), null=True, blank=True, help_text=_("Empty: as long as the subscription.")
    )
    limit = models.PositiveIntegerField(
        _("redemptions at most"), null=True, blank=True, help_text=_("Empty: any number.")
    )
    once_per_customer = models.BooleanField(_("once per customer"), default=False)
    stacks = models.BooleanField(_("goes with other coupons"), default=False)

    class Meta(Named.Meta):
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gt=F("valid_from")),
                name="coupon_validity_rises",
            ),
            models.CheckConstraint(
                condition=Q(periods__isnull=True) | Q(periods__gte=1), name="coupon_lasts"
            ),
            models.CheckConstraint(
                condition=Q(limit__isnull=True) | Q(limit__gte=1), name="coupon_can_be_redeemed"
            ),
            models.CheckConstraint(
                condition=Q(redeem_code__regex=r"^[^a-z[:space:]]+$"), name="coupon_code_in_capitals"
            ),
        ]
