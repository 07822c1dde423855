"""What was promised against what was measured, and the credit that follows."""

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.money import from_minor
from plans.shape import build
from plans.sla_terms import SlaPromise

INSERT_ONLY = pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)

DRAWN_WITHIN_CREDIT = """
    IF (SELECT coalesce(sum(amount), 0) FROM billing_creditdraw WHERE credit_id = NEW.credit_id)
       > (SELECT greatest(amount, 0) FROM billing_slacredit WHERE id = NEW.credit_id) THEN
        RAISE EXCEPTION 'SLA credit % is drawn beyond its amount', NEW.credit_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class SlaForm(models.TextChoices):
    """What a missed promise gives; the words of `plans.sla_terms.Form`."""

    CREDIT = "credit", _("credit on the next invoice")
    VOUCHER = "voucher", _("voucher")
    EXTRA_DAYS = "extra_days", _("extra days")
    PACK = "pack", _("units of a pool")


class SlaAssessment(models.Model):
    """One judgement of one window. A corrected report makes the next revision, never an edit."""

    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription",
        models.PROTECT,
        related_name="assessments",
        verbose_name=_("subscription"),
    )
    sla_code = models.CharField(_("SLA tier"), max_length=64)
    window = DateTimeRangeField(_("window"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    availability = models.DecimalField(_("availability %"), max_digits=12, decimal_places=8)  # the worst part
    target = models.DecimalField(_("target %"), max_digits=7, decimal_places=4)
    fee = models.BigIntegerField(_("fee"))  # minor units: what was charged for the window
    amount = models.BigIntegerField(_("credit"))  # minor units: earned in all, at most the fee
    form = models.CharField(_("given as"), max_length=10, choices=SlaForm.choices, default=SlaForm.CREDIT)
    quantity = models.DecimalField(_("quantity"), max_digits=24, decimal_places=6, default=0)  # days, units
    # What it had to reach or pass to be given at all; null where the promise names nothing.
    smallest = models.DecimalField(
        _("smallest payable"), max_digits=24, decimal_places=6, null=True, blank=True
    )
    promise = models.JSONField(_("promise"), default=dict)  # as frozen with the version
    excluded = models.JSONField(_("excluded"), default=list)  # what left the count, and why
    currency = models.CharField(_("currency"), max_length=3)
    # One entry per app and region: good, total, unit, availability, fee, amount, derivation.
    parts = models.JSONField(_("parts"), default=list)
    inputs_hash = models.CharField(_("inputs"), max_length=64)  # of the reports and the fee lines
    terms_hash = models.CharField(_("terms hash"), max_length=64)
    last_report = models.BigIntegerField(default=0)  # the newest report it was made from
    assessed_at = models.DateTimeField(_("assessed at"))  # business time

    class Meta:
        ordering = ["-window", "-revision"]
        verbose_name = _("SLA assessment")
        verbose_name_plural = _("SLA assessments")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "sla_code", "window", "revision"], name="sla_assessment_once"
            ),
            models.CheckConstraint(
                condition=Q(window__isempty=False, window__lower_inc=True, window__upper_inc=False),
                name="sla_window_half_open",
            ),
            models.CheckConstraint(
                condition=Q(availability__gte=0, availability__lte=100), name="sla_availability_is_percentage"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, amount__lte=models.F("fee")), name="sla_credit_capped_by_fee"
            ),
            models.CheckConstraint(condition=Q(form__in=SlaForm.values), name="sla_form_known"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, quantity__lt=10**17), name="sla_quantity_not_negative"
            ),
        ]
        triggers = [INSERT_ONLY]

    def __str__(self) -> str:
        return f"{self.sla_code} r{self.revision}"

    @property
    def promised(self) -> SlaPromise:
        """The promise it was judged by; of one judged when there was one kind only, that."""
        found: SlaPromise | None = build(self.promise, SlaPromise, "", []) if self.promise else None
        return found or SlaPromise(target=f"{self.target.normalize():f}")


class SlaCredit(models.Model):
    """What one assessment adds to (or takes back from) the customer's credit, in minor units."""

    assessment = models.OneToOneField(SlaAssessment, models.PROTECT, related_name="credit")
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="sla_credits", verbose_name=_("customer")
    )
    subscription = models.ForeignKey("subscriptions.Subscription", models.PROTECT, related_name="sla_credits")
    sla_code = models.CharField(_("SLA tier"), max_length=64)
    window = DateTimeRangeField(_("window"))
    revision = models.PositiveIntegerField(_("revision"))
    amount = models.BigIntegerField(_("difference"))
    currency = models.CharField(_("currency"), max_length=3)
    earned_at = models.DateTimeField(_("earned at"))  # business time; the oldest is drawn first
    # Of a voucher: until when, and for charges with which tags (all where none is named).
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    tags = models.JSONField(_("only for"), default=list, blank=True)

    class Meta:
        ordering = ["earned_at", "id"]
        verbose_name = _("SLA credit")
        verbose_name_plural = _("SLA credits")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "sla_code", "window", "revision"], name="sla_credit_once"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="sla_credit_not_zero"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="sla_voucher_by_end"
            )
        ]
        triggers = [INSERT_ONLY]

    def __str__(self) -> str:
        return f"{self.sla_code} {from_minor(self.amount, self.currency):+f} {self.currency}"

    @property
    def is_voucher(self) -> bool:
        """Whether it ends on a day."""
        return self.expires_at is not None


class CreditDraw(models.Model):
    """Minor units taken from one credit: by an invoice line, or by a correction (no line)."""

    credit = models.ForeignKey(SlaCredit, models.PROTECT, related_name="draws", verbose_name=_("credit"))
    line = models.OneToOneField(
        "billing.InvoiceLine", models.PROTECT, null=True, related_name="draw", verbose_name=_("line")
    )
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("credit draw")
        verbose_name_plural = _("credit draws")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="credit_draw_positive")]
        triggers = [
            INSERT_ONLY,
            pgtrigger.Trigger(
                name="within_credit",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=DRAWN_WITHIN_CREDIT,
            ),
        ]

    def __str__(self) -> str:
        return str(self.amount)
