"""Online charging by a company's own decks: the functions laid anew."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = Path(__file__).parents[1] / "sql" / "charging.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("rating", "0014_charging_of_groups"),
        ("accounts", "0003_sales"),
    ]

    operations = [migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop)]
