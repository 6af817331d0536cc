"""Cycles of an account over time, and deposits."""

import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import tariffs.models.calendar


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_credit_rules"), ("tariffs", "0008_proration")]

    operations = [
        migrations.CreateModel(
            name="AccountCycle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("until", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "anchor",
                    models.CharField(
                        choices=[
                            ("day", "from a day of the month"),
                            ("calendar", "by the calendar"),
                            ("anniversary", "from the day of opening"),
                        ],
                        default="day",
                        max_length=12,
                        verbose_name="cycles begin",
                    ),
                ),
                (
                    "cycle_day",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(31),
                        ],
                        verbose_name="cycle day",
                    ),
                ),
                (
                    "months",
                    models.PositiveSmallIntegerField(default=1, verbose_name="months of a cycle"),
                ),
                ("phase", models.PositiveSmallIntegerField(default=0)),
                ("is_end", models.BooleanField(db_default=False, default=False)),
                ("requested_at", models.DateTimeField(verbose_name="agreed at")),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cycles",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "billing cycle",
                "verbose_name_plural": "billing cycles",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "starts_on"), name="accountcycle_once"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("account"), "="),
                            (tariffs.models.calendar.DateRange("starts_on", "until"), "&&"),
                        ],
                        name="accountcycle_no_overlap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cycle_day__gte", 1),
                            ("cycle_day__lte", 31),
                            ("months__in", [1, 2]),
                            ("phase__in", [0, 1]),
                            ("phase__lt", models.F("months")),
                        ),
                        name="accountcycle_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            ("until__gt", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="accountcycle_not_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deposit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan_version_id", models.BigIntegerField(null=True)),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("held", "kept"), ("returned", "returned")],
                        default="held",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="reason"),
                ),
                ("request_id", models.CharField(max_length=80)),
                ("taken_on", models.DateField(verbose_name="taken on")),
                ("taken_at", models.DateTimeField()),
                ("returned_on", models.DateField(null=True, verbose_name="returned on")),
                ("returned_at", models.DateTimeField(null=True)),
                (
                    "debt",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, null=True, verbose_name="went against debt"
                    ),
                ),
                ("return_reason", models.CharField(blank=True, default="", max_length=200)),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposits",
                        to="accounts.account",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deposits",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "deposit",
                "verbose_name_plural": "deposits",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "held")),
                        fields=["account"],
                        name="deposit_held",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "request_id"), name="deposit_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="deposit_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "held"),
                            models.Q(
                                ("debt__isnull", False),
                                ("returned_on__isnull", False),
                                ("state", "returned"),
                            ),
                            _connector="OR",
                        ),
                        name="deposit_returned_has_day",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="creditclass",
            name="deposit_percent",
            field=models.DecimalField(
                db_default=100,
                decimal_places=2,
                default=100,
                max_digits=6,
                verbose_name="pays of a plan's deposit, %",
            ),
        ),
    ]
