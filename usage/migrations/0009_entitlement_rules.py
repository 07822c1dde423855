"""What marks a customer's entitlements stale, and how much of an allowance is used, as the database does it.

Marking is done by triggers, in the transaction that changes an agreement: an agreement is changed to the left
of this app, and neither the admin nor raw SQL can slip by. A mark is an upsert that always writes, so that it
waits for a rebuild under way and is not lost beside it. What concerns every customer (a module, a feature)
takes a lock that rebuilds share, as a first rebuild has no row yet that could be marked.
"""

from django.db import migrations

STALE = """
CREATE FUNCTION usage_mark_stale(the_customer bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO usage_entitlementstate (customer_id, is_stale) VALUES (the_customer, TRUE)
    ON CONFLICT (customer_id) DO UPDATE SET is_stale = TRUE
$$;
CREATE FUNCTION usage_agreement_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE the_row jsonb; BEGIN
    the_row := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    IF TG_ARGV[0] = 'subscription_id' THEN
        PERFORM usage_mark_stale(s.customer_id) FROM subscriptions_subscription s
        WHERE s.id = (the_row ->> 'subscription_id')::bigint;
    ELSE
        PERFORM usage_mark_stale((the_row ->> TG_ARGV[0])::bigint);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION usage_catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1380122630, 0);
    UPDATE usage_entitlementstate SET is_stale = TRUE WHERE NOT is_stale;  -- no rebuild runs beside this
    RETURN NULL;
END $$;
CREATE TRIGGER usage_entitlements AFTER INSERT OR UPDATE OR DELETE ON subscriptions_subscription
    FOR EACH ROW EXECUTE FUNCTION usage_agreement_changed('customer_id');
CREATE TRIGGER usage_entitlements AFTER INSERT OR UPDATE OR DELETE ON subscriptions_subscriptionphase
    FOR EACH ROW EXECUTE FUNCTION usage_agreement_changed('subscription_id');
CREATE TRIGGER usage_entitlements AFTER INSERT OR UPDATE OR DELETE ON subscriptions_addon
    FOR EACH ROW EXECUTE FUNCTION usage_agreement_changed('subscription_id');
CREATE TRIGGER usage_entitlements AFTER INSERT OR DELETE OR UPDATE OF customer_id ON subscriptions_app
    FOR EACH ROW EXECUTE FUNCTION usage_agreement_changed('customer_id');
CREATE TRIGGER usage_entitlements AFTER UPDATE OF billing_zone ON subscriptions_customer
    FOR EACH ROW EXECUTE FUNCTION usage_agreement_changed('id');
CREATE TRIGGER usage_entitlements AFTER INSERT OR UPDATE OR DELETE ON plans_feature
    FOR EACH STATEMENT EXECUTE FUNCTION usage_catalogue_changed();
CREATE TRIGGER usage_entitlements AFTER UPDATE ON plans_featuremodule
    FOR EACH STATEMENT EXECUTE FUNCTION usage_catalogue_changed();
"""
FRESH = """
DROP TRIGGER usage_entitlements ON plans_featuremodule;
DROP TRIGGER usage_entitlements ON plans_feature;
DROP TRIGGER usage_entitlements ON subscriptions_customer;
DROP TRIGGER usage_entitlements ON subscriptions_app;
DROP TRIGGER usage_entitlements ON subscriptions_addon;
DROP TRIGGER usage_entitlements ON subscriptions_subscriptionphase;
DROP TRIGGER usage_entitlements ON subscriptions_subscription;
DROP FUNCTION usage_catalogue_changed();
DROP FUNCTION usage_agreement_changed();
DROP FUNCTION usage_mark_stale(bigint);
"""
# A stable function reads with the snapshot of the statement that calls it: cells and pending batches are of
# one instant, so nothing is missed or counted twice beside a fold. Its statements are planned once per
# connection, and those over the partitioned events are reached only while something is pending. Strict: no
# kind, no work. `as_of` is null when everything stored is counted, else when the oldest batch left out came in.
METERED = """
CREATE FUNCTION usage_metered(
    the_kind text, the_meter bigint, the_apps bigint[], since timestamptz, until timestamptz,
    first_day date, last_day date, with_pending boolean, OUT used numeric, OUT as_of timestamptz
) LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    waiting bigint[]; low bigint; high bigint; starts timestamptz; ends timestamptz; received timestamptz;
BEGIN
    SELECT array_agg(b.id), min(b.id), max(b.id), min(b.day_min)::timestamp AT TIME ZONE 'UTC',
           (max(b.day_max) + 1)::timestamp AT TIME ZONE 'UTC', min(b.received_at)
    INTO waiting, low, high, starts, ends, received
    FROM usage_ingestbatch b
    WHERE b.state = 'pending' AND b.app_ids && the_apps
      AND b.day_max >= (since AT TIME ZONE 'UTC')::date AND b.day_min <= (until AT TIME ZONE 'UTC')::date;
    IF waiting IS NOT NULL AND NOT with_pending THEN
        as_of := received;
        waiting := NULL;
    END IF;
    IF the_kind = 'unique' THEN
        IF waiting IS NULL THEN
            SELECT count(*) INTO used FROM (
                SELECT DISTINCT d.app_id, d.user_digest FROM usage_distinctuser d
                WHERE d.app_id = ANY (the_apps) AND d.meter_id = the_meter
                  AND d.day BETWEEN first_day AND last_day
            ) users;
        ELSE
            SELECT count(*) INTO used FROM (
                SELECT d.app_id, d.user_digest FROM usage_distinctuser d
                WHERE d.app_id = ANY (the_apps) AND d.meter_id = the_meter
                  AND d.day BETWEEN first_day AND last_day
                UNION
                SELECT v.app_id, v.user_digest FROM usage_usageevent v
                WHERE v.occurred_at >= greatest(since, starts) AND v.occurred_at < least(until, ends)
                  AND v.batch_id BETWEEN low AND high AND v.batch_id = ANY (waiting)
                  AND v.app_id = ANY (the_apps) AND v.meter_id = the_meter AND v.user_digest IS NOT NULL
            ) users;
        END IF;
    ELSIF waiting IS NULL THEN
        SELECT CASE the_kind WHEN 'gauge' THEN sum(a.peak) WHEN 'count' THEN sum(a.events) ELSE sum(a.total) END
        INTO used FROM (
            SELECT r.app_id, max(r.max) AS peak, sum(r.count) AS events, sum(r.sum) AS total
            FROM usage_usagerollup r
            WHERE r.app_id = ANY (the_apps) AND r.meter_id = the_meter AND r.grain = 'day'
              AND r.cell_start >= since AND r.cell_start < until
            GROUP BY r.app_id
        ) a;
    ELSE
        SELECT CASE the_kind WHEN 'gauge' THEN sum(a.peak) WHEN 'count' THEN sum(a.events) ELSE sum(a.total) END
        INTO used FROM (
            SELECT p.app_id, max(p.peak) AS peak, sum(p.events) AS events, sum(p.total) AS total FROM (
                SELECT r.app_id, r.max AS peak, r.count AS events, r.sum AS total FROM usage_usagerollup r
                WHERE r.app_id = ANY (the_apps) AND r.meter_id = the_meter AND r.grain = 'day'
                  AND r.cell_start >= since AND r.cell_start < until
                UNION ALL
                SELECT v.app_id, v.value, 1, v.value FROM usage_usageevent v
                WHERE v.occurred_at >= greatest(since, starts) AND v.occurred_at < least(until, ends)
                  AND v.batch_id BETWEEN low AND high AND v.batch_id = ANY (waiting)
                  AND v.app_id = ANY (the_apps) AND v.meter_id = the_meter
            ) p GROUP BY p.app_id
        ) a;
    END IF;
    used := coalesce(used, 0);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [('usage', '0008_entitlements')]
    operations = [
        migrations.RunSQL(STALE, FRESH),
        migrations.RunSQL(
            METERED,
            "DROP FUNCTION usage_metered(text, bigint, bigint[], timestamptz, timestamptz, date, date, boolean)",
        ),
    ]
