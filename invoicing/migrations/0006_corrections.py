"""Credit and debit notes, disputes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0005_offer_fees")]

    operations = []
