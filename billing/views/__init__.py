"""Portal pages about money, and the overview that brings everything together."""

from billing.views.agreements import subscription_leave, subscription_list
from billing.views.calculator import plan_quote
from billing.views.cards import payment_method, payment_method_add, payment_method_done
from billing.views.invoices import invoice_detail, invoice_list, line_why
from billing.views.offers import plan_list
from billing.views.overview import overview
from billing.views.quotes import plan_quote_detail, plan_quote_save, plan_quotes
from billing.views.readings import audit_kit, cell_events, reading_detail
from billing.views.sla import sla_claim, sla_page
from billing.views.subscribing import subscribe

__all__ = [
    "audit_kit",
    "cell_events",
    "invoice_detail",
    "invoice_list",
    "line_why",
    "overview",
    "payment_method",
    "payment_method_add",
    "payment_method_done",
    "plan_list",
    "plan_quote",
    "plan_quote_detail",
    "plan_quote_save",
    "plan_quotes",
    "reading_detail",
    "sla_claim",
    "sla_page",
    "subscribe",
    "subscription_leave",
    "subscription_list",
]
