"""The money desk."""

from billing.admin import invoices, ledger, live, review, runs, sla, stripe

__all__ = ["invoices", "ledger", "live", "review", "runs", "sla", "stripe"]
