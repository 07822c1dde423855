"""What is owed, paid and credited; and the rows of work that make it so."""

from billing.models.exits import EarlyExit
from billing.models.invoices import Invoice, InvoiceKind, InvoiceStatus, NumberSeries
from billing.models.ledger import Account, LedgerEntry, LedgerTransaction
from billing.models.lines import InvoiceLine, LineKind
from billing.models.packs import PackDraw, PackHolding
from billing.models.parking import ParkedCustomer
from billing.models.payments import Payment, PaymentAttempt, PaymentMethod
from billing.models.quotes import Quote
from billing.models.releases import ReleaseReview
from billing.models.runs import BillingJob, BillingRun
from billing.models.sla import CreditDraw, SlaAssessment, SlaCredit, SlaForm
from billing.models.sla_awards import AwardState, SlaAward, SlaCondition, SlaGrant
from billing.models.stripe import StripeEvent, StripeLink, StripeOperation

__all__ = [
    "Account",
    "AwardState",
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
    "PackDraw",
    "PackHolding",
    "ParkedCustomer",
    "Payment",
    "PaymentAttempt",
    "PaymentMethod",
    "Quote",
    "ReleaseReview",
    "SlaAssessment",
    "SlaAward",
    "SlaCondition",
    "SlaCredit",
    "SlaForm",
    "SlaGrant",
    "StripeEvent",
    "StripeLink",
    "StripeOperation",
]
