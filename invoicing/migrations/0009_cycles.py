"""Fees by the plan's convention, minimum commitments."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0008_debt")]

    operations = []
