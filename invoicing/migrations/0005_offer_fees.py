"""Fees of packages and bundles."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0004_move_fees"),
        ("accounts", "0011_customer_tree"),
    ]

    operations = []
