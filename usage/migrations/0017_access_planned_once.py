from django.db import migrations

# Left to choose, PostgreSQL plans the look at pending events anew for each check, as a plan for known days
# seems cheaper to run; planning it takes twice what all the check does.
METERED = "ALTER FUNCTION usage_metered {} plan_cache_mode"


class Migration(migrations.Migration):
    dependencies = [("usage", "0016_keys_are_looked_up")]

    operations = [
        migrations.RunSQL(METERED.format("SET") + " = force_generic_plan", METERED.format("RESET")),
    ]
