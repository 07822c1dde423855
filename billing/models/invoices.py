"""The document a customer gets: its head, and the counter its number is taken from."""

from datetime import datetime
from functools import partial

import pghistory
import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id
from plans.timespan import Period
from subscriptions.models.agreements import Collection


class InvoiceKind(models.TextChoices):
    """Why an invoice exists; with the subscription and `period_start` it is its key."""

    START = "start", _("first invoice")
    CYCLE = "cycle", _("period invoice")
    CHANGE = "change", _("change invoice")


class InvoiceStatus(models.TextChoices):
    """Stripe's words. Delivered and overdue are derived."""

    DRAFT = "draft", _("draft")
    OPEN = "open", _("open")
    PAID = "paid", _("paid")
    VOID = "void", _("void")
    UNCOLLECTIBLE = "uncollectible", _("uncollectible")


FROZEN = [
    "public_id", "customer_id", "subscription_id", "kind", "period_start", "span", "currency", "collection",
    "series", "sequence", "number", "subtotal", "total", "issued_at", "due_at", "content_hash", "inputs",
]  # fmt: skip

TOTAL_IS_SUM_OF_LINES = """
    SELECT coalesce(sum(amount), 0) AS total,
           coalesce(sum(amount) FILTER (WHERE kind <> 'sla_credit'), 0) AS subtotal
      INTO wanted FROM billing_invoiceline WHERE invoice_id = NEW.id;
    IF NEW.status <> 'draft' AND (NEW.total <> wanted.total OR NEW.subtotal <> wanted.subtotal) THEN
        RAISE EXCEPTION 'invoice %: total % is not the sum of its lines (%)', NEW.id, NEW.total, wanted.total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class NumberSeries(models.Model):
    """A counter of invoice numbers; its row is locked in the issuing transaction, so none is lost."""

    code = models.CharField(_("series"), max_length=12, primary_key=True)
    last = models.BigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")

    def __str__(self) -> str:
        return self.code


@pghistory.track()
class Invoice(models.Model):
    """One invoice. Frozen by trigger once issued; only `status` and `paid_at` move after that."""

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "inv"), editable=False
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="invoices", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription",
        models.PROTECT,
        related_name="invoices",
        verbose_name=_("subscription"),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=InvoiceKind.choices)
    # Anchor for start, the edge it falls due at for cycle, the instant of the change for change.
    period_start = models.DateTimeField(_("period start"))
    span = DateTimeRangeField(_("service period"))  # from the first to the last instant of its lines
    currency = models.CharField(_("currency"), max_length=3)
    collection = models.CharField(_("collection"), max_length=16, choices=Collection.choices)
    status = models.CharField(
        _("status"), max_length=13, choices=InvoiceStatus.choices, default=InvoiceStatus.DRAFT
    )
    series = models.CharField(_("series"), max_length=12, blank=True)
    sequence = models.BigIntegerField(_("sequence"), null=True)
    number = models.CharField(_("number"), max_length=26, null=True, unique=True)
    subtotal = models.BigIntegerField(_("subtotal"), default=0)  # minor units: rated lines, tax included
    total = models.BigIntegerField(_("total"), default=0)  # minor units: subtotal less credits drawn
    issued_at = models.DateTimeField(_("issued at"), null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    content_hash = models.CharField(_("content hash"), max_length=64, blank=True)  # head and lines, SHA-256
    inputs = models.JSONField(  # see billing/rated_from.py
        _("rated from"), default=dict, db_default=Value({}, models.JSONField())
    )
    created_by = models.CharField(_("created by"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "kind", "period_start"],
                condition=~Q(status="void") & ~Q(kind="change"),
                name="invoice_once_per_period",
            ),
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_sequence_once"),
            models.UniqueConstraint(
                fields=["id", "customer", "currency"], name="invoice_id_customer_currency"
            ),
            models.UniqueConstraint(fields=["id", "customer"], name="invoice_id_customer"),
            models.CheckConstraint(condition=Q(kind__in=InvoiceKind.values), name="invoice_kind_known"),
            models.CheckConstraint(condition=Q(status__in=InvoiceStatus.values), name="invoice_status_known"),
            models.CheckConstraint(
                condition=Q(collection__in=Collection.values), name="invoice_collection_known"
            ),
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inc=True, span__upper_inc=False),
                name="invoice_span_half_open",
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="invoice_total_not_negative"),
            models.CheckConstraint(condition=Q(subtotal__gte=F("total")), name="invoice_credits_only_lower"),
            models.CheckConstraint(
                condition=Q(status="draft", number__isnull=True)
                | (
                    ~Q(status="draft")
                    & Q(
                        number__isnull=False,
                        sequence__isnull=False,
                        issued_at__isnull=False,
                        due_at__isnull=False,
                        content_hash__regex=r"^[0-9a-f]{64}$",
                    )
                ),
                name="invoice_issued_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False)
                | (~Q(status="paid") & Q(paid_at__isnull=True)),
                name="invoice_paid_has_an_instant",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-issued_at"], name="invoice_by_customer")]
        triggers = [
            pgtrigger.Protect(
                name="keep_issued", operation=pgtrigger.Delete, condition=~pgtrigger.Q(old__status="draft")
            ),
            pgtrigger.Trigger(
                name="freeze_issued",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'draft' AND ("
                    + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FROZEN)
                    + ")"
                ),
                func="RAISE EXCEPTION 'invoice % is issued and cannot change', OLD.number"
                " USING ERRCODE = 'check_violation';",
            ),
            pgtrigger.FSM(
                name="status_moves",
                field="status",
                transitions=[
                    ("draft", "open"),
                    ("open", "paid"),
                    ("open", "void"),
                    ("open", "uncollectible"),
                    ("uncollectible", "paid"),
                    ("uncollectible", "void"),
                ],
            ),
            pgtrigger.Trigger(
                name="total_is_sum_of_lines",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func=TOTAL_IS_SUM_OF_LINES,
                declare=[("wanted", "RECORD")],
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.public_id

    @property
    def service_period(self) -> Period:
        """The span as a value."""
        return Period(self.span.lower, self.span.upper)

    @property
    def amount_due(self) -> int:
        """Minor units still to be paid; an invoice is paid whole or not at all."""
        return self.total if self.status in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE) else 0

    def is_overdue(self, at: datetime) -> bool:
        """True when it is open past its due date."""
        return self.status == InvoiceStatus.OPEN and self.due_at is not None and at >= self.due_at
