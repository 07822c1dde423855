"""The event table, partitioned by UTC day, and the rows that must belong to one customer.

Partitions are made by usage.services.make_partitions and, for days outside its window, by ingest. There
is no default partition: it would have to be scanned each time a day is added. No unique index either
(it would have to contain the partition key); identity is usage_usageeventkey.
"""

from django.db import migrations

EVENTS = """
CREATE TABLE usage_usageevent (
    app_id bigint NOT NULL,
    meter_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    event_key uuid NOT NULL,
    user_digest uuid,
    value numeric(30, 12) NOT NULL
        CONSTRAINT usage_event_value_bounded CHECK (value > -1e18 AND value < 1e18),
    region varchar(32) NOT NULL,
    dims jsonb
) PARTITION BY RANGE (occurred_at);
CREATE INDEX usage_event_batch ON usage_usageevent USING brin (batch_id) WITH (pages_per_range = 16);

CREATE FUNCTION usage_event_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage events are insert only; retention drops whole partitions';
END $$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON usage_usageevent
    FOR EACH ROW EXECUTE FUNCTION usage_event_insert_only();
"""

# A reading cannot join one customer's subscription with another customer's app.
SAME_CUSTOMER = """
ALTER TABLE subscriptions_subscription
    ADD CONSTRAINT subscription_id_and_customer UNIQUE (id, customer_id);
ALTER TABLE usage_reading ADD CONSTRAINT reading_subscription_of_customer
    FOREIGN KEY (subscription_id, customer_id) REFERENCES subscriptions_subscription (id, customer_id);
ALTER TABLE usage_reading ADD CONSTRAINT reading_app_of_customer
    FOREIGN KEY (app_id, customer_id) REFERENCES subscriptions_app (id, customer_id);
"""
NOT_SAME_CUSTOMER = """
ALTER TABLE usage_reading DROP CONSTRAINT reading_app_of_customer;
ALTER TABLE usage_reading DROP CONSTRAINT reading_subscription_of_customer;
ALTER TABLE subscriptions_subscription DROP CONSTRAINT subscription_id_and_customer;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]
    operations = [
        migrations.RunSQL(EVENTS, "DROP TABLE usage_usageevent; DROP FUNCTION usage_event_insert_only();"),
        migrations.RunSQL(SAME_CUSTOMER, NOT_SAME_CUSTOMER),
    ]
