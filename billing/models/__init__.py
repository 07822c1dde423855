"""What is owed, paid and credited; and the rows of work that make it so."""

from billing.models.exits import EarlyExit
from billing.models.invoices import Invoice, InvoiceKind, InvoiceStatus, NumberSeries
from billing.models.ledger import Account, LedgerEntry, LedgerTransaction
from billing.models.lines import InvoiceLine, LineKind
from billing.models.parking import ParkedCustomer
from billing.models.payments import Payment, PaymentAttempt, PaymentMethod
from billing.models.runs import BillingJob, BillingRun
from billing.models.sla import CreditDraw, SlaAssessment, SlaCredit
from billing.models.stripe import StripeEvent, StripeLink, StripeOperation

__all__ = [
    "Account",
    "BillingJob",
    "BillingRun",
    "CreditDraw",
    "EarlyExit",
    "Invoice",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceStatus",
    "LedgerEntry",
    "LedgerTransaction",
    "LineKind",
    "NumberSeries",
    "ParkedCustomer",
    "Payment",
    "PaymentAttempt",
    "PaymentMethod",
    "SlaAssessment",
    "SlaCredit",
    "StripeEvent",
    "StripeLink",
    "StripeOperation",
]
