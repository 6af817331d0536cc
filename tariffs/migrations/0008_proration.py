"""Conventions a plan's fee is counted by."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tariffs", "0007_recurring_terms")]

    operations = []
