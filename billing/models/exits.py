"""What an annual customer who left early got back."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.money import from_minor


class EarlyExit(models.Model):
    """The settlement of one term left before its end; amounts in minor units, gross of tax.

    `refund` went into the customer's credit in the same commit; never changed afterwards.
    """

    subscription = models.OneToOneField(
        "subscriptions.Subscription",
        models.PROTECT,
        related_name="early_exit",
        verbose_name=_("subscription"),
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="early_exits", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    term = DateTimeRangeField(_("term"))
    ends_at = models.DateTimeField(_("ends at"))
    paid = models.BigIntegerField(_("paid for the term"))
    monthly = models.BigIntegerField(_("price of one month"))
    months_used = models.PositiveSmallIntegerField(_("months used"))
    refund = models.BigIntegerField(_("given back"))
    facts = models.JSONField(_("facts"), default=dict)  # what the figure was rated with, decimal text
    derivation = models.JSONField(_("derivation"), default=dict)
    terms_hash = models.CharField(_("terms hash"), max_length=64)
    at = models.DateTimeField(_("at"))  # business time
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("early exit")
        verbose_name_plural = _("early exits")
        constraints = [
            models.CheckConstraint(
                condition=Q(refund__gte=0, refund__lte=F("paid")), name="early_exit_within_what_was_paid"
            ),
            models.CheckConstraint(
                condition=Q(term__isempty=False, term__lower_inc=True, term__upper_inc=False),
                name="early_exit_term_half_open",
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.subscription} {from_minor(self.refund, self.currency)} {self.currency}"
