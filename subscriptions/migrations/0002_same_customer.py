"""A subscription's app belongs to the subscription's customer; the database says so.

Locks subscriptions_subscription and subscriptions_app for an instant: both are empty here.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE subscriptions_subscription ADD CONSTRAINT subscription_app_of_customer"
            " FOREIGN KEY (app_id, customer_id) REFERENCES subscriptions_app (id, customer_id)",
            "ALTER TABLE subscriptions_subscription DROP CONSTRAINT subscription_app_of_customer",
        ),
    ]
