"""Prepaid units that a customer holds, and every draw an invoice made on them."""

from functools import partial

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id

INSERT_ONLY = pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)
MOST_UNITS = 10**15  # an upper bound is what keeps NaN and Infinity out of a numeric column

# The holding's row is held, so two draws at once are judged one after the other. A lock that leaves key
# checks alone: two writers that both hold those cannot wait for each other.
DRAWN_WITHIN_PACK = """
    PERFORM FROM billing_packholding WHERE id = NEW.holding_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM billing_packholding h JOIN billing_invoiceline l ON l.customer_id = h.customer_id
        WHERE h.id = NEW.holding_id AND l.id = NEW.line_id
    ) THEN
        RAISE EXCEPTION 'pack % and line % belong to two customers', NEW.holding_id, NEW.line_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF (SELECT coalesce(sum(d.quantity), 0) NOT BETWEEN 0 AND
               (SELECT quantity FROM billing_packholding WHERE id = NEW.holding_id)
        FROM billing_packdraw d JOIN billing_invoiceline l ON l.id = d.line_id
        JOIN billing_invoice i ON i.id = l.invoice_id
        WHERE d.holding_id = NEW.holding_id AND i.status <> 'void') THEN
        RAISE EXCEPTION 'pack % is drawn beyond its units', NEW.holding_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class PackHolding(models.Model):
    """Units of one pool that a customer has bought or been given. What is left is this less its draws.

    `pool` is the code that the terms of a plan draw from; where they do not have it the pack lies idle.
    """

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "pck"), editable=False
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="packs", verbose_name=_("customer")
    )
    pool = models.CharField(_("pool"), max_length=64)
    quantity = models.DecimalField(_("units"), max_digits=27, decimal_places=12)
    bought_at = models.DateTimeField(_("bought at"))  # business time; the pool's rules count from it
    # From this instant on usage is not covered; None: as the pool's rule has it.
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    key = models.CharField(_("request key"), max_length=80, editable=False)  # makes a repeat one pack
    by = models.CharField(_("by"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-bought_at", "-id"]
        verbose_name = _("pack")
        verbose_name_plural = _("packs")
        constraints = [
            models.UniqueConstraint(fields=["customer", "key"], name="pack_key_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, quantity__lt=MOST_UNITS), name="pack_quantity_bounded"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("bought_at")),
                name="pack_expires_after_purchase",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pack_has_reason"),
        ]
        triggers = [INSERT_ONLY]

    def __str__(self) -> str:
        return self.public_id


class PackDraw(models.Model):
    """Units that one invoice line took from one pack; below zero: what late usage gave back.

    Draws of a void invoice do not count.
    """

    holding = models.ForeignKey(PackHolding, models.PROTECT, related_name="draws", verbose_name=_("pack"))
    line = models.ForeignKey(
        "billing.InvoiceLine", models.PROTECT, related_name="pack_draws", verbose_name=_("line")
    )
    quantity = models.DecimalField(_("units"), max_digits=27, decimal_places=12)

    class Meta:
        ordering = ["id"]
        verbose_name = _("pack draw")
        verbose_name_plural = _("pack draws")
        constraints = [
            models.UniqueConstraint(fields=["holding", "line"], name="pack_draw_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=-MOST_UNITS, quantity__lt=MOST_UNITS) & ~Q(quantity=0),
                name="pack_draw_bounded",
            ),
        ]
        triggers = [
            INSERT_ONLY,
            pgtrigger.Trigger(
                name="within_pack",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=DRAWN_WITHIN_PACK,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+f}"
