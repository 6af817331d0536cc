"""Calendar and proration in SQL, the chain of billed periods, append-only documents."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0001_initial"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.RunSQL((SQL / "billing.sql").read_text(), migrations.RunSQL.noop),
    ]
