"""The ledger partitioned by month, its keys and balances, the posting function, the triggers."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "0002_ledger.sql"
FUNCTION = Path(__file__).parents[1] / "sql" / "accounts_post.sql"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop),
        # `%ROWTYPE` needs no escape: RunSQL without parameters sends the text as it is.
        migrations.RunSQL(FUNCTION.read_text(), migrations.RunSQL.noop),
    ]
