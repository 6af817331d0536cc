"""Holds, write-offs, bonus money."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_acquiring")]

    operations = []
