"""One posting in three statements instead of four; indexes that another one covers are gone."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


FUNCTION = Path(__file__).parents[1] / "sql" / "accounts_post.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_chargeback_receipts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bankstatementline",
            name="statement",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="accounts.bankstatement",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="terminalregistryline",
            name="registry",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="accounts.terminalregistry",
            ),
        ),
        migrations.RunSQL(FUNCTION.read_text(), migrations.RunSQL.noop),
    ]
