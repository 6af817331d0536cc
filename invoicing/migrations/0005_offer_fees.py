"""Fees of packages, bundles and pauses; pauses as they were agreed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Services that are paused now have no dated history of it yet: from the first day that their fees don't
# cover, so that nothing is given back of what was charged by the former rules.
PAUSED_NOW = f"""
    INSERT INTO accounts_pauseddays (account_id, subscription_id, keeps_packages, first)
    SELECT s.account_id, s.id, false, greatest(
               (SELECT max((c.changed_at AT TIME ZONE '{settings.TIME_ZONE}')::date) + 1
                  FROM kernel_statechange c
                 WHERE c.model = 'accounts.subscription' AND c.object_id = s.id
                   AND c.new = 'suspended'),
               (SELECT max(b.period_end) FROM invoicing_billedperiod b
                 WHERE b.account_id = s.account_id AND b.subscription_id = s.id),
               (s.activated_at AT TIME ZONE '{settings.TIME_ZONE}')::date + 1)
      FROM accounts_subscription s
     WHERE s.state = 'suspended'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0004_move_fees"),
        ("accounts", "0011_customer_tree"),
        ("tariffs", "0007_recurring_terms"),
        ("kernel", "0002_events_by_month"),
    ]

    operations = [
        migrations.AddField(
            model_name="billedperiod",
            name="fee",
            field=models.DecimalField(decimal_places=2, max_digits=10, null=True),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="fee_period",
            field=models.CharField(max_length=8, null=True),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="package_version_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="proration",
            field=models.CharField(max_length=12, null=True),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="source_id",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="billedperiod",
            name="what",
            field=models.CharField(
                choices=[
                    ("plan", "plan"),
                    ("package", "package"),
                    ("pause", "pause"),
                    ("rest", "days of a pause"),
                ],
                db_default="plan",
                default="plan",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="billedperiodcredit",
            name="pause_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(null=True, verbose_name="until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("scheduled", "scheduled"),
                            ("running", "running"),
                            ("ended", "ended"),
                            ("cancelled", "cancelled"),
                        ],
                        default="scheduled",
                        max_length=12,
                    ),
                ),
                (
                    "fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=10, verbose_name="fee of the pause"
                    ),
                ),
                ("fee_period", models.CharField(default="day", max_length=8)),
                (
                    "free_days",
                    models.PositiveSmallIntegerField(default=0, verbose_name="free days"),
                ),
                ("keeps_packages", models.BooleanField(default=False)),
                ("quote", models.JSONField(default=dict)),
                ("requested_at", models.DateTimeField(verbose_name="asked for at")),
                ("closed_at", models.DateTimeField(null=True)),
                ("close_reason", models.CharField(blank=True, default="", max_length=200)),
                ("actor", models.CharField(max_length=60)),
                ("on_behalf_of", models.CharField(blank=True, default="", max_length=60)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pauses",
                        to="accounts.account",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pauses",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "pause of a service",
                "verbose_name_plural": "pauses of services",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["scheduled", "running"])),
                        fields=("account", "subscription"),
                        name="pause_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="pause_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fee__gte", 0)), name="pause_fee_not_negative"
                    ),
                ],
            },
        ),
        migrations.RunSQL(PAUSED_NOW, migrations.RunSQL.noop),
    ]
