"""Notices of payments as they came from outside, before their effect."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_holds")]

    operations = []
