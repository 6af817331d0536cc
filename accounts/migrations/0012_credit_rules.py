"""Credit classes as rows, what was agreed about the credit of each account."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql" / "0012_append_only.sql"
REVERSE = "DROP TRIGGER accounts_creditchange_append_only ON accounts_creditchange"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_customer_tree"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="credit_class",
            field=models.CharField(default="standard", max_length=12, verbose_name="credit class"),
        ),
        migrations.CreateModel(
            name="CreditClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                ("name_ru", models.CharField(max_length=80, verbose_name="name in Russian")),
                ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                ("position", models.PositiveSmallIntegerField(default=100, verbose_name="order")),
                (
                    "largest_own_limit",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=14,
                        verbose_name="largest limit of one's own choice",
                    ),
                ),
                (
                    "may_promise",
                    models.BooleanField(default=True, verbose_name="promised payments"),
                ),
                (
                    "dispute_cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="disputed money counts up to",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "verbose_name": "credit class",
                "verbose_name_plural": "credit classes",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("largest_own_limit__gte", 0)),
                        name="creditclass_limit_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("dispute_cap__isnull", True), ("dispute_cap__gte", 0), _connector="OR"
                        ),
                        name="creditclass_cap_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("class_before", models.CharField(max_length=12)),
                ("class_after", models.CharField(max_length=12)),
                ("limit_before", models.DecimalField(decimal_places=2, max_digits=14)),
                ("limit_after", models.DecimalField(decimal_places=2, max_digits=14)),
                ("is_own", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("changed_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_changes",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "-id"], name="creditchange_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("limit_after__gte", 0)),
                        name="creditchange_limit_not_negative",
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL.read_text(), REVERSE),
    ]
