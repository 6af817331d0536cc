"""Consents to what recurs; days of pauses; bundles as they are held."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
import tariffs.models.calendar
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_holds_and_write_offs"),
        ("tariffs", "0006_product_speeds"),
    ]

    operations = [
        migrations.CreateModel(
            name="BundleHolding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("active_from", models.DateTimeField(verbose_name="from")),
                ("active_to", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                ("end_reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bundles",
                        to="accounts.account",
                    ),
                ),
                (
                    "bundle_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tariffs.bundleversion",
                        verbose_name="bundle version",
                    ),
                ),
            ],
            options={
                "verbose_name": "bundle of an account",
                "verbose_name_plural": "bundles of accounts",
            },
        ),
        migrations.CreateModel(
            name="BundleShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fee", models.DecimalField(decimal_places=2, max_digits=10)),
                ("full_fee", models.DecimalField(decimal_places=2, max_digits=10)),
                ("first", models.DateField()),
                ("until", models.DateField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "holding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="accounts.bundleholding",
                    ),
                ),
                (
                    "package_assignment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bundle_shares",
                        to="accounts.packageassignment",
                    ),
                ),
                (
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tariffs.bundlepart",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bundle_shares",
                        to="accounts.subscription",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Consent",
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
                            ("plan", "plan"),
                            ("package", "package"),
                            ("bundle", "bundle"),
                            ("pause", "pause of a service"),
                            ("autopay", "autopay"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, null=True, verbose_name="price"
                    ),
                ),
                (
                    "per",
                    models.CharField(
                        choices=[
                            ("month", "per month"),
                            ("day", "per day"),
                            ("once", "once"),
                            ("time", "each time"),
                        ],
                        default="month",
                        max_length=8,
                        verbose_name="charged",
                    ),
                ),
                ("terms", models.JSONField(default=dict, verbose_name="as it was shown")),
                ("text_version", models.PositiveSmallIntegerField(default=1)),
                (
                    "door",
                    models.CharField(
                        choices=[
                            ("portal", "self-service account"),
                            ("crm", "an agent"),
                            ("contract", "the contract"),
                        ],
                        max_length=12,
                        verbose_name="through",
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="withdrawn at")),
                ("withdrawn_by", models.CharField(blank=True, default="", max_length=60)),
                ("withdrawn_on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                ("withdraw_reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="accounts.account",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
            },
        ),
        migrations.CreateModel(
            name="PausedDays",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first", models.DateField()),
                ("until", models.DateField(null=True)),
                ("keeps_packages", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="accounts.account"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paused_days",
                        to="accounts.subscription",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bundleholding",
            index=models.Index(fields=["account"], name="bundleholding_of_account"),
        ),
        migrations.AddConstraint(
            model_name="bundleholding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("active_to__isnull", True),
                    ("active_to__gte", models.F("active_from")),
                    _connector="OR",
                ),
                name="bundleholding_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="bundleshare",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("account"), "="),
                    (models.F("subscription"), "="),
                    (django.db.models.functions.comparison.Coalesce("package_assignment", 0), "="),
                    (tariffs.models.calendar.DateRange("first", "until"), "&&"),
                ],
                name="bundleshare_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="bundleshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee__gte", 0), ("fee__lte", models.F("full_fee"))),
                name="bundleshare_not_dearer",
            ),
        ),
        migrations.AddConstraint(
            model_name="bundleshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("first")), _connector="OR"
                ),
                name="bundleshare_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["account", "-given_at"], name="consent_of_account"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("account", "what", "subscription", "object_id"),
                name="consent_one_in_force",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at__isnull", True),
                    ("withdrawn_at__gte", models.F("given_at")),
                    _connector="OR",
                ),
                name="consent_withdrawn_after_given",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__isnull", True), ("amount__gte", 0), _connector="OR"),
                name="consent_price_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="pauseddays",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (models.F("account"), "="),
                    (models.F("subscription"), "="),
                    (tariffs.models.calendar.DateRange("first", "until"), "&&"),
                ],
                name="pauseddays_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="pauseddays",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("first")), _connector="OR"
                ),
                name="pauseddays_in_order",
            ),
        ),
    ]
