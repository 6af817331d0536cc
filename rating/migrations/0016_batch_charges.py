"""Sums of rows kept until they are posted; numbers of rows taken many at once."""

from django.db import migrations, models

# Every number taken one by one is a record in the log and a turn at one page; rows of a night come
# by the million, on several connections. Nothing reads an order out of these numbers.
MANY_AT_ONCE = "ALTER SEQUENCE rating_pricedusage_id_seq CACHE 1000"
ONE_BY_ONE = "ALTER SEQUENCE rating_pricedusage_id_seq CACHE 1"


class Migration(migrations.Migration):
    dependencies = [("rating", "0015_charging_own_decks")]

    operations = [
        migrations.CreateModel(
            name="BatchCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("batch_id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                ("subscription_id", models.BigIntegerField()),
                ("kind", models.SmallIntegerField()),
                ("minor", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(MANY_AT_ONCE, ONE_BY_ONE),
    ]
