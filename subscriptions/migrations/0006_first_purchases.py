"""Mark the first agreement of each customer and plan family. Locks rows, not the table; quick to repeat."""

from django.db import migrations

MARK = """
UPDATE subscriptions_subscription AS one SET is_first_purchase = true
 WHERE NOT EXISTS (
    SELECT 1 FROM subscriptions_subscription AS earlier
     WHERE earlier.customer_id = one.customer_id AND earlier.family = one.family
       AND (earlier.created_at, earlier.id) < (one.created_at, one.id))
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0005_holdings")]

    operations = [migrations.RunSQL(MARK, migrations.RunSQL.noop)]
