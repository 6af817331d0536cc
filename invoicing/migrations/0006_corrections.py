"""Credit and debit notes, disputes, compensation of outages, bill runs."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0005_offer_fees"), ("accounts", "0011_customer_tree")]

    operations = [
        migrations.CreateModel(
            name='BillingPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('review', models.CharField(choices=[('never', 'go out at night by themselves'), ('flagged', 'wait for a person if anything is unusual'), ('always', 'always wait for a person')], default='never', max_length=8, verbose_name='bills')),
                ('percent', models.DecimalField(decimal_places=2, default=50, max_digits=6, verbose_name='unusual: a change of more than, %')),
                ('money', models.DecimalField(decimal_places=2, default=300, max_digits=14, verbose_name='and of more than, in money')),
            ],
            options={
                'verbose_name': 'how bills go out',
                'verbose_name_plural': 'how bills go out',
            },
        ),
        migrations.CreateModel(
            name='BillRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business_date', models.DateField(verbose_name='cycles closed by')),
                ('state', models.CharField(choices=[('drafting', 'being drafted'), ('draft', 'to be decided'), ('approved', 'being issued'), ('issued', 'issued'), ('cancelled', 'cancelled')], default='drafting', max_length=12, verbose_name='state')),
                ('percent', models.DecimalField(decimal_places=2, max_digits=6)),
                ('money', models.DecimalField(decimal_places=2, max_digits=14)),
                ('suspense_records', models.BigIntegerField(default=0)),
                ('suspense_worth', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('started_at', models.DateTimeField()),
                ('started_by', models.CharField(max_length=60)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, default='', max_length=60)),
            ],
            options={
                'verbose_name': 'bill run',
                'verbose_name_plural': 'bill runs',
            },
        ),
        migrations.CreateModel(
            name='BillVoid',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('voided_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='Compensation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('plan_version_id', models.BigIntegerField()),
                ('minutes', models.IntegerField()),
                ('daily_fee', models.DecimalField(decimal_places=4, max_digits=14)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14)),
                ('business_date', models.DateField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry_id', models.BigIntegerField(null=True)),
                ('entry_on', models.DateField(null=True)),
                ('title_ru', models.CharField(max_length=200)),
                ('title_en', models.CharField(max_length=200)),
                ('charged', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='charged')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='in dispute')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('reason', models.TextField(verbose_name='what is wrong')),
                ('state', models.CharField(choices=[('open', 'in dispute'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default='open', max_length=12, verbose_name='state')),
                ('raised_at', models.DateTimeField(verbose_name='raised')),
                ('due_on', models.DateField(verbose_name='answer until')),
                ('actor', models.CharField(max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('assignee', models.CharField(blank=True, default='', max_length=60, verbose_name='who decides')),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, default='', max_length=60)),
                ('answer', models.TextField(blank=True, default='', verbose_name='answer')),
                ('accepted', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('adjustment_id', models.BigIntegerField(null=True)),
                ('request_id', models.CharField(max_length=60)),
            ],
            options={
                'verbose_name': 'dispute',
                'verbose_name_plural': 'disputes',
            },
        ),
        migrations.CreateModel(
            name='DisputeMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('text', models.TextField(verbose_name='message')),
                ('is_internal', models.BooleanField(default=False, verbose_name='for colleagues only')),
                ('written_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='DraftBill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_start', models.DateField()),
                ('period_end', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('opening', models.DecimalField(decimal_places=2, max_digits=14)),
                ('gross', models.DecimalField(decimal_places=2, max_digits=14)),
                ('tax', models.DecimalField(decimal_places=2, max_digits=14)),
                ('payments', models.DecimalField(decimal_places=2, max_digits=14)),
                ('adjustments', models.DecimalField(decimal_places=2, max_digits=14)),
                ('closing', models.DecimalField(decimal_places=2, max_digits=14)),
                ('former_gross', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('lines', models.IntegerField()),
                ('flags', models.CharField(blank=True, default='', max_length=80)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('parked', 'parked'), ('left', 'changed since, not issued')], default='draft', max_length=8)),
            ],
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('credit_note', 'credit note'), ('debit_note', 'debit note')], max_length=12, verbose_name='kind')),
                ('number', models.BigIntegerField()),
                ('year', models.PositiveSmallIntegerField()),
                ('number_text', models.CharField(max_length=32, verbose_name='number')),
                ('issued_on', models.DateField(verbose_name='issued on')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('net', models.DecimalField(decimal_places=2, max_digits=14)),
                ('tax', models.DecimalField(decimal_places=2, max_digits=14)),
                ('gross', models.DecimalField(decimal_places=2, max_digits=14)),
                ('request_id', models.CharField(max_length=60)),
                ('issued_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'note',
                'verbose_name_plural': 'notes',
            },
        ),
        migrations.CreateModel(
            name='NoteLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('credit_note', 'credit note'), ('debit_note', 'debit note')], max_length=12)),
                ('position', models.PositiveIntegerField()),
                ('title_ru', models.CharField(max_length=200)),
                ('title_en', models.CharField(max_length=200)),
                ('tax_percent', models.DecimalField(decimal_places=2, max_digits=5)),
                ('net', models.DecimalField(decimal_places=2, max_digits=14)),
                ('tax', models.DecimalField(decimal_places=2, max_digits=14)),
                ('gross', models.DecimalField(decimal_places=2, max_digits=14)),
            ],
        ),
        migrations.CreateModel(
            name='NoteNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.CharField(max_length=12)),
                ('year', models.PositiveSmallIntegerField()),
                ('number', models.BigIntegerField()),
                ('account_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Outage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title_ru', models.CharField(max_length=120, verbose_name='what happened, in Russian')),
                ('title_en', models.CharField(max_length=120, verbose_name='what happened, in English')),
                ('started_at', models.DateTimeField(verbose_name='from')),
                ('ended_at', models.DateTimeField(verbose_name='to')),
                ('selection', models.JSONField(default=dict)),
                ('unit', models.CharField(choices=[('hour', 'hour'), ('day', 'day')], max_length=4)),
                ('percent', models.DecimalField(decimal_places=2, max_digits=6)),
                ('from_minutes', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('draft', 'draft'), ('approved', 'approved'), ('applied', 'applied'), ('cancelled', 'cancelled')], default='draft', max_length=12, verbose_name='state')),
                ('recorded_by', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField()),
                ('approved_by', models.CharField(blank=True, default='', max_length=60)),
                ('approved_at', models.DateTimeField(null=True)),
                ('business_date', models.DateField(null=True)),
                ('request_id', models.CharField(max_length=60, unique=True)),
            ],
            options={
                'verbose_name': 'outage',
                'verbose_name_plural': 'outages',
            },
        ),
        migrations.CreateModel(
            name='OutageRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_ru', models.CharField(max_length=100, verbose_name='name in Russian')),
                ('name_en', models.CharField(max_length=100, verbose_name='name in English')),
                ('unit', models.CharField(choices=[('hour', 'hour'), ('day', 'day')], default='hour', max_length=4, verbose_name='for each')),
                ('percent', models.DecimalField(decimal_places=2, max_digits=6, verbose_name='percent of the daily fee')),
                ('from_minutes', models.PositiveIntegerField(default=60, verbose_name='from how many minutes on')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'rule of compensation',
                'verbose_name_plural': 'rules of compensation',
            },
        ),
        migrations.CreateModel(
            name='ParkedBill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_start', models.DateField()),
                ('period_end', models.DateField()),
                ('gross', models.DecimalField(decimal_places=2, max_digits=14)),
                ('reasons', models.JSONField(default=list)),
                ('parked_at', models.DateTimeField()),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by', models.CharField(blank=True, default='', max_length=60)),
                ('release_reason', models.CharField(blank=True, default='', max_length=200)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='bill',
            name='bill_once_a_cycle',
        ),
        migrations.AddField(
            model_name='bill',
            name='replaces',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='invoicing.bill'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.UniqueConstraint(condition=models.Q(('replaces__isnull', True)), fields=('account', 'period_start'), name='bill_once_a_cycle'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.UniqueConstraint(fields=('account', 'replaces'), name='bill_replaced_once'),
        ),
        migrations.AddField(
            model_name='billingpolicy',
            name='legal_entity',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity'),
        ),
        migrations.AddField(
            model_name='billrun',
            name='legal_entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity'),
        ),
        migrations.AddField(
            model_name='billvoid',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.account'),
        ),
        migrations.AddField(
            model_name='billvoid',
            name='bill',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voids', to='invoicing.bill'),
        ),
        migrations.AddField(
            model_name='compensation',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.account'),
        ),
        migrations.AddField(
            model_name='compensation',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.subscription'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='bill_line',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='invoicing.billline'),
        ),
        migrations.AddField(
            model_name='disputemessage',
            name='dispute',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='invoicing.dispute'),
        ),
        migrations.AddField(
            model_name='draftbill',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.account'),
        ),
        migrations.AddField(
            model_name='draftbill',
            name='bill',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='invoicing.bill'),
        ),
        migrations.AddField(
            model_name='draftbill',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='invoicing.billrun'),
        ),
        migrations.AddField(
            model_name='note',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='note',
            name='approval',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='kernel.approval'),
        ),
        migrations.AddField(
            model_name='note',
            name='bill',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='invoicing.bill'),
        ),
        migrations.AddField(
            model_name='note',
            name='counters',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='invoicing.note'),
        ),
        migrations.AddField(
            model_name='note',
            name='legal_entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='note',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='invoicing.note'),
        ),
        migrations.AddField(
            model_name='noteline',
            name='bill_line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='invoicing.billline'),
        ),
        migrations.AddField(
            model_name='noteline',
            name='note',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='invoicing.note'),
        ),
        migrations.AddField(
            model_name='notenumber',
            name='legal_entity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity'),
        ),
        migrations.AddField(
            model_name='notenumber',
            name='note',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='invoicing.note'),
        ),
        migrations.AddConstraint(
            model_name='outage',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__gt', models.F('started_at'))), name='outage_lasts'),
        ),
        migrations.AddField(
            model_name='compensation',
            name='outage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compensations', to='invoicing.outage'),
        ),
        migrations.AddConstraint(
            model_name='outagerule',
            constraint=models.CheckConstraint(condition=models.Q(('percent__gt', 0), ('percent__lte', 1000)), name='outagerule_percent'),
        ),
        migrations.AddField(
            model_name='parkedbill',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.account'),
        ),
        migrations.AddConstraint(
            model_name='billrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['drafting', 'draft', 'approved'])), fields=('legal_entity',), name='billrun_one_open'),
        ),
        migrations.AddConstraint(
            model_name='billvoid',
            constraint=models.UniqueConstraint(fields=('account', 'bill'), name='billvoid_once'),
        ),
        migrations.AddIndex(
            model_name='disputemessage',
            index=models.Index(fields=['dispute', 'id'], name='disputemessage_thread'),
        ),
        migrations.AddIndex(
            model_name='draftbill',
            index=models.Index(fields=['run', 'account'], name='draftbill_of_run'),
        ),
        migrations.AddIndex(
            model_name='draftbill',
            index=models.Index(condition=models.Q(('flags', ''), _negated=True), fields=['run', 'account'], name='draftbill_flagged'),
        ),
        migrations.AddConstraint(
            model_name='draftbill',
            constraint=models.UniqueConstraint(fields=('account', 'run'), name='draftbill_once_a_run'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(fields=['account', '-issued_on'], name='note_of_account'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.UniqueConstraint(fields=('account', 'request_id'), name='note_once_a_request'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.UniqueConstraint(fields=('account', 'counters'), name='note_countered_once'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('gross', django.db.models.expressions.CombinedExpression(models.F('net'), '+', models.F('tax'))), ('gross__gt', 0)), name='note_net_and_tax_make_gross'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['state', 'due_on', 'id'], name='dispute_queue'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['account', 'state'], name='dispute_of_account'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(fields=('account', 'request_id'), name='dispute_once_a_request'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('account', 'bill_line'), name='dispute_one_open_a_line'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('account', 'entry_id'), name='dispute_one_open_a_charge'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bill_line__isnull', False), ('entry_id__isnull', True)), models.Q(('bill_line__isnull', True), ('entry_id__isnull', False)), _connector='OR'), name='dispute_is_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lte', models.F('charged'))), name='dispute_within_the_charge'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('accepted__isnull', True), models.Q(('accepted__gt', 0), ('accepted__lte', models.F('amount'))), _connector='OR'), name='dispute_accepted_within_it'),
        ),
        migrations.AddConstraint(
            model_name='noteline',
            constraint=models.UniqueConstraint(fields=('account_id', 'note', 'bill_line'), name='noteline_once_a_note'),
        ),
        migrations.AddConstraint(
            model_name='noteline',
            constraint=models.CheckConstraint(condition=models.Q(('gross', django.db.models.expressions.CombinedExpression(models.F('net'), '+', models.F('tax'))), ('gross__gt', 0), ('tax__gte', 0)), name='noteline_net_and_tax_make_gross'),
        ),
        migrations.AddConstraint(
            model_name='notenumber',
            constraint=models.UniqueConstraint(fields=('legal_entity', 'document', 'year', 'number'), name='notenumber_once'),
        ),
        migrations.AddConstraint(
            model_name='compensation',
            constraint=models.UniqueConstraint(fields=('account', 'outage', 'subscription'), name='compensation_once'),
        ),
        migrations.AddConstraint(
            model_name='compensation',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('minutes__gt', 0)), name='compensation_gives'),
        ),
        migrations.AddIndex(
            model_name='parkedbill',
            index=models.Index(condition=models.Q(('released_at__isnull', True)), fields=['account'], name='parkedbill_waiting'),
        ),
        migrations.AddConstraint(
            model_name='parkedbill',
            constraint=models.UniqueConstraint(fields=('account', 'period_start'), name='parkedbill_once'),
        ),
        migrations.RunSQL((SQL / "corrections.sql").read_text(), migrations.RunSQL.noop),
    ]
