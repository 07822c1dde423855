from django.db import migrations

# The statement that stores events is planned once a connection. Planned while statistics call the table of
# keys a page or two, it would read all of it for each event, however large it has grown since; without
# statistics PostgreSQL expects ten pages, and looks a key up. So there are none before some thousand keys.
THRESHOLDS = ("autovacuum_vacuum_threshold", "autovacuum_vacuum_insert_threshold", "autovacuum_analyze_threshold")


class Migration(migrations.Migration):
    dependencies = [("usage", "0015_corrections")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE usage_usageeventkey SET (" + ", ".join(f"{one} = 5000" for one in THRESHOLDS) + ")",
            "ALTER TABLE usage_usageeventkey RESET (" + ", ".join(THRESHOLDS) + ")",
        )
    ]
