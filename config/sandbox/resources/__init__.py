"""One noun of the API per file. Importing this package registers every handler."""

from config.sandbox.resources import (
    balance_transactions,
    charges,
    checkout_sessions,
    customers,
    events,
    invoice_items,
    invoice_lines,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    setup_intents,
    webhook_endpoints,
)

__all__ = [
    "balance_transactions",
    "charges",
    "checkout_sessions",
    "customers",
    "events",
    "invoice_items",
    "invoice_lines",
    "invoice_payments",
    "invoices",
    "payment_intents",
    "payment_methods",
    "setup_intents",
    "webhook_endpoints",
]
