"""Instalments, late fees, what a payment pays, payments for consolidated bills."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0007_consolidated_bills"),
        ("accounts", "0011_customer_tree"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(unique=True, verbose_name="from")),
                (
                    "percent",
                    models.DecimalField(
                        decimal_places=3, max_digits=6, verbose_name="percent a year"
                    ),
                ),
            ],
            options={
                "verbose_name": "key rate",
                "verbose_name_plural": "key rates",
                "ordering": ("-valid_from",),
            },
        ),
        migrations.CreateModel(
            name="ConsolidatedPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "state",
                    models.CharField(
                        choices=[("split", "split"), ("returned", "shares taken back")],
                        default="split",
                        max_length=12,
                    ),
                ),
                ("split_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "consolidated",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments_of",
                        to="invoicing.consolidatedbill",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consolidated",
                        to="accounts.payment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsolidatedShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("is_return", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "split",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="invoicing.consolidatedpayment",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.transfer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebtPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "most_parts",
                    models.PositiveSmallIntegerField(
                        default=12, verbose_name="parts of a plan, at most"
                    ),
                ),
                (
                    "most_days",
                    models.PositiveSmallIntegerField(
                        default=366, verbose_name="days of a plan, at most"
                    ),
                ),
                (
                    "first_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        max_digits=5,
                        verbose_name="first part at least, %",
                    ),
                ),
                (
                    "fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=10, verbose_name="price of a plan"
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Later than that, and the plan is broken.",
                        verbose_name="a part may be late by, days",
                    ),
                ),
                (
                    "self_service",
                    models.BooleanField(
                        default=False, verbose_name="subscribers agree by themselves"
                    ),
                ),
                (
                    "self_service_most",
                    models.DecimalField(
                        decimal_places=2,
                        default=5000,
                        max_digits=14,
                        verbose_name="by themselves up to a debt of",
                    ),
                ),
                (
                    "split",
                    models.CharField(
                        choices=[
                            ("share", "to each its share"),
                            ("order", "one after the other, by account number"),
                        ],
                        default="share",
                        max_length=8,
                        verbose_name="too little for a consolidated bill is split",
                    ),
                ),
                (
                    "legal_entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.legalentity",
                        verbose_name="legal entity",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of debts",
                "verbose_name_plural": "rules of debts",
            },
        ),
        migrations.CreateModel(
            name="InstalmentPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("debt", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="debt")),
                ("currency", models.CharField(max_length=3)),
                (
                    "fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=10, verbose_name="price"
                    ),
                ),
                ("grace_days", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "being paid"),
                            ("kept", "paid up"),
                            ("broken", "broken"),
                            ("cancelled", "called off"),
                        ],
                        default="active",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("frozen", models.DecimalField(decimal_places=2, max_digits=14)),
                ("agreed_on", models.DateField(verbose_name="agreed on")),
                ("agreed_at", models.DateTimeField()),
                (
                    "door",
                    models.CharField(
                        choices=[("portal", "self-service account"), ("crm", "an agent")],
                        max_length=8,
                        verbose_name="through",
                    ),
                ),
                ("terms", models.JSONField(default=dict)),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                ("approval_id", models.BigIntegerField(null=True)),
                ("after_bill_id", models.BigIntegerField(default=0)),
                ("request_id", models.CharField(max_length=60)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, default="", max_length=60)),
                (
                    "close_reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="reason"),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instalment_plans",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "instalment plan",
                "verbose_name_plural": "instalment plans",
            },
        ),
        migrations.CreateModel(
            name="InstalmentPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("due_on", models.DateField(verbose_name="pay until")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="invoicing.instalmentplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InstalmentCover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="invoicing.bill"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="covers",
                        to="invoicing.instalmentplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LateFeeDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("account_from", models.BigIntegerField()),
                ("account_to", models.BigIntegerField()),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "account_from", "account_to"), name="latefeeday_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LateFeeRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=10, verbose_name="order")),
                (
                    "customer_kind",
                    models.CharField(
                        blank=True, default="", max_length=12, verbose_name="customers"
                    ),
                ),
                (
                    "credit_class",
                    models.CharField(
                        blank=True, default="", max_length=20, verbose_name="credit class"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("percent", "percent of the overdue sum per day"),
                            ("key_rate", "a fraction of the key rate per day"),
                            ("fixed", "a fixed sum for each month begun"),
                        ],
                        default="percent",
                        max_length=8,
                        verbose_name="way of counting",
                    ),
                ),
                (
                    "percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=7,
                        null=True,
                        verbose_name="percent per day",
                    ),
                ),
                (
                    "divisor",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="300: a three-hundredth of the key rate per day.",
                        null=True,
                        verbose_name="of the key rate, one part of",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        verbose_name="sum per month",
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="days that cost nothing"
                    ),
                ),
                (
                    "cap_percent",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=6,
                        null=True,
                        verbose_name="at most, % of the overdue sum",
                    ),
                ),
                (
                    "minimum",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=10, verbose_name="not charged below"
                    ),
                ),
                ("active_from", models.DateField(verbose_name="from")),
                ("active_to", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "legal_entity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.legalentity",
                        verbose_name="legal entity",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of late fees",
                "verbose_name_plural": "rules of late fees",
                "ordering": ("position", "id"),
            },
        ),
        migrations.CreateModel(
            name="LateFee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("base", models.DecimalField(decimal_places=2, max_digits=14)),
                ("percent", models.DecimalField(decimal_places=8, max_digits=12, null=True)),
                ("exact", models.DecimalField(decimal_places=8, max_digits=20)),
                ("charged", models.DecimalField(decimal_places=2, max_digits=14)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_fees",
                        to="invoicing.bill",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="invoicing.latefeerule"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaymentChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="invoicing.bill",
                    ),
                ),
                (
                    "card_payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.cardpayment",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.payment",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="invoicing.instalmentplan",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.subscription",
                    ),
                ),
                (
                    "consolidated",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="invoicing.consolidatedbill",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="consolidatedpayment",
            constraint=models.UniqueConstraint(
                fields=("account", "payment"), name="consolidatedpayment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consolidatedshare",
            constraint=models.UniqueConstraint(
                fields=("account", "split", "is_return"), name="consolidatedshare_once"
            ),
        ),
        migrations.AddIndex(
            model_name="instalmentplan",
            index=models.Index(fields=["state", "-id"], name="instalmentplan_of_state"),
        ),
        migrations.AddConstraint(
            model_name="instalmentplan",
            constraint=models.UniqueConstraint(
                fields=("account", "request_id"), name="instalmentplan_once_a_request"
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentplan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")),
                fields=("account",),
                name="instalmentplan_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("frozen__gte", 0),
                    ("frozen__lte", models.F("debt")),
                    models.Q(("state", "active"), ("frozen", 0), _connector="OR"),
                ),
                name="instalmentplan_frozen_within",
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentpart",
            constraint=models.UniqueConstraint(
                fields=("account", "plan", "number"), name="part_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="part_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentcover",
            constraint=models.UniqueConstraint(
                fields=("account", "plan", "bill"), name="cover_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="instalmentcover",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="cover_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="latefeerule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("percent__gt", 0), ("way", "percent")),
                    models.Q(("divisor__gt", 0), ("way", "key_rate")),
                    models.Q(("amount__gt", 0), ("way", "fixed")),
                    _connector="OR",
                ),
                name="latefeerule_says_how_much",
            ),
        ),
        migrations.AddConstraint(
            model_name="latefee",
            constraint=models.UniqueConstraint(
                fields=("account", "bill", "day"), name="latefee_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="latefee",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="latefee_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentchoice",
            constraint=models.UniqueConstraint(
                fields=("account", "payment"), name="paymentchoice_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentchoice",
            constraint=models.UniqueConstraint(
                fields=("account", "card_payment"), name="paymentchoice_once_a_card_payment"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("card_payment__isnull", True), ("payment__isnull", False)),
                    models.Q(("card_payment__isnull", False), ("payment__isnull", True)),
                    _connector="OR",
                ),
                name="paymentchoice_of_one_payment",
            ),
        ),
        migrations.RunSQL((SQL / "debt.sql").read_text(), migrations.RunSQL.noop),
    ]
