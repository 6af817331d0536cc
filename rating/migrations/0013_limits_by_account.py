"""Guards and groups are unique within an account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_holds"),
        ("rating", "0012_rerate_outcome"),
    ]

    operations = [
        migrations.AlterField(
            model_name="allowancegroup",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.subscription",
            ),
        ),
        migrations.AlterField(
            model_name="spendingguard",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowancegroup",
            constraint=models.UniqueConstraint(
                fields=("account", "owner"), name="allowancegroup_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="spendingguard",
            constraint=models.UniqueConstraint(
                fields=("account", "subscription"), name="spendingguard_of_service_once"
            ),
        ),
    ]
