"""Notices of payments as they came from outside, before their effect; terminals and their registries."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_holds")]

    operations = [
        migrations.CreateModel(
            name='PaymentNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(max_length=24, verbose_name='paid through')),
                ('external_id', models.CharField(max_length=80, verbose_name="payer system's id")),
                ('what', models.CharField(choices=[('payment', 'payment'), ('cancel', 'cancellation'), ('refund', 'refund'), ('chargeback', 'chargeback')], default='payment', max_length=12)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('account_hint', models.CharField(blank=True, default='', max_length=120, verbose_name='account as written')),
                ('account_by', models.CharField(choices=[('number', 'account number'), ('identifier', 'telephone number or login'), ('given', 'found by the sender')], default='number', max_length=12)),
                ('account_key', models.CharField(blank=True, default='', max_length=40)),
                ('paid_at', models.DateTimeField(verbose_name='paid at')),
                ('business_date', models.DateField()),
                ('comment', models.CharField(blank=True, default='', max_length=200, verbose_name='comment')),
                ('raw', models.TextField(blank=True, default='', verbose_name='message as it came')),
                ('keeps_doubtful', models.BooleanField(default=True)),
                ('refused_as', models.CharField(blank=True, default='', max_length=24)),
                ('state', models.CharField(choices=[('received', 'stored, not settled yet'), ('credited', 'credited'), ('unassigned', 'not assigned'), ('refused', 'refused by us'), ('returned', 'given back'), ('done', 'carried out')], default='received', max_length=12)),
                ('reason', models.CharField(blank=True, default='', max_length=24)),
                ('note', models.CharField(blank=True, default='', max_length=250, verbose_name='note')),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('settled_at', models.DateTimeField(null=True)),
                ('actor', models.CharField(max_length=60)),
                ('settled_by', models.CharField(blank=True, default='', max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payment_notices', to='accounts.account')),
                ('payment', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='accounts.payment')),
            ],
            options={
                'verbose_name': 'payment notice',
                'verbose_name_plural': 'payment notices',
            },
        ),
        migrations.CreateModel(
            name='NoticeConflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('account_hint', models.CharField(max_length=120, verbose_name='account as written')),
                ('raw', models.TextField(blank=True, default='', verbose_name='message as it came')),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('actor', models.CharField(max_length=60)),
                ('seen_at', models.DateTimeField(null=True)),
                ('seen_by', models.CharField(blank=True, default='', max_length=60)),
                ('note', models.CharField(blank=True, default='', max_length=250, verbose_name='note')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='accounts.paymentnotice')),
            ],
            options={
                'verbose_name': 'contradicting notice',
                'verbose_name_plural': 'contradicting notices',
            },
        ),
        migrations.CreateModel(
            name='Terminal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='Latin letters and digits; part of the address its machines ask.', max_length=15, unique=True, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_-]*$')], verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='company with terminals')),
                ('user_name', models.CharField(blank=True, default='', max_length=60, verbose_name='user name')),
                ('password_hash', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('secret_variable', models.CharField(blank=True, default='', max_length=60, verbose_name='environment variable of the password')),
                ('networks', models.CharField(blank=True, default='', help_text='Networks such as 203.0.113.0/24, apart by commas; empty: all.', max_length=500, verbose_name='addresses let in')),
                ('account_by', models.CharField(choices=[('number', 'account number'), ('identifier', 'telephone number or login')], default='number', max_length=12, verbose_name='what payers type')),
                ('least', models.DecimalField(decimal_places=2, default='1.00', max_digits=14, validators=[django.core.validators.MinValueValidator(0)], verbose_name='smallest payment')),
                ('most', models.DecimalField(decimal_places=2, default='15000.00', max_digits=14, validators=[django.core.validators.MinValueValidator(0)], verbose_name='largest payment')),
                ('keeps_unknown', models.BooleanField(default=True, help_text='Otherwise the terminal is told to give it back.', verbose_name='money for unknown accounts is kept for a person')),
                ('cancel_days', models.PositiveSmallIntegerField(default=1, verbose_name='days in which a payment may be cancelled')),
                ('takes_missing', models.BooleanField(default=False, help_text='Otherwise a person decides.', verbose_name='payments that only the registry has are taken in at once')),
                ('columns', models.CharField(default='txn_id;date;account;sum', help_text="Their names in order, apart by the registry's own delimiter.", max_length=200, verbose_name='columns of the registry')),
                ('is_active', models.BooleanField(default=True, verbose_name='may take payments')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'terminal',
                'verbose_name_plural': 'terminals',
                'constraints': [models.CheckConstraint(condition=models.Q(('most__gte', models.F('least'))), name='terminal_most_not_below_least'), models.CheckConstraint(condition=models.Q(('networks', ''), ('password_hash', ''), ('secret_variable', ''), _negated=True), name='terminal_proves_itself')],
            },
        ),
        migrations.CreateModel(
            name='TerminalRegistry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business_date', models.DateField(verbose_name='day')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('sha256', models.CharField(max_length=64)),
                ('data', models.BinaryField()),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('actor', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('terminal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registries', to='accounts.terminal')),
            ],
            options={
                'verbose_name': 'registry of a terminal',
                'verbose_name_plural': 'registries of terminals',
            },
        ),
        migrations.CreateModel(
            name='TerminalRegistryLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField(verbose_name='line')),
                ('external_id', models.CharField(max_length=80)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('account_hint', models.CharField(max_length=120, verbose_name='account as written')),
                ('account_key', models.CharField(max_length=40)),
                ('paid_at', models.DateTimeField(verbose_name='paid at')),
                ('outcome', models.CharField(choices=[('matched', 'equal'), ('missing_here', 'missing with us'), ('missing_there', 'missing in the registry'), ('differs', 'differs'), ('not_credited', 'with us, but not credited')], max_length=16)),
                ('notice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.paymentnotice')),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='accounts.terminalregistry')),
            ],
            options={
                'verbose_name': 'line of a registry',
                'verbose_name_plural': 'lines of registries',
            },
        ),
        migrations.AddIndex(
            model_name='paymentnotice',
            index=models.Index(condition=models.Q(('state__in', ['received', 'unassigned'])), fields=['state', 'id'], name='paymentnotice_open'),
        ),
        migrations.AddIndex(
            model_name='paymentnotice',
            index=models.Index(fields=['gateway', '-id'], name='paymentnotice_gateway'),
        ),
        migrations.AddIndex(
            model_name='paymentnotice',
            index=models.Index(fields=['business_date', '-id'], name='paymentnotice_day'),
        ),
        migrations.AddIndex(
            model_name='paymentnotice',
            index=models.Index(fields=['account', '-id'], name='paymentnotice_account'),
        ),
        migrations.AddConstraint(
            model_name='paymentnotice',
            constraint=models.UniqueConstraint(fields=('gateway', 'external_id', 'what'), name='paymentnotice_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentnotice',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['received', 'credited', 'unassigned', 'refused', 'returned', 'done'])), name='paymentnotice_state_known'),
        ),
        migrations.AddConstraint(
            model_name='paymentnotice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'credited'), ('what', 'payment'), _negated=True), models.Q(('account__isnull', False), ('payment__isnull', False)), _connector='OR'), name='paymentnotice_credited_by_payment'),
        ),
        migrations.AddConstraint(
            model_name='noticeconflict',
            constraint=models.UniqueConstraint(fields=('notice', 'amount', 'currency', 'account_hint'), name='noticeconflict_once'),
        ),
        migrations.AddConstraint(
            model_name='terminalregistry',
            constraint=models.UniqueConstraint(fields=('terminal', 'business_date', 'sha256'), name='terminalregistry_once'),
        ),
        migrations.AddIndex(
            model_name='terminalregistryline',
            index=models.Index(fields=['registry', 'outcome', 'id'], name='registryline_outcome'),
        ),
        migrations.AddConstraint(
            model_name='terminalregistryline',
            constraint=models.UniqueConstraint(fields=('registry', 'place', 'external_id'), name='terminalregistryline_once'),
        ),
    ]
