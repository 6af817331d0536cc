"""Facts of access are never changed: PostgreSQL refuses it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_append_only.sql"
REVERSE = "DROP TRIGGER dunning_accesschange_append_only ON dunning_accesschange"


class Migration(migrations.Migration):
    dependencies = [("dunning", "0001_initial"), ("kernel", "0002_events_by_month")]

    operations = [migrations.RunSQL(SQL.read_text(), REVERSE)]
