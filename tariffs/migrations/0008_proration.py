"""Conventions a plan's fee is counted by; the minimum charge and the deposit of a plan."""

from django.db import migrations, models

PRORATION = [
    ("actual", "actual days of the cycle"),
    ("fixed_30", "thirty days"),
    ("month_30", "months of thirty days each"),
]


class Migration(migrations.Migration):
    dependencies = [("tariffs", "0007_recurring_terms")]

    operations = [
        migrations.AddField(
            model_name="planversion",
            name="bills_last_day",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="the day of termination is charged"
            ),
        ),
        migrations.AddField(
            model_name="planversion",
            name="bills_change_day",
            field=models.BooleanField(
                db_default=True,
                default=True,
                verbose_name="the day of a change to this plan is charged by it",
            ),
        ),
        migrations.AddField(
            model_name="planversion",
            name="minimum",
            field=models.DecimalField(
                db_default=0,
                decimal_places=2,
                default=0,
                max_digits=10,
                verbose_name="minimum charge a month",
            ),
        ),
        migrations.AddField(
            model_name="planversion",
            name="deposit",
            field=models.DecimalField(
                db_default=0, decimal_places=2, default=0, max_digits=10, verbose_name="deposit"
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("deposit__gte", 0), ("minimum__gte", 0)),
                name="planversion_terms_not_negative",
            ),
        ),
        migrations.AlterField(
            model_name="packageversion",
            name="proration",
            field=models.CharField(
                choices=PRORATION,
                default="actual",
                max_length=12,
                verbose_name="part of a period is charged by",
            ),
        ),
        migrations.AlterField(
            model_name="planversion",
            name="proration",
            field=models.CharField(
                choices=[*PRORATION, ("seconds", "seconds")],
                default="actual",
                max_length=12,
                verbose_name="part of a period is charged by",
            ),
        ),
    ]
