"""Addresses of the billing API."""

from django.urls import path

from billing import api, api_audit, api_explain, api_quotes, api_schemas, api_upcoming

urlpatterns = [
    path("schemas/<str:name>", api_schemas.SchemaView.as_view(), name="api_schema"),
    path("quotes", api_quotes.QuotesView.as_view(), name="api_quotes"),
    path("quotes/<str:public_id>", api_quotes.QuoteView.as_view(), name="api_quote"),
    path(
        "subscriptions/<str:public_id>/upcoming",
        api_upcoming.UpcomingView.as_view(),
        name="api_upcoming_bill",
    ),
    path("invoices", api.InvoicesView.as_view(), name="api_invoices"),
    path("invoices/<str:public_id>", api.InvoiceView.as_view(), name="api_invoice"),
    path(
        "invoices/<str:public_id>/lines/<int:n>/derivation",
        api.DerivationView.as_view(),
        name="api_line_derivation",
    ),
    path("invoices/<str:public_id>/audit-kit", api_audit.AuditKitView.as_view(), name="api_audit_kit"),
    path(
        "invoices/<str:public_id>/lines/<path:line>/explanation",
        api_explain.ExplanationView.as_view(),
        name="api_line_explanation",
    ),
]
