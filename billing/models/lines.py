"""One item of an invoice, with the tree that shows how its amount came about."""

from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from billing.derivation import from_tree
from billing.explain_used import used
from plans.timespan import Period

BOUND = 10**18  # an upper bound is what keeps NaN and Infinity out of a numeric column

ONLY_WHILE_DRAFT = """
    IF NOT EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id AND status = 'draft') THEN
        RAISE EXCEPTION 'invoice % is issued; its lines cannot change', NEW.invoice_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class LineKind(models.TextChoices):
    """A charge rated from the terms, what late usage changed about one, or a credit from the ledger."""

    CHARGE = "charge", _("charge")
    ADJUSTMENT = "adjustment", _("late usage")
    SLA_CREDIT = "sla_credit", _("SLA credit")


def in_reader_language(texts: dict[str, str]) -> str:
    """Return the text of the active language, English where it is missing."""
    wanted = "zh-Hans" if (get_language() or "").startswith("zh") else "en"
    return texts.get(wanted) or texts.get("en") or ""


class InvoiceLine(models.Model):
    """One item. Inserted while the invoice is a draft, never changed afterwards."""

    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, related_name="lines", verbose_name=_("invoice")
    )
    customer = models.ForeignKey("subscriptions.Customer", models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(_("position"))
    line_key = models.CharField(_("key"), max_length=240)  # charge/app/region/band/part
    kind = models.CharField(_("kind"), max_length=12, choices=LineKind.choices, default=LineKind.CHARGE)
    adjusts = models.ForeignKey(  # the invoice whose usage came late
        "billing.Invoice", models.PROTECT, null=True, related_name="adjustments", verbose_name=_("adjusts")
    )
    charge = models.CharField(_("charge"), max_length=64)
    label = models.JSONField(_("label"), default=dict)  # {"en", "zh-Hans"}
    description = models.JSONField(_("description"), default=dict)  # whole sentence, {"en", "zh-Hans"}
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True, verbose_name=_("tags"))
    is_credit = models.BooleanField(_("credit"), default=False)
    is_tax = models.BooleanField(_("tax"), default=False)
    app_code = models.CharField(_("app"), max_length=64, blank=True)
    region = models.CharField(_("region"), max_length=64, blank=True)
    span = DateTimeRangeField(_("service period"))
    quantity = models.DecimalField(_("quantity"), max_digits=30, decimal_places=12, null=True)
    unit = models.CharField(_("unit"), max_length=64, blank=True)
    exact_amount = models.DecimalField(_("exact amount"), max_digits=30, decimal_places=12)  # major units
    amount = models.BigIntegerField(_("amount"))  # minor units, credits negative
    terms_hash = models.CharField(_("terms hash"), max_length=64)
    engine = models.CharField(_("engine"), max_length=32)
    derivation = models.JSONField(_("derivation"))
    # SHA-256 of what it was made from (billing/inputs.py); empty on lines from before it was kept.
    inputs_hash = models.CharField(_("inputs hash"), max_length=64, blank=True, default="", db_default="")
    reading_ids = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("readings"))

    class Meta:
        ordering = ["invoice", "position"]
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line_key"], name="invoice_line_key_once"),
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position_once"),
            models.CheckConstraint(condition=Q(kind__in=LineKind.values), name="invoice_line_kind_known"),
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inc=True, span__upper_inc=False),
                name="invoice_line_span_half_open",
            ),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gt=-BOUND, quantity__lt=BOUND),
                name="invoice_line_quantity_bounded",
            ),
            models.CheckConstraint(
                condition=Q(exact_amount__gt=-BOUND, exact_amount__lt=BOUND),
                name="invoice_line_exact_bounded",
            ),
            models.CheckConstraint(
                condition=Q(inputs_hash__regex=r"^([0-9a-f]{64})?$"), name="invoice_line_inputs_hashed"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="only_while_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=ONLY_WHILE_DRAFT,
            ),
        ]

    def __str__(self) -> str:
        return self.line_key

    @property
    def used(self) -> Decimal | None:
        """What was used, where an allowance or a pack left less of it in `quantity`."""
        return used(from_tree(self.derivation), self.quantity)

    @property
    def label_text(self) -> str:
        """What it is, in the reader's language."""
        return in_reader_language(self.label)

    @property
    def description_text(self) -> str:
        """What it is and for when, in the reader's language."""
        return in_reader_language(self.description)

    @property
    def service_period(self) -> Period:
        """The span as a value."""
        return Period(self.span.lower, self.span.upper)
