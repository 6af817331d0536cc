"""
The CRM's rights are those of crm.domain.roles: they have no table, so their list needs no history.
"""

from django.db import migrations

from crm.domain import roles


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='desk',
            options={
                'managed': False,
                'default_permissions': (),
                'permissions': list(roles.RIGHTS.items()),
            },
        ),
    ]
