"""Card payments, refunds, autopay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_vouchers_and_receipts")]

    operations = []
