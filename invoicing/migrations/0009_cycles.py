"""Fees by the plan's convention over cycles of any length, minimum charges."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
WHAT = [
    ("plan", "plan"),
    ("package", "package"),
    ("pause", "pause"),
    ("rest", "days of a pause"),
    ("minimum", "minimum charge"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0008_debt"),
        ("accounts", "0013_cycles"),
        ("tariffs", "0008_proration"),
    ]

    operations = [
        migrations.AddField(
            model_name="billedperiod",
            name="began_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="billedperiod",
            name="what",
            field=models.CharField(choices=WHAT, db_default="plan", default="plan", max_length=8),
        ),
        migrations.AddField(
            model_name="billingpolicy",
            name="own_cycle_change",
            field=models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="subscribers may change their cycle day, once a cycle",
            ),
        ),
        migrations.RunSQL(
            (SQL / "cycles.sql").read_text(), (SQL / "cycles_reverse.sql").read_text()
        ),
    ]
