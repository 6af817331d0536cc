"""Functions that set money aside for usage that goes on."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).parents[1] / "sql" / "accounts_holds.sql"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_sales")]

    operations = [
        # `OR REPLACE`: a changed file is run again by a migration of its own.
        migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop),
    ]
