"""A rating that somebody may accept until it expires."""

from datetime import datetime
from functools import partial

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id
from subscriptions.models.agreements import Term

FROZEN = [
    "public_id", "number", "customer_id", "plan_version_id", "terms_hash", "currency", "term", "asked",
    "inputs", "inputs_hash", "lines", "start_total", "cycle_total", "engine", "at", "expires_at", "key",
    "request_hash", "made_by",
]  # fmt: skip

TOTALS_ARE_SUMS = """
    SELECT coalesce(sum((line->>'amount')::bigint) FILTER (WHERE line->>'invoice' = 'start'), 0) AS start,
           coalesce(sum((line->>'amount')::bigint) FILTER (WHERE line->>'invoice' = 'cycle'), 0) AS cycle
      INTO wanted FROM jsonb_array_elements(NEW.lines) AS line;
    IF NEW.start_total <> wanted.start OR NEW.cycle_total <> wanted.cycle THEN
        RAISE EXCEPTION 'quote %: a total is not the sum of its lines', NEW.number
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Quote(models.Model):
    """A price for expected usage, with all it was rated from. Frozen from the start; accepted once.

    `lines` hold both invoices that would come of it (`start`, `cycle`), each line as on an invoice with its
    derivation. `inputs` is what `rate()` was given, canonically, so the lines can be derived again.
    """

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "quo"), editable=False
    )
    number = models.CharField(_("number"), max_length=24, unique=True)  # Q-20261120-7K2M9A, said on the phone
    customer = models.ForeignKey(  # none: a prospect's, made with a provider key
        "subscriptions.Customer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="quotes",
        verbose_name=_("customer"),
    )
    plan_version = models.ForeignKey(
        "plans.PlanVersion", models.PROTECT, related_name="+", verbose_name=_("plan version")
    )
    terms_hash = models.CharField(_("terms hash"), max_length=64)
    currency = models.CharField(_("currency"), max_length=3)
    term = models.CharField(_("term"), max_length=8, choices=Term.choices)
    asked = models.JSONField(
        _("asked")
    )  # the request with plan and options settled; see billing/quote_asked.py
    inputs = models.JSONField(_("rated from"))  # {"at", "invoices": {invoice: [inputs of one rate() call]}}
    inputs_hash = models.CharField(_("inputs hash"), max_length=64)  # of `inputs`, SHA-256
    lines = models.JSONField(_("lines"))
    start_total = models.BigIntegerField(_("due at the start"))  # minor units
    cycle_total = models.BigIntegerField(_("due after the first month"))  # minor units
    engine = models.CharField(_("engine"), max_length=32)
    at = models.DateTimeField(_("priced at"))  # which versions were on sale, where the periods begin
    expires_at = models.DateTimeField(_("expires at"))  # the first instant it can no longer be accepted
    key = models.CharField(_("request key"), max_length=80, blank=True, editable=False)
    request_hash = models.CharField(max_length=64, editable=False)
    made_by = models.CharField(_("made by"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    accepted_by = models.CharField(_("accepted by"), max_length=64, blank=True)
    subscription = models.OneToOneField(
        "subscriptions.Subscription",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="quote",
        verbose_name=_("subscription"),
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "inputs_hash"], nulls_distinct=False, name="quote_once_for_inputs"
            ),
            models.UniqueConstraint(
                fields=["made_by", "key"], condition=~Q(key=""), name="quote_once_for_key"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="quote_expires_later"),
            models.CheckConstraint(
                condition=Q(inputs_hash__regex=r"^[0-9a-f]{64}$", terms_hash__regex=r"^[0-9a-f]{64}$"),
                name="quote_hashes_are_sha256",
            ),
            models.CheckConstraint(condition=Q(term__in=Term.values), name="quote_term_known"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="quote_currency_is_a_code"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, subscription__isnull=True, accepted_by="")
                | (
                    Q(accepted_at__isnull=False, subscription__isnull=False, customer__isnull=False)
                    & ~Q(accepted_by="")
                    & Q(accepted_at__lt=F("expires_at"))
                ),
                name="quote_accepted_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="quote_by_customer")]
        triggers = [
            pgtrigger.Trigger(
                name="freeze",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.accepted_at IS NOT NULL OR "
                    + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FROZEN)
                ),
                func="RAISE EXCEPTION 'quote % cannot change; it is accepted once', OLD.number"
                " USING ERRCODE = 'check_violation';",
            ),
            pgtrigger.Protect(
                name="keep_accepted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__accepted_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="totals_are_sums",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=TOTALS_ARE_SUMS,
                declare=[("wanted", "RECORD")],
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def state_at(self, at: datetime) -> str:
        """Return accepted, expired or open."""
        if self.accepted_at is not None:
            return "accepted"
        return "expired" if at >= self.expires_at else "open"
