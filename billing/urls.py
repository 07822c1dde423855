"""Addresses of the billing pages."""

from django.urls import path

from billing import views, webhooks

urlpatterns = [
    path("webhooks/stripe", webhooks.stripe, name="stripe_webhook"),
    path("", views.overview, name="overview"),
    path("plans/", views.plan_list, name="plan_list"),
    path("plans/<str:code>/", views.plan_quote, name="plan_quote"),
    path("plans/<str:code>/quotes/", views.plan_quote_save, name="plan_quote_save"),
    path("quotes/", views.plan_quotes, name="plan_quotes"),
    path("quotes/<str:public_id>/", views.plan_quote_detail, name="plan_quote_detail"),
    path("plans/<str:code>/subscribe/", views.subscribe, name="subscribe"),
    path("subscriptions/", views.subscription_list, name="subscription_list"),
    path("subscriptions/<str:public_id>/leave/", views.subscription_leave, name="subscription_leave"),
    path("invoices/", views.invoice_list, name="invoice_list"),
    path("invoices/<str:public_id>/", views.invoice_detail, name="invoice_detail"),
    path("invoices/<str:public_id>/lines/<int:pk>/why/", views.line_why, name="line_why"),
    path("invoices/<str:public_id>/audit-kit/", views.audit_kit, name="audit_kit"),
    path("invoices/<str:public_id>/readings/<str:reading>/", views.reading_detail, name="reading_detail"),
    path(
        "invoices/<str:public_id>/readings/<str:reading>/cells/<int:n>/",
        views.cell_events,
        name="cell_events",
    ),
    path("subscriptions/<str:public_id>/sla/", views.sla_page, name="sla"),
    path("subscriptions/<str:public_id>/sla/<int:pk>/claim/", views.sla_claim, name="sla_claim"),
    path("payment-method/", views.payment_method, name="payment_method"),
    path("payment-method/add/", views.payment_method_add, name="payment_method_add"),
    path("payment-method/done/", views.payment_method_done, name="payment_method_done"),
]
