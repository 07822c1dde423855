"""The access check of one feature, as functions: a function's statement is planned once per connection.

Parsing and planning these joins cost three times what running them does, and a driver's own prepared statements
do not live behind a transaction pooler. `owner` is the customer of the key that asks, null for the provider's.
"""

from django.db import migrations

_COLUMNS = """
RETURNS TABLE (
    is_fresh boolean, customer_id bigint, standing text, app text, is_archived boolean, feature text, kind text,
    unit text, has_agreement boolean, is_granted boolean, reason text, value text, at_limit text,
    stops_at numeric, period_end timestamptz, used numeric, as_of timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN RETURN QUERY
"""
_CHECK = """
SELECT coalesce(
           NOT s.is_stale AND s.valid_from <= the_instant
           AND (s.valid_until IS NULL OR the_instant < s.valid_until), FALSE
       ),
       c.id, c.standing::text, {app}, f.code::text, f.type::text, f.unit::text,
       e.feature IS NOT NULL OR EXISTS (
           SELECT FROM usage_entitlement o WHERE o.customer_id = c.id AND o.app_id IN ({scopes})),
       e.is_granted, e.reason::text, e.value::text, e.at_limit::text, e.stops_at, e.period_end,
       coalesce(u.used, e.counted), CASE WHEN u.used IS NULL THEN e.counted_at ELSE u.as_of END
FROM {whom} LEFT JOIN usage_entitlementstate s ON s.customer_id = c.id
LEFT JOIN plans_feature f ON f.code = the_feature
-- of the app's own agreement and the one for all apps, the one that grants it
LEFT JOIN LATERAL (
    SELECT * FROM usage_entitlement o
    WHERE o.customer_id = c.id AND o.app_id IN ({scopes}) AND o.feature = the_feature
    ORDER BY o.is_granted DESC, o.app_id DESC LIMIT 1
) e ON TRUE
LEFT JOIN LATERAL usage_metered(
    CASE WHEN e.is_granted AND (e.meter_kind <> 'unique' OR e.stops_at IS NOT NULL) THEN e.meter_kind END,
    e.meter_id, e.app_ids, e.period_start, e.period_end, e.first_day, e.last_day, e.stops_at IS NOT NULL
) u ON TRUE
"""
OF_APP = f"""
CREATE FUNCTION usage_access_of_app(the_app text, owner bigint, the_feature text, the_instant timestamptz)
{_COLUMNS}
{
    _CHECK.format(
        app="a.code::text, a.archived_at IS NOT NULL",
        scopes="0, a.id",
        whom="subscriptions_app a JOIN subscriptions_customer c ON c.id = a.customer_id",
    )
}
WHERE a.code = the_app AND (owner IS NULL OR c.id = owner);
END $$;
"""
OF_CUSTOMER = f"""
CREATE FUNCTION usage_access_of_customer(
    the_customer text, owner bigint, the_feature text, the_instant timestamptz)
{_COLUMNS}
{_CHECK.format(app="NULL::text, FALSE", scopes="0", whom="subscriptions_customer c")}
WHERE (c.public_id = the_customer OR (the_customer IS NULL AND c.id = owner))
  AND (owner IS NULL OR c.id = owner);
END $$;
"""
DROP = "DROP FUNCTION {}(text, bigint, text, timestamptz)"


class Migration(migrations.Migration):
    dependencies = [('usage', '0010_quota_watch')]
    operations = [
        migrations.RunSQL(OF_APP, DROP.format("usage_access_of_app")),
        migrations.RunSQL(OF_CUSTOMER, DROP.format("usage_access_of_customer")),
    ]
