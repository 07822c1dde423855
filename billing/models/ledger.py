"""Double entry per customer and currency: every transaction balances, credit never goes below zero."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

ENTRIES_BALANCE = """
    IF (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry
         WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""

# The lock makes two commits that draw at once see one another; the sum is taken after it.
CREDIT_NOT_NEGATIVE = """
    PERFORM pg_advisory_xact_lock(hashtext('billing_ledgerentry'), NEW.customer_id::int);
    IF (SELECT coalesce(sum(amount), 0) FROM billing_ledgerentry
         WHERE customer_id = NEW.customer_id AND currency = NEW.currency
           AND account = 'customer_credit') > 0 THEN
        RAISE EXCEPTION 'credit of customer % (%) would go below zero', NEW.customer_id, NEW.currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class Account(models.TextChoices):
    """Accounts of one customer's books. `customer_credit` is what the provider owes the customer.

    `stripe_balance` is what Stripe puts off: a sum below its smallest charge is added to its next invoice.
    """

    RECEIVABLE = "receivable", _("receivable")
    REVENUE = "revenue", _("revenue")
    CASH = "cash", _("cash")
    CUSTOMER_CREDIT = "customer_credit", _("customer credit")
    STRIPE_BALANCE = "stripe_balance", _("owed with Stripe's next invoice")
    SLA_EXPENSE = "sla_expense", _("SLA credits given")


class LedgerTransaction(models.Model):
    """One fact in money. `business_key` makes a repeated posting one transaction."""

    class Kind(models.TextChoices):
        """What the fact is."""

        INVOICE = "invoice", _("invoice")
        PAYMENT = "payment", _("payment")
        SLA_CREDIT = "sla_credit", _("SLA credit")
        SLA_VOUCHER = "sla_voucher", _("SLA voucher")
        SLA_EXPIRED = "sla_expired", _("SLA voucher expired")
        EARLY_EXIT = "early_exit", _("early exit")

    business_key = models.CharField(_("key"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="ledger", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    at = models.DateTimeField(_("at"))  # business time
    by = models.CharField(_("by"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        constraints = [
            models.UniqueConstraint(fields=["id", "customer", "currency"], name="ledger_id_customer_currency")
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.business_key


class LedgerEntry(models.Model):
    """One side of a transaction, in minor units: debit positive, credit negative."""

    transaction = models.ForeignKey(
        LedgerTransaction, models.PROTECT, related_name="entries", verbose_name=_("transaction")
    )
    customer = models.ForeignKey("subscriptions.Customer", models.PROTECT, related_name="+")
    currency = models.CharField(_("currency"), max_length=3)
    account = models.CharField(_("account"), max_length=20, choices=Account.choices)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        ordering = ["transaction", "id"]
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint(fields=["transaction", "account"], name="ledger_entry_account_once"),
            models.CheckConstraint(condition=Q(account__in=Account.values), name="ledger_account_known"),
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_not_zero"),
        ]
        indexes = [models.Index(fields=["customer", "currency", "account"], name="ledger_by_account")]
        triggers = [
            pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="entries_balance",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=ENTRIES_BALANCE,
            ),
            pgtrigger.Trigger(
                name="credit_not_negative",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__account="customer_credit"),
                func=CREDIT_NOT_NEGATIVE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount:+d}"
