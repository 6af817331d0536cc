"""Holds, write-offs, bonus money."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

#: Rows that are facts: PostgreSQL itself refuses to change them.
FACTS = (
    "holdcapture",
    "bonususe",
    "bonuspart",
    "writeoff",
    "entryreversal",
    "openingbalance",
)
GUARD = """
    CREATE TRIGGER accounts_{name}_append_only BEFORE UPDATE OR DELETE ON accounts_{name}
        FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change()
"""
UNGUARD = "DROP TRIGGER accounts_{name}_append_only ON accounts_{name}"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_acquiring"), ("kernel", "0002_events_by_month")]

    operations = [
        migrations.CreateModel(
            name="BonusGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("left", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "pays",
                    models.CharField(
                        choices=[
                            ("any", "any charge"),
                            ("fees", "recurring fees"),
                            ("usage", "calls, messages and data"),
                        ],
                        default="any",
                        max_length=8,
                        verbose_name="pays",
                    ),
                ),
                ("expires_on", models.DateField(null=True, verbose_name="good until")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("request_id", models.CharField(max_length=64)),
                ("business_date", models.DateField()),
                ("granted_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bonus_grants",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "bonus",
                "verbose_name_plural": "bonuses",
            },
        ),
        migrations.CreateModel(
            name="BonusUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "pays",
                    models.CharField(
                        choices=[
                            ("any", "any charge"),
                            ("fees", "recurring fees"),
                            ("usage", "calls, messages and data"),
                        ],
                        max_length=8,
                    ),
                ),
                ("request_id", models.CharField(max_length=64)),
                ("business_date", models.DateField()),
                ("used_at", models.DateTimeField()),
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
                        related_name="bonus_uses",
                        to="accounts.account",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BonusPart",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="accounts.bonusgrant",
                    ),
                ),
                (
                    "use",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="accounts.bonususe",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EntryReversal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entry_id", models.BigIntegerField()),
                ("entry_date", models.DateField()),
                ("kind", models.SmallIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("business_date", models.DateField()),
                ("reversed_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="accounts.account",
                    ),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="kernel.approval"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=80, verbose_name="reference")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("captured", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("expires_at", models.DateTimeField(verbose_name="held until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "held"),
                            ("captured", "taken"),
                            ("voided", "let go"),
                            ("expired", "expired"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("authorised_at", models.DateTimeField()),
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
                        related_name="holds",
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
            },
        ),
        migrations.CreateModel(
            name="HoldCapture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("request_id", models.CharField(max_length=80)),
                ("business_date", models.DateField()),
                ("captured_at", models.DateTimeField()),
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
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="captures",
                        to="accounts.hold",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OpeningBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("reference", models.CharField(max_length=80, verbose_name="reference")),
                (
                    "reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="reason"),
                ),
                ("business_date", models.DateField()),
                ("opened_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="openings",
                        to="accounts.account",
                    ),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="kernel.approval"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WriteOffRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("closed_before", models.DateField(verbose_name="closed before")),
                (
                    "most",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, null=True, verbose_name="debt of at most"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("request_id", models.CharField(max_length=64, unique=True)),
                ("accounts", models.IntegerField(default=0)),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("previewed", "previewed"),
                            ("approved", "being posted"),
                            ("done", "done"),
                            ("cancelled", "cancelled"),
                        ],
                        default="previewed",
                        max_length=12,
                    ),
                ),
                ("business_date", models.DateField(null=True)),
                ("asked_by", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField()),
                ("approved_by", models.CharField(blank=True, default="", max_length=60)),
                ("approved_at", models.DateTimeField(null=True)),
                (
                    "approval",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="kernel.approval"
                    ),
                ),
            ],
            options={
                "verbose_name": "write-off of old debts",
                "verbose_name_plural": "write-offs of old debts",
            },
        ),
        migrations.CreateModel(
            name="WriteOffLine",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="accounts.writeoffrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WriteOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="amount"),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("request_id", models.CharField(max_length=64)),
                ("business_date", models.DateField()),
                ("written_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=60)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="accounts.account",
                    ),
                ),
                (
                    "approval",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="kernel.approval"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.writeoffrun",
                    ),
                ),
            ],
            options={
                "verbose_name": "write-off",
                "verbose_name_plural": "write-offs",
            },
        ),
        migrations.AddIndex(
            model_name="bonusgrant",
            index=models.Index(
                condition=models.Q(("left__gt", 0)),
                fields=["account", "expires_on"],
                name="bonusgrant_left",
            ),
        ),
        migrations.AddConstraint(
            model_name="bonusgrant",
            constraint=models.UniqueConstraint(
                fields=("account", "request_id"), name="bonusgrant_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bonusgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0), ("left__gte", 0), ("left__lte", models.F("amount"))
                ),
                name="bonusgrant_left_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="bonusgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("pays__in", ["any", "fees", "usage"])),
                name="bonusgrant_pays_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bonususe",
            constraint=models.UniqueConstraint(
                fields=("account", "request_id"), name="bonususe_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bonususe",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="bonususe_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="bonuspart",
            constraint=models.UniqueConstraint(
                fields=("account", "grant", "use"), name="bonuspart_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="bonuspart",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="bonuspart_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="entryreversal",
            constraint=models.UniqueConstraint(
                fields=("account", "entry_id"), name="entryreversal_once"
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["expires_at"], name="hold_expiring"
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(fields=["account", "-authorised_at"], name="hold_of_account"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("account", "reference"), name="hold_once"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "captured", "voided", "expired"])),
                name="hold_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0), ("captured__gte", 0), ("captured__lte", models.F("amount"))
                ),
                name="hold_captured_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdcapture",
            constraint=models.UniqueConstraint(
                fields=("account", "request_id"), name="holdcapture_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="holdcapture",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="holdcapture_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="openingbalance",
            constraint=models.UniqueConstraint(
                fields=("account", "reference"), name="openingbalance_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="openingbalance",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True),
                name="openingbalance_amount_not_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoffrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["previewed", "approved", "done", "cancelled"])),
                name="writeoffrun_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="writeoffline",
            index=models.Index(fields=["run", "account"], name="writeoffline_of_run"),
        ),
        migrations.AddConstraint(
            model_name="writeoffline",
            constraint=models.UniqueConstraint(fields=("account", "run"), name="writeoffline_once"),
        ),
        migrations.AddConstraint(
            model_name="writeoffline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="writeoffline_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.UniqueConstraint(
                fields=("account", "request_id"), name="writeoff_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="writeoff_amount_positive"
            ),
        ),
        *(migrations.RunSQL(GUARD.format(name=name), UNGUARD.format(name=name)) for name in FACTS),
    ]
