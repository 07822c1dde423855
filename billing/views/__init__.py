"""Portal pages about money, and the overview that brings everything together."""

from billing.views.calculator import plan_quote
from billing.views.cards import payment_method, payment_method_add, payment_method_done
from billing.views.invoices import invoice_detail, invoice_list, line_why
from billing.views.offers import plan_list
from billing.views.overview import overview
from billing.views.sla import sla_claim, sla_page
from billing.views.subscribing import subscribe

__all__ = [
    "invoice_detail",
    "invoice_list",
    "line_why",
    "overview",
    "payment_method",
    "payment_method_add",
    "payment_method_done",
    "plan_list",
    "plan_quote",
    "sla_claim",
    "sla_page",
    "subscribe",
]
