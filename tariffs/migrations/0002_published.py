"""Triggers that refuse changes of published versions."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tariffs", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "published.sql").read_text(), (SQL / "published_reverse.sql").read_text()
        ),
    ]
