"""The money desk."""

from billing.admin import invoices, ledger, packs, review, runs, sla, stripe

__all__ = ["invoices", "ledger", "packs", "review", "runs", "sla", "stripe"]
