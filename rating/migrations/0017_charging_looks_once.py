"""Online charging looks with one statement and reserves by the key: the functions laid anew."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).parents[1] / "sql" / "charging.sql"


class Migration(migrations.Migration):
    dependencies = [("rating", "0016_batch_charges")]

    operations = [migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop)]
