"""The service of a cover's record, so that it is found by subscription as its row is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rating", "0008_limits")]

    operations = [
        migrations.AddField(
            model_name="usagecover",
            name="subscription_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
    ]
