"""Rules of the promised payment by segment, with conditions; who wrote rules and classes."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"
REVERSE = "DROP TRIGGER dunning_creditrulechange_append_only ON dunning_creditrulechange"


class Migration(migrations.Migration):
    dependencies = [("dunning", "0003_services"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.CreateModel(
            name="CreditRuleChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("promise_rule", "promised payment rule"),
                            ("credit_class", "credit class"),
                        ],
                        max_length=16,
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                ("changes", models.JSONField(default=dict)),
                ("changed_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.AddField(
            model_name="promisedpayment",
            name="rule",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="promises",
                to="dunning.promiserule",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="account_kinds",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                default=list,
                size=None,
                verbose_name="kinds of accounts",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="after_kept",
            field=models.BooleanField(
                default=False, verbose_name="only after the last one was honoured"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="amount_is",
            field=models.CharField(
                choices=[
                    ("up_to", "any amount up to the largest"),
                    ("fixed", "always the largest amount"),
                    ("missing", "what is missing, up to the largest amount"),
                    ("fee_share", "a share of the monthly fee, up to the largest amount"),
                ],
                default="up_to",
                max_length=12,
                verbose_name="which amount",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="credit_classes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                default=list,
                size=None,
                verbose_name="credit classes",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="customer_kinds",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                default=list,
                size=None,
                verbose_name="kinds of customers",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="fee_percent",
            field=models.DecimalField(
                decimal_places=2,
                default=100,
                max_digits=6,
                verbose_name="percent of the monthly fee",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="history_days",
            field=models.PositiveSmallIntegerField(
                default=90, verbose_name="days of payments looked at"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="max_debt",
            field=models.DecimalField(
                blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="debt at most"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="min_debt",
            field=models.DecimalField(
                decimal_places=2, default=0, max_digits=14, verbose_name="debt at least"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="min_months",
            field=models.PositiveSmallIntegerField(
                default=0, verbose_name="months as a subscriber"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="min_paid",
            field=models.DecimalField(
                decimal_places=2,
                default=0,
                max_digits=14,
                verbose_name="sum of payments in these days",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="min_payments",
            field=models.PositiveSmallIntegerField(
                default=0, verbose_name="payments in these days"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="name_en",
            field=models.CharField(
                default="For everybody", max_length=80, verbose_name="name in English"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="name_ru",
            field=models.CharField(
                default="Для всех", max_length=80, verbose_name="name in Russian"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="position",
            field=models.PositiveSmallIntegerField(default=100, verbose_name="order"),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="regions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                default=list,
                size=None,
                verbose_name="regions",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="times",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="times at most"),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="times_days",
            field=models.PositiveSmallIntegerField(default=30, verbose_name="days of that"),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="times_in",
            field=models.CharField(
                choices=[("month", "a calendar month"), ("days", "so many days")],
                default="month",
                max_length=8,
                verbose_name="in",
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="unbroken_months",
            field=models.PositiveSmallIntegerField(
                default=0, verbose_name="months without a broken promise"
            ),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="valid_from",
            field=models.DateField(blank=True, null=True, verbose_name="offered from"),
        ),
        migrations.AddField(
            model_name="promiserule",
            name="valid_to",
            field=models.DateField(blank=True, null=True, verbose_name="offered before"),
        ),
        migrations.AlterField(
            model_name="accessrule",
            name="credit_class",
            field=models.CharField(
                blank=True, default="", max_length=12, verbose_name="credit class"
            ),
        ),
        migrations.RunSQL((SQL / "0004_one_rule.sql").read_text(), migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="promiserule",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_is__in", ["up_to", "fixed", "missing", "fee_share"])),
                name="promiserule_amount_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="promiserule",
            constraint=models.CheckConstraint(
                condition=models.Q(("times_in__in", ["month", "days"])),
                name="promiserule_times_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="promiserule",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__gte", 1), ("max_amount__gt", 0), ("price__gte", 0)),
                name="promiserule_terms_make_sense",
                violation_error_message="A rule gives more than nothing, for a day or more.",
            ),
        ),
        migrations.AddConstraint(
            model_name="promiserule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True),
                    ("valid_from__isnull", True),
                    ("valid_to__gt", models.F("valid_from")),
                    _connector="OR",
                ),
                name="promiserule_valid_some_day",
                violation_error_message="The rule would never be offered.",
            ),
        ),
        migrations.AddIndex(
            model_name="creditrulechange",
            index=models.Index(fields=["what", "object_id"], name="creditrulechange_object"),
        ),
        migrations.AddConstraint(
            model_name="creditrulechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ["promise_rule", "credit_class"])),
                name="creditrulechange_what_known",
            ),
        ),
        migrations.RunSQL((SQL / "0004_append_only.sql").read_text(), REVERSE),
    ]
