"""No row joins two customers, and none mixes currencies: composite foreign keys say so.

Locks the billing tables for an instant: they are empty here.
"""

from django.db import migrations

KEYS = [
    ("billing_invoice", "invoice_subscription_of_customer", "subscription_id, customer_id, currency",
     "subscriptions_subscription (id, customer_id, currency)"),
    ("billing_invoiceline", "line_invoice_of_customer", "invoice_id, customer_id",
     "billing_invoice (id, customer_id)"),
    ("billing_payment", "payment_invoice_of_customer", "invoice_id, customer_id, currency",
     "billing_invoice (id, customer_id, currency)"),
    ("billing_paymentattempt", "attempt_invoice_of_customer", "invoice_id, customer_id",
     "billing_invoice (id, customer_id)"),
    ("billing_ledgerentry", "entry_transaction_of_customer", "transaction_id, customer_id, currency",
     "billing_ledgertransaction (id, customer_id, currency)"),
    ("billing_slaassessment", "assessment_subscription_of_customer", "subscription_id, customer_id, currency",
     "subscriptions_subscription (id, customer_id, currency)"),
    ("billing_slacredit", "credit_subscription_of_customer", "subscription_id, customer_id, currency",
     "subscriptions_subscription (id, customer_id, currency)"),
    ("billing_stripeoperation", "operation_invoice_of_customer", "invoice_id, customer_id",
     "billing_invoice (id, customer_id)"),
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("subscriptions", "0002_same_customer")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {target}",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
        for table, name, columns, target in KEYS
    ]
