"""What is carried over of allowances."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rating", "0009_cover_subscription"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllowanceCarry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("subscription_id", models.BigIntegerField()),
                ("allowance_id", models.IntegerField()),
                ("from_period", models.IntegerField()),
                ("to_period", models.IntegerField()),
                ("units", models.BigIntegerField()),
                ("carried_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account_id", "subscription_id", "allowance_id", "from_period"),
                        name="allowancecarry_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("units__gt", 0)), name="allowancecarry_positive"
                    ),
                ],
            },
        ),
    ]
