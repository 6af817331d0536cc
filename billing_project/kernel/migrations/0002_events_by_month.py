"""Business events partitioned by month; triggers that refuse changes of append-only rows."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]

    operations = [
        migrations.RunSQL((SQL / "0002_events.sql").read_text(), migrations.RunSQL.noop),
    ]
