from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("rating", "0004_comparisons"),
    ]

    operations = [
        migrations.CreateModel(
            name="BatchSpan",
            fields=[
                ("batch_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UsageCover",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("source_id", models.SmallIntegerField()),
                ("record_key", models.BigIntegerField()),
                ("revision", models.SmallIntegerField(default=0)),
                ("owner_id", models.BigIntegerField()),
                ("allowance_id", models.IntegerField()),
                ("owner_account_id", models.BigIntegerField()),
                ("period", models.IntegerField()),
                ("batch_id", models.BigIntegerField()),
                ("used", models.BigIntegerField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RerateRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "being computed"),
                            ("previewed", "previewed"),
                            ("approved", "being applied"),
                            ("applied", "applied"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("selection", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("request_id", models.CharField(max_length=40, unique=True)),
                ("asked_by", models.CharField(max_length=60)),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("previewed_at", models.DateTimeField(null=True)),
                ("approval_id", models.BigIntegerField(null=True)),
                ("approved_by", models.CharField(blank=True, default="", max_length=60)),
                ("approved_at", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("accounts", models.IntegerField(default=0, verbose_name="accounts")),
                ("done", models.IntegerField(default=0)),
                ("cursor", models.BigIntegerField(default=0)),
                (
                    "batch",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rerate_run",
                        to="rating.usagebatch",
                    ),
                ),
                (
                    "undoes",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="rating.reraterun",
                    ),
                ),
            ],
            options={
                "verbose_name": "re-rating",
                "verbose_name_plural": "re-ratings",
            },
        ),
        migrations.CreateModel(
            name="RerateLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("previewed", "previewed"),
                            ("applied", "applied"),
                            ("stale", "changed since the preview"),
                        ],
                        default="previewed",
                        max_length=12,
                    ),
                ),
                ("records", models.IntegerField()),
                ("changed", models.IntegerField()),
                ("failed", models.IntegerField(default=0)),
                ("old_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("new_amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("difference", models.DecimalField(decimal_places=2, max_digits=14)),
                ("seen", models.BigIntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="rating.reraterun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UsageCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source_id", models.SmallIntegerField()),
                ("record_key", models.BigIntegerField()),
                ("correction", models.IntegerField()),
                ("account_id", models.BigIntegerField()),
                ("started_at", models.DateTimeField()),
                ("revision", models.SmallIntegerField()),
                ("is_withdrawn", models.BooleanField(default=False)),
                ("batch_id", models.BigIntegerField()),
                ("file_id", models.BigIntegerField()),
                ("line", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["batch_id"], name="usagecorrection_of_batch")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source_id", "record_key", "correction"),
                        name="usagecorrection_once",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="reraterun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "previewed", "approved", "applied", "cancelled"])
                ),
                name="reraterun_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reraterun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["approved", "applied"]), _negated=True),
                    ("batch__isnull", False),
                    _connector="OR",
                ),
                name="reraterun_applied_into_a_batch",
            ),
        ),
        migrations.AddIndex(
            model_name="rerateline",
            index=models.Index(
                fields=["run", "difference", "account_id"], name="rerateline_by_size"
            ),
        ),
        migrations.AddConstraint(
            model_name="rerateline",
            constraint=models.UniqueConstraint(
                fields=("run", "account_id"), name="rerateline_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rerateline",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["previewed", "applied", "stale"])),
                name="rerateline_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rerateline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "difference",
                        django.db.models.expressions.CombinedExpression(
                            models.F("new_amount"), "-", models.F("old_amount")
                        ),
                    )
                ),
                name="rerateline_adds_up",
            ),
        ),
        migrations.RunSQL((SQL / "0005_covers.sql").read_text(), migrations.RunSQL.noop),
    ]
