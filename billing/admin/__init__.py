"""The money desk."""

from billing.admin import (
    invoices,
    ledger,
    live,
    packs,
    releases,
    review,
    runs,
    sla,
    sla_awards,
    stripe,
)

__all__ = [
    "invoices",
    "ledger",
    "live",
    "packs",
    "releases",
    "review",
    "runs",
    "sla",
    "sla_awards",
    "stripe",
]
