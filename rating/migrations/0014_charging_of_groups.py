"""Online charging of members of a group: the functions laid anew."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).parents[1] / "sql" / "charging.sql"


class Migration(migrations.Migration):
    dependencies = [("rating", "0013_limits_by_account")]

    operations = [migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop)]
