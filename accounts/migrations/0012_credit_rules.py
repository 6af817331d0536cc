"""Credit classes and the subscriber's own credit limit."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_customer_tree")]

    operations = []
