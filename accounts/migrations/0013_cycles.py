"""Longer cycles, a change of the cycle day, deposits."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_credit_rules")]

    operations = []
