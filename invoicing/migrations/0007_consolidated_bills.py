"""Consolidated bills of companies."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models


GUARD = """
    CREATE TRIGGER invoicing_{name}_append_only BEFORE UPDATE OR DELETE ON invoicing_{name}
        FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change()
"""
UNGUARD = "DROP TRIGGER invoicing_{name}_append_only ON invoicing_{name}"
#: Papers are facts: PostgreSQL itself refuses to change them.
FACTS = ("consolidatedbill", "consolidatedpart")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_customer_tree'),
        ('invoicing', '0006_corrections'),
        ('kernel', '0002_events_by_month'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsolidatedBill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField()),
                ('year', models.PositiveSmallIntegerField()),
                ('number_text', models.CharField(max_length=32, verbose_name='number')),
                ('period_start', models.DateField()),
                ('period_end', models.DateField()),
                ('issued_on', models.DateField(verbose_name='issued on')),
                ('due_on', models.DateField(verbose_name='pay until')),
                ('currency', models.CharField(max_length=3)),
                ('opening', models.DecimalField(decimal_places=2, max_digits=14)),
                ('net', models.DecimalField(decimal_places=2, max_digits=14)),
                ('tax', models.DecimalField(decimal_places=2, max_digits=14)),
                ('gross', models.DecimalField(decimal_places=2, max_digits=14)),
                ('payments', models.DecimalField(decimal_places=2, max_digits=14)),
                ('adjustments', models.DecimalField(decimal_places=2, max_digits=14)),
                ('closing', models.DecimalField(decimal_places=2, max_digits=14)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consolidated_bills', to='accounts.customer')),
                ('legal_entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity')),
            ],
            options={
                'verbose_name': 'consolidated bill',
                'verbose_name_plural': 'consolidated bills',
            },
        ),
        migrations.CreateModel(
            name='ConsolidatedPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('cost_centre', models.CharField(blank=True, default='', max_length=40)),
                ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='invoicing.bill')),
                ('consolidated', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='invoicing.consolidatedbill')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.customer')),
            ],
        ),
        migrations.AddIndex(
            model_name='consolidatedbill',
            index=models.Index(fields=['customer', '-period_end'], name='consolidatedbill_of_customer'),
        ),
        migrations.AddConstraint(
            model_name='consolidatedbill',
            constraint=models.UniqueConstraint(fields=('legal_entity', 'year', 'number'), name='consolidatedbill_number_once'),
        ),
        migrations.AddConstraint(
            model_name='consolidatedbill',
            constraint=models.CheckConstraint(condition=models.Q(('gross', django.db.models.expressions.CombinedExpression(models.F('net'), '+', models.F('tax')))), name='consolidatedbill_net_and_tax_make_gross'),
        ),
        migrations.AddConstraint(
            model_name='consolidatedpart',
            constraint=models.UniqueConstraint(fields=('account_id', 'bill'), name='consolidatedpart_once'),
        ),
        *(migrations.RunSQL(GUARD.format(name=name), UNGUARD.format(name=name)) for name in FACTS),
    ]
