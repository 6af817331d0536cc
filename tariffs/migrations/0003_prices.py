"""Steps, surcharges, maximum costs, price models, dated bands, zone schemes, corrected versions."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import tariffs.models.calendar
from django.db import migrations, models


SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('tariffs', '0002_published'),
    ]

    operations = [
        migrations.CreateModel(
            name='PriceModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('kind', models.CharField(choices=[('standard', 'per unit'), ('graduated', 'graduated'), ('volume', 'volume'), ('package', 'package'), ('percentage', 'percentage')], max_length=12, verbose_name='model')),
                ('terms', models.JSONField(default=dict, verbose_name='terms')),
                ('is_monthly', models.BooleanField(default=False, help_text='Off: each record is priced on its own.', verbose_name="counts the month's total")),
            ],
            options={
                'verbose_name': 'price model',
                'verbose_name_plural': 'price models',
            },
        ),
        migrations.CreateModel(
            name='RateStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_unit', models.PositiveIntegerField(default=0, verbose_name='from unit')),
                ('price', models.DecimalField(decimal_places=6, max_digits=12, verbose_name='price')),
                ('unit', models.PositiveIntegerField(default=60, verbose_name='unit')),
                ('increment', models.PositiveIntegerField(default=60, verbose_name='increment')),
            ],
            options={
                'verbose_name': 'step of a price',
                'verbose_name_plural': 'steps of a price',
            },
        ),
        migrations.CreateModel(
            name='Surcharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at_unit', models.PositiveIntegerField(verbose_name='after units')),
                ('amount', models.DecimalField(decimal_places=6, max_digits=12, verbose_name='amount')),
            ],
            options={
                'verbose_name': 'surcharge',
                'verbose_name_plural': 'surcharges',
            },
        ),
        migrations.CreateModel(
            name='ZoneScheme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
            ],
            options={
                'verbose_name': 'zone scheme',
                'verbose_name_plural': 'zone schemes',
            },
        ),
        migrations.RemoveConstraint(
            model_name='ratedeckversion',
            name='deckversion_no_overlap',
        ),
        migrations.AddField(
            model_name='allowance',
            name='blocks',
            field=models.BooleanField(default=False, help_text='Off: what goes beyond is charged.', verbose_name='used up, blocks'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='factor',
            field=models.DecimalField(decimal_places=4, default=1, max_digits=9, verbose_name='factor'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='is_money',
            field=models.BooleanField(default=False, verbose_name='money'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='is_shared',
            field=models.BooleanField(default=False, verbose_name='shared in a group'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='recurrence',
            field=models.CharField(choices=[('day', 'every day'), ('week', 'every week'), ('month', 'every month'), ('once', 'once')], default='month', max_length=8, verbose_name='granted'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='rollover',
            field=models.CharField(choices=[('none', 'what is left is lost'), ('first', 'carried over, used first'), ('last', 'carried over, used last')], default='none', max_length=8, verbose_name='rollover'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='rollover_cap',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='carried at most'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='rollover_if_paid',
            field=models.BooleanField(default=False, verbose_name='carried only if paid on time'),
        ),
        migrations.AddField(
            model_name='allowance',
            name='zone_ids',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), blank=True, default=list, size=None, verbose_name='zones'),
        ),
        migrations.AddField(
            model_name='band',
            name='dates',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, help_text='MM-DD for every year, or YYYY-MM-DD; none = any day.', size=None, verbose_name='dates'),
        ),
        migrations.AddField(
            model_name='band',
            name='windows',
            field=django.contrib.postgres.fields.ArrayField(base_field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=19), size=2), blank=True, default=list, help_text='Pairs of local times, YYYY-MM-DDTHH:MM:SS, the end not included.', size=None, verbose_name='date windows'),
        ),
        migrations.AddField(
            model_name='ratedeckversion',
            name='decimals',
            field=models.SmallIntegerField(default=2, verbose_name='rounded to decimals'),
        ),
        migrations.AddField(
            model_name='ratedeckversion',
            name='follows_clock',
            field=models.BooleanField(default=True, help_text='Off: a whole call is priced in the tariff time of its start.', verbose_name='follows the clock'),
        ),
        migrations.AddField(
            model_name='ratedeckversion',
            name='replaced_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='replaced at'),
        ),
        migrations.AddField(
            model_name='ratedeckversion',
            name='replaces',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.ratedeckversion'),
        ),
        migrations.AddField(
            model_name='zoneterms',
            name='max_cost',
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True, verbose_name='maximum cost'),
        ),
        migrations.AddField(
            model_name='zoneterms',
            name='on_max_cost',
            field=models.CharField(choices=[('cap', 'the rest is free'), ('disconnect', 'the session ends')], default='cap', max_length=12, verbose_name='at the maximum'),
        ),
        migrations.AlterField(
            model_name='allowance',
            name='priority',
            field=models.SmallIntegerField(default=0, verbose_name='priority'),
        ),
        migrations.AlterField(
            model_name='allowance',
            name='step',
            field=models.PositiveIntegerField(default=0, verbose_name='step'),
        ),
        migrations.AlterField(
            model_name='allowance',
            name='zone_classes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), blank=True, default=list, size=None, verbose_name='classes of zones'),
        ),
        migrations.AlterField(
            model_name='band',
            name='priority',
            field=models.SmallIntegerField(default=0, verbose_name='priority'),
        ),
        migrations.AlterField(
            model_name='planversion',
            name='fee_period',
            field=models.CharField(choices=[('month', 'per month'), ('day', 'per day')], default='month', max_length=8, verbose_name='fee per'),
        ),
        migrations.AlterField(
            model_name='planversion',
            name='fee_timing',
            field=models.CharField(choices=[('advance', 'in advance'), ('arrears', 'in arrears')], default='advance', max_length=8, verbose_name='fee is charged'),
        ),
        migrations.AlterField(
            model_name='planversion',
            name='proration',
            field=models.CharField(choices=[('actual', 'actual days of the cycle'), ('fixed_30', 'thirty days')], default='actual', max_length=12, verbose_name='part of a period is charged by'),
        ),
        migrations.AlterField(
            model_name='planversion',
            name='tax_category',
            field=models.CharField(choices=[('standard', 'standard VAT'), ('none', 'no VAT')], default='standard', max_length=12, verbose_name='tax'),
        ),
        migrations.AlterField(
            model_name='ratedeckversion',
            name='rounding',
            field=models.CharField(choices=[('half_up', 'half up'), ('up', 'up'), ('down', 'down')], default='half_up', max_length=8, verbose_name='rounding'),
        ),
        migrations.AlterField(
            model_name='zone',
            name='code',
            field=models.CharField(max_length=24, verbose_name='code'),
        ),
        migrations.AlterField(
            model_name='zoneprefix',
            name='prefix',
            field=models.CharField(max_length=15, verbose_name='prefix'),
        ),
        migrations.AlterField(
            model_name='zoneterms',
            name='first_increment',
            field=models.PositiveIntegerField(default=60, verbose_name='first increment'),
        ),
        migrations.AlterField(
            model_name='zoneterms',
            name='free_units',
            field=models.PositiveIntegerField(default=0, verbose_name='free units'),
        ),
        migrations.AlterField(
            model_name='zoneterms',
            name='grace_units',
            field=models.PositiveIntegerField(default=0, verbose_name='grace'),
        ),
        migrations.AlterField(
            model_name='zoneterms',
            name='min_units',
            field=models.PositiveIntegerField(default=0, verbose_name='shortest length'),
        ),
        migrations.AlterField(
            model_name='zoneterms',
            name='next_increment',
            field=models.PositiveIntegerField(default=60, verbose_name='next increments'),
        ),
        migrations.AddConstraint(
            model_name='allowance',
            constraint=models.CheckConstraint(condition=models.Q(('factor__gt', 0)), name='allowance_factor_positive'),
        ),
        migrations.AddField(
            model_name='pricemodel',
            name='deck_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='models', to='tariffs.ratedeckversion'),
        ),
        migrations.AddField(
            model_name='rate',
            name='model',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rates', to='tariffs.pricemodel'),
        ),
        migrations.AddField(
            model_name='ratestep',
            name='rate',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='tariffs.rate'),
        ),
        migrations.AddField(
            model_name='surcharge',
            name='terms',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='surcharges', to='tariffs.zoneterms'),
        ),
        migrations.AddField(
            model_name='ratedeckversion',
            name='scheme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.zonescheme'),
        ),
        migrations.AddField(
            model_name='zone',
            name='scheme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='zones', to='tariffs.zonescheme'),
        ),
        migrations.AddField(
            model_name='zoneprefix',
            name='scheme',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.zonescheme'),
        ),
        migrations.AddConstraint(
            model_name='ratedeckversion',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(models.Q(('replaced_at__isnull', True), ('replaces__isnull', True)), models.Q(('published_at__isnull', False), ('replaced_at__isnull', True)), _connector='OR'), expressions=[(models.F('deck'), '='), (tariffs.models.calendar.DateRange('valid_from', 'valid_to'), '&&')], name='deckversion_no_overlap'),
        ),
        migrations.AddConstraint(
            model_name='ratedeckversion',
            constraint=models.CheckConstraint(condition=models.Q(('decimals__gte', -6), ('decimals__lte', 2)), name='deckversion_decimals'),
        ),
        migrations.AddConstraint(
            model_name='zone',
            constraint=models.UniqueConstraint(fields=('scheme', 'code'), name='zone_code_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='zoneprefix',
            constraint=models.UniqueConstraint(fields=('scheme', 'prefix'), name='zoneprefix_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='pricemodel',
            constraint=models.UniqueConstraint(fields=('deck_version', 'code'), name='pricemodel_code_once'),
        ),
        migrations.AddConstraint(
            model_name='ratestep',
            constraint=models.UniqueConstraint(fields=('rate', 'from_unit'), name='ratestep_once'),
        ),
        migrations.AddConstraint(
            model_name='ratestep',
            constraint=models.CheckConstraint(condition=models.Q(('increment__gt', 0), ('price__gte', 0), ('unit__gt', 0)), name='ratestep_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='surcharge',
            constraint=models.UniqueConstraint(fields=('terms', 'at_unit'), name='surcharge_once'),
        ),
        migrations.AddConstraint(
            model_name='surcharge',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='surcharge_not_negative'),
        ),
        migrations.RunSQL(
            (SQL / "prices.sql").read_text(), (SQL / "prices_reverse.sql").read_text()
        ),
    ]
