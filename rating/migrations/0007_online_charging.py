from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


# `OR REPLACE`: a changed file is run again by a migration of its own.
FUNCTIONS = Path(__file__).parents[1] / "sql" / "charging.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_holds'),
        ('rating', '0006_mediation'),
    ]

    operations = [
        migrations.CreateModel(
            name='AllowanceHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('subscription_id', models.BigIntegerField()),
                ('allowance_id', models.IntegerField()),
                ('period', models.IntegerField()),
                ('reserved', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account_id', 'subscription_id', 'allowance_id', 'period'), name='allowancehold_once'), models.CheckConstraint(condition=models.Q(('reserved__gte', 0)), name='allowancehold_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='ChargingClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('voice_slice', models.PositiveIntegerField(default=300, verbose_name='seconds reserved at once')),
                ('data_slice', models.PositiveBigIntegerField(default=16777216, verbose_name='bytes reserved at once')),
                ('validity', models.PositiveIntegerField(default=3600, verbose_name='report within, seconds')),
                ('grace', models.PositiveIntegerField(default=120, verbose_name='silence allowed, seconds')),
                ('record_wait', models.PositiveIntegerField(default=0, verbose_name='wait for the record, seconds')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='rating.usagesource', verbose_name='source')),
            ],
            options={
                'verbose_name': 'client of online charging',
                'verbose_name_plural': 'clients of online charging',
            },
        ),
        migrations.CreateModel(
            name='ChargingSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=128, verbose_name='session')),
                ('account_id', models.BigIntegerField()),
                ('subscription_id', models.BigIntegerField()),
                ('kind', models.SmallIntegerField()),
                ('source_id', models.SmallIntegerField()),
                ('record_key', models.BigIntegerField()),
                ('subscriber', models.CharField(max_length=40, verbose_name='subscriber')),
                ('other_number', models.BigIntegerField(default=0)),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('plan_version_id', models.IntegerField()),
                ('deck_version_id', models.IntegerField()),
                ('zone_id', models.SmallIntegerField()),
                ('used', models.BigIntegerField(default=0)),
                ('granted', models.BigIntegerField(default=0)),
                ('held', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='reserved')),
                ('units', models.JSONField(default=list)),
                ('sequence', models.BigIntegerField()),
                ('fingerprint', models.BigIntegerField()),
                ('answer', models.TextField()),
                ('heard_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ending', models.CharField(blank=True, choices=[('terminated', 'ended'), ('expired', 'not heard of any more'), ('closed', 'closed by hand'), ('cancelled', 'cancelled'), ('by_record', "charged by the switch's record")], default='', max_length=12)),
                ('ended_by', models.CharField(blank=True, default='', max_length=60)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('billed', models.BigIntegerField(default=0)),
                ('band_id', models.IntegerField(default=0)),
                ('amount', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('is_overrun', models.BooleanField(default=False)),
                ('bookable_at', models.DateTimeField(null=True)),
                ('booked_at', models.DateTimeField(null=True)),
                ('batch_id', models.BigIntegerField(null=True)),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='rating.chargingclient')),
            ],
            options={
                'verbose_name': 'online session',
                'verbose_name_plural': 'online sessions',
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['id'], name='chargingsession_running'), models.Index(condition=models.Q(('booked_at__isnull', True), ('ended_at__isnull', False)), fields=['bookable_at'], name='chargingsession_to_book'), models.Index(condition=models.Q(('booked_at__isnull', True)), fields=['account_id'], name='chargingsession_open'), models.Index(condition=models.Q(('booked_at__isnull', False)), fields=['booked_at'], name='chargingsession_booked')],
                'constraints': [models.UniqueConstraint(fields=('client', 'session_key', 'account_id'), name='chargingsession_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('granted__gte', 0), ('held__gte', 0), ('used__gte', 0)), name='chargingsession_not_negative'), models.CheckConstraint(condition=models.Q(('booked_at__isnull', True), ('held', 0), _connector='OR'), name='chargingsession_booked_holds_nothing'), models.CheckConstraint(condition=models.Q(models.Q(('booked_at__isnull', True), ('ended_at__isnull', True)), ('ended_at__isnull', False), _connector='OR'), name='chargingsession_ends_before_booked')],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE rating_chargingsession SET (fillfactor = 70);"
            "ALTER TABLE rating_allowancehold SET (fillfactor = 60)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(FUNCTIONS.read_text(), migrations.RunSQL.noop),
    ]
