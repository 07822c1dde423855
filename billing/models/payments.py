"""Money that came in, attempts that failed, and the card on file."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Payment(models.Model):
    """Money received for one invoice. A provider's id is recorded once."""

    class Provider(models.TextChoices):
        """Where the money was seen."""

        STRIPE = "stripe", _("Stripe")
        OFFLINE = "offline", _("bank transfer")

    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, related_name="payments", verbose_name=_("invoice")
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="payments", verbose_name=_("customer")
    )
    provider = models.CharField(_("provider"), max_length=8, choices=Provider.choices)
    provider_id = models.CharField(_("provider's id"), max_length=120)
    amount = models.BigIntegerField(_("amount"))  # minor units
    currency = models.CharField(_("currency"), max_length=3)
    paid_at = models.DateTimeField(_("paid at"))
    by = models.CharField(_("by"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-paid_at", "-id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_id"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.provider_id


class PaymentAttempt(models.Model):
    """One failed try to collect. `code` is the provider's; `message` is its English sentence."""

    class Outcome(models.TextChoices):
        """What the try led to."""

        DECLINED = "declined", _("declined")
        REQUIRES_ACTION = "requires_action", _("needs the cardholder")
        FAILED = "failed", _("failed")

    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, related_name="attempts", verbose_name=_("invoice")
    )
    customer = models.ForeignKey("subscriptions.Customer", models.PROTECT, related_name="+")
    provider_id = models.CharField(_("provider's id"), max_length=120)
    number = models.PositiveIntegerField(_("attempt"))  # the provider's count for this invoice
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    code = models.CharField(_("code"), max_length=64, blank=True)
    message = models.TextField(_("message"), blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "provider_id", "number"], name="payment_attempt_once"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.outcome} {self.code}"


class PaymentMethod(models.Model):
    """A card at Stripe, as much of it as a person needs to recognise it."""

    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="payment_methods", verbose_name=_("customer")
    )
    stripe_id = models.CharField(_("Stripe id"), max_length=64, unique=True)
    brand = models.CharField(_("brand"), max_length=24)
    last4 = models.CharField(_("last digits"), max_length=4)
    exp_month = models.PositiveSmallIntegerField(_("expires, month"))
    exp_year = models.PositiveSmallIntegerField(_("expires, year"))
    is_default = models.BooleanField(_("default"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-is_default", "-id"]
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="payment_method_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} •••• {self.last4}"
