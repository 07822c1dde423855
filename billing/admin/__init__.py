"""The money desk."""

from billing.admin import invoices, ledger, releases, review, runs, sla, stripe

__all__ = ["invoices", "ledger", "releases", "review", "runs", "sla", "stripe"]
