"""Who pays (customer) and one IM application of theirs (app)."""

from functools import partial

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id
from plans.models.named import CODE


class Standing(models.TextChoices):
    """Whether a customer may go on using what is unpaid. Billing sets it, usage reads it."""

    GOOD = "good", _("in good standing")
    GRACE = "grace", _("in grace")
    SUSPENDED = "suspended", _("suspended")


class Language(models.TextChoices):
    """Languages of documents and pages."""

    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")


@pghistory.track()
class Customer(models.Model):
    """Who agrees and pays. Periods are counted in `billing_zone`; the currency is fixed once invoiced."""

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "cus"), editable=False
    )
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("billing e-mail"))
    billing_zone = models.CharField(
        _("billing zone"), max_length=64, default="UTC", help_text=_("IANA name, such as Asia/Shanghai.")
    )
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(
        _("language"), max_length=8, choices=Language.choices, default=Language.ENGLISH
    )
    standing = models.CharField(_("standing"), max_length=10, choices=Standing.choices, default=Standing.GOOD)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"), name="customer_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=models.Q(standing__in=Standing.values), name="customer_standing_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class App(models.Model):
    """One IM application of a customer. Events name it by `code`; archived, never deleted."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="apps", verbose_name=_("customer"))
    code = models.CharField(
        _("code"), max_length=64, unique=True, default=partial(new_id, "app"), validators=[CODE]
    )
    name = models.CharField(_("name"), max_length=120)
    region = models.CharField(_("region"), max_length=32, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("app")
        verbose_name_plural = _("apps")
        constraints = [models.UniqueConstraint(fields=["id", "customer"], name="app_id_and_customer")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"
