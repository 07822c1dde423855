"""The money desk."""

from billing.admin import exits, invoices, ledger, review, runs, sla, stripe

__all__ = ["exits", "invoices", "ledger", "review", "runs", "sla", "stripe"]
