"""The money desk."""

from billing.admin import (
    exits,
    invoices,
    ledger,
    live,
    packs,
    releases,
    retention,
    review,
    runs,
    sla,
    sla_awards,
    stripe,
)

__all__ = [
    "exits",
    "invoices",
    "ledger",
    "live",
    "packs",
    "releases",
    "retention",
    "review",
    "runs",
    "sla",
    "sla_awards",
    "stripe",
]
