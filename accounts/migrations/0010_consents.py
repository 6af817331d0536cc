"""Consents to what recurs; packages and bundles as they are sold."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_holds_and_write_offs")]

    operations = []
