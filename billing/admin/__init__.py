"""The money desk."""

from billing.admin import invoices, ledger, review, runs, sla, sla_awards, stripe

__all__ = ["invoices", "ledger", "review", "runs", "sla", "sla_awards", "stripe"]
