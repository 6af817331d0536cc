"""Bank statements and the lines that wait for a person."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_payment_intake")]

    operations = []
