"""Rows written by the million: no checks and indexes that nobody needs; functions of cycles, faster."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


SQL = Path(__file__).parent / "sql" / "speed.sql"
# The functions stay as they are: they answer the same.
KEY_AGAIN = """
    DROP TRIGGER follows_another ON invoicing_billedperiod;
    DROP FUNCTION invoicing_keep_chain;
    ALTER TABLE invoicing_billedperiod ADD CONSTRAINT billedperiod_follows_another
        FOREIGN KEY (account_id, subscription_id, kind, previous_end)
        REFERENCES invoicing_billedperiod (account_id, subscription_id, kind, period_end);
    ALTER TABLE invoicing_billedentry REPLICA IDENTITY DEFAULT;
    ALTER TABLE invoicing_billedentry ADD PRIMARY KEY (id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_cycles"),
        ("invoicing", "0010_sold_without_fee"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="bill",
            name="bill_replaced_once",
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="billline_once",
        ),
        migrations.AlterField(
            model_name="bill",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bills",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="bill",
            name="legal_entity",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.legalentity",
            ),
        ),
        migrations.AlterField(
            model_name="bill",
            name="replaces",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="invoicing.bill",
            ),
        ),
        migrations.AlterField(
            model_name="billedentry",
            name="bill",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="invoicing.bill",
            ),
        ),
        migrations.AlterField(
            model_name="billedperiod",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="billedperiod",
            name="subscription",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.subscription",
            ),
        ),
        migrations.AlterField(
            model_name="billline",
            name="bill",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="invoicing.bill",
            ),
        ),
        migrations.AlterField(
            model_name="billnumber",
            name="bill",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="invoicing.bill",
            ),
        ),
        migrations.AlterField(
            model_name="billnumber",
            name="legal_entity",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="accounts.legalentity",
            ),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces__isnull", False)),
                fields=("replaces", "account"),
                name="bill_replaced_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.UniqueConstraint(
                fields=("bill", "position", "account_id"), name="billline_once"
            ),
        ),
        migrations.RunSQL(SQL.read_text(), KEY_AGAIN),
    ]
