"""Priced usage partitioned by month, append-only."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rating", "0001_initial"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.RunSQL((SQL / "0002_usage.sql").read_text(), migrations.RunSQL.noop),
    ]
