"""Invoices: the list, one with its lines, and why a line has its amount."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from billing import explain, selectors
from billing.models import Invoice, InvoiceStatus
from billing.selectors_complete import complete_through
from billing.selectors_credit import credits_of
from plans import clock
from subscriptions.portal import MONEY, MemberRequest, member_page

PER_PAGE = 20


@require_safe
@member_page(*MONEY)
def invoice_list(request: MemberRequest) -> HttpResponse:
    """List the invoices, newest first, by status if asked."""
    customer = request.visit.customer
    status = request.GET.get("status", "")
    found = selectors.invoices_of(customer).select_related("subscription__app")
    if status in InvoiceStatus.values:
        found = found.filter(status=status)
    rows = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    page = {
        "rows": rows,
        "status": status,
        "statuses": [(s.value, s.label) for s in InvoiceStatus if s != InvoiceStatus.DRAFT],
        "open_balance": selectors.open_balance(customer),
        "credit": credits_of(customer),
        "now": clock.now(),
    }
    return render(request, "billing/invoice_list.html", page)


@require_safe
@member_page(*MONEY)
def invoice_detail(request: MemberRequest, public_id: str) -> HttpResponse:
    """Show one invoice with its lines and how to pay it."""
    at = clock.now()
    invoice = _invoice(request, public_id)
    lines = selectors.invoice_lines(invoice)
    page = {
        "invoice": invoice,
        "lines": lines,
        "complete_through": complete_through(lines),
        "is_overdue": invoice.is_overdue(at),
        "pay_url": selectors.hosted_url(invoice) if invoice.amount_due else None,
        "attempt": selectors.last_attempt(invoice) if invoice.amount_due else None,
        "payments": list(invoice.payments.all()),
        "card": selectors.card_of(invoice.customer),
        "delivered": selectors.delivered(invoice),
    }
    return render(request, "billing/invoice_detail.html", page)


@require_safe
@member_page(*MONEY)
def line_why(request: MemberRequest, public_id: str, pk: int) -> HttpResponse:
    """Explain one line as sentences: a part of the invoice page for htmx, else a page."""
    invoice = _invoice(request, public_id)
    line = get_object_or_404(invoice.lines, pk=pk)
    found = explain.explained(line)
    page = {"invoice": invoice, "line": line, "explanation": found, "reasons": found.sentences}
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "billing/why_row.html" if is_part else "billing/line_why.html", page)


def _invoice(request: MemberRequest, public_id: str) -> Invoice:
    found = selectors.invoices_of(request.visit.customer).select_related("customer", "subscription__app")
    return get_object_or_404(found, public_id=public_id)
