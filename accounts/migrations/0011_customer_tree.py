"""Households, company trees, identity documents."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_consents'),
    ]

    operations = [
        migrations.CreateModel(
            name='CompanyUnit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('branch', 'branch'), ('department', 'department')], max_length=12, verbose_name='kind')),
                ('cost_centre', models.CharField(blank=True, default='', max_length=40, verbose_name='cost centre')),
                ('is_billed_apart', models.BooleanField(default=False, verbose_name='billed apart')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='accounts.customer')),
                ('customer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='unit', to='accounts.customer')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='child_units', to='accounts.customer')),
            ],
            options={
                'verbose_name': 'unit of a company',
                'verbose_name_plural': 'units of companies',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('customer', models.F('parent')), _negated=True), models.Q(('customer', models.F('company')), _negated=True)), name='companyunit_beneath_another'), models.CheckConstraint(condition=models.Q(('kind__in', ['branch', 'department'])), name='companyunit_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='HouseholdMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('payer', 'payer'), ('user', 'user'), ('child', 'child')], max_length=8, verbose_name='role')),
                ('joined_at', models.DateTimeField(verbose_name='since')),
                ('left_at', models.DateTimeField(null=True, verbose_name='until')),
                ('actor', models.CharField(max_length=60)),
                ('household', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='accounts.customer')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.customer')),
            ],
            options={
                'verbose_name': 'member of a household',
                'verbose_name_plural': 'members of households',
                'indexes': [models.Index(condition=models.Q(('left_at__isnull', True)), fields=['household'], name='householdmember_living')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('person',), name='householdmember_one_household'), models.UniqueConstraint(condition=models.Q(('left_at__isnull', True), ('role__in', ['owner', 'payer'])), fields=('household', 'role'), name='householdmember_one_owner_one_payer'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'payer', 'user', 'child'])), name='householdmember_role_known'), models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('left_at__gte', models.F('joined_at')), _connector='OR'), name='householdmember_left_after_joined'), models.CheckConstraint(condition=models.Q(('household', models.F('person')), _negated=True), name='householdmember_another_customer')],
            },
        ),
        migrations.CreateModel(
            name='IdentityDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('passport', 'passport of Russia'), ('travel', 'travel passport'), ('birth', 'birth certificate'), ('residence', 'residence permit'), ('foreign', 'passport of another country'), ('other', 'another document')], max_length=12, verbose_name='kind')),
                ('sealed', models.BinaryField()),
                ('fingerprint', models.CharField(max_length=64)),
                ('tail', models.CharField(max_length=4)),
                ('added_at', models.DateTimeField(verbose_name='added')),
                ('actor', models.CharField(max_length=60)),
                ('removed_at', models.DateTimeField(null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='accounts.customer')),
            ],
            options={
                'verbose_name': 'identity document',
                'verbose_name_plural': 'identity documents',
                'indexes': [models.Index(condition=models.Q(('fingerprint', ''), _negated=True), fields=['fingerprint'], name='identitydocument_same')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('removed_at__isnull', True)), fields=('customer', 'fingerprint'), name='identitydocument_once'), models.CheckConstraint(condition=models.Q(('removed_at__isnull', True), models.Q(('fingerprint', ''), ('sealed', b''), ('tail', '')), _connector='OR'), name='identitydocument_removed_is_empty')],
            },
        ),
    ]
