"""What the payer's bank took back has a fiscal receipt too."""

from django.db import migrations, models

SOURCES = [
    ("payment", "payment"),
    ("reversal", "reversal"),
    ("refund", "refund"),
    ("chargeback", "chargeback"),
    ("correction", "correction"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_cycles")]

    operations = [
        migrations.AlterField(
            model_name="fiscalreceipt",
            name="source",
            field=models.CharField(choices=SOURCES, max_length=12),
        ),
    ]
