"""Spending guards, notices of allowances, groups that share them."""

import accounts.models.services
import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_holds"),
        ("rating", "0007_online_charging"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllowanceGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allowance_group",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "group that shares allowances",
                "verbose_name_plural": "groups that share allowances",
            },
        ),
        migrations.CreateModel(
            name="AllowanceNotice",
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
                ("period", models.IntegerField()),
                ("percent", models.PositiveSmallIntegerField()),
                ("noticed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "account_id",
                            "subscription_id",
                            "allowance_id",
                            "period",
                            "percent",
                        ),
                        name="allowancenotice_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AllowanceGroupMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("active_from", models.DateTimeField(verbose_name="from")),
                ("active_to", models.DateTimeField(blank=True, null=True, verbose_name="to")),
                (
                    "cap_voice",
                    models.BigIntegerField(
                        blank=True, null=True, verbose_name="at most seconds of calls"
                    ),
                ),
                (
                    "cap_sms",
                    models.BigIntegerField(blank=True, null=True, verbose_name="at most messages"),
                ),
                (
                    "cap_data",
                    models.BigIntegerField(blank=True, null=True, verbose_name="at most bytes"),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="rating.allowancegroup",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of a group",
                "verbose_name_plural": "members of groups",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("subscription"), "="),
                            (accounts.models.services.TsTzRange("active_from", "active_to"), "&&"),
                        ],
                        name="allowancegroupmember_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cap_voice__isnull", True), ("cap_voice__gte", 0), _connector="OR"
                            ),
                            models.Q(
                                ("cap_sms__isnull", True), ("cap_sms__gte", 0), _connector="OR"
                            ),
                            models.Q(
                                ("cap_data__isnull", True), ("cap_data__gte", 0), _connector="OR"
                            ),
                        ),
                        name="allowancegroupmember_caps_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendingGuard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="limit per month"
                    ),
                ),
                ("allowed_more", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("allowed_month", models.IntegerField(default=0)),
                ("reached_month", models.IntegerField(default=0)),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
                ("changed_by", models.CharField(max_length=60, verbose_name="changed by")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spending_guard",
                        to="accounts.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "spending guard",
                "verbose_name_plural": "spending guards",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("allowed_more__gte", 0), ("amount__gt", 0)),
                        name="spendingguard_positive",
                    )
                ],
            },
        ),
    ]
