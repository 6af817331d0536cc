"""Rules of the promised payment."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dunning", "0003_services")]

    operations = []
