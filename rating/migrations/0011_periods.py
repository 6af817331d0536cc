"""Counters of allowances by the first day of their period; units carried over; running totals."""

from pathlib import Path

from django.db import migrations, models

#: They read the counters: laid anew over the new columns.
FUNCTIONS = Path(__file__).parents[1] / "sql" / "charging.sql"


class Migration(migrations.Migration):
    dependencies = [
        ("rating", "0010_rollover"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="allowanceuse", name="allowanceuse_once"),
        migrations.RemoveConstraint(model_name="allowanceuse", name="allowanceuse_within_grant"),
        migrations.RenameField(model_name="allowanceuse", old_name="month", new_name="period"),
        migrations.RunSQL(
            "UPDATE rating_allowanceuse SET period = period * 100 + 1 WHERE period BETWEEN 1 AND 999999",
            "UPDATE rating_allowanceuse SET period = period / 100",
        ),
        migrations.AddField(
            model_name="allowanceuse",
            name="carried",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="allowanceuse",
            constraint=models.UniqueConstraint(
                fields=("account_id", "subscription_id", "allowance_id", "period"),
                name="allowanceuse_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowanceuse",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("used__gte", 0), ("used__lte", models.F("granted") + models.F("carried"))
                ),
                name="allowanceuse_within_grant",
            ),
        ),
        migrations.CreateModel(
            name="RunningTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("subscription_id", models.BigIntegerField()),
                ("meter", models.SmallIntegerField()),
                ("number", models.IntegerField()),
                ("period", models.IntegerField()),
                ("quantity", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account_id", "subscription_id", "meter", "number", "period"),
                        name="runningtotal_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop),
    ]
