"""Instalments, late fees, what a payment pays."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0007_consolidated_bills")]

    operations = []
