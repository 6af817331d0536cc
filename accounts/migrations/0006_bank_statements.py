"""Bank statements and the lines that wait for a person."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_payment_intake")]

    operations = [
        migrations.AddField(
            model_name='legalentity',
            name='correspondent_account',
            field=models.CharField(blank=True, default='', max_length=20, verbose_name='correspondent account'),
        ),
        migrations.AddField(
            model_name='legalentity',
            name='other_bank_accounts',
            field=models.CharField(blank=True, default='', help_text='To which payments come too, separated by spaces: their statements are read.', max_length=250, verbose_name='other bank accounts'),
        ),
        migrations.CreateModel(
            name='BankStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='file')),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('size', models.BigIntegerField(verbose_name='bytes')),
                ('archive_path', models.CharField(max_length=250)),
                ('encoding', models.CharField(max_length=12)),
                ('sender', models.CharField(blank=True, default='', max_length=80)),
                ('first_on', models.DateField(null=True)),
                ('last_on', models.DateField(null=True)),
                ('totals', models.JSONField(default=list)),
                ('is_proven', models.BooleanField(default=False)),
                ('documents', models.IntegerField(default=0)),
                ('outgoing', models.IntegerField(default=0)),
                ('outgoing_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16)),
                ('own', models.IntegerField(default=0)),
                ('own_amount', models.DecimalField(decimal_places=2, default=0, max_digits=16)),
                ('state', models.CharField(choices=[('received', 'waits for confirmation'), ('loading', 'being loaded'), ('loaded', 'loaded'), ('discarded', 'set aside')], default='received', max_length=12)),
                ('times_seen', models.PositiveIntegerField(default=1)),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('received_by', models.CharField(max_length=60)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('confirmed_by', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'bank statement',
                'verbose_name_plural': 'bank statements',
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['received', 'loading', 'loaded', 'discarded'])), name='bankstatement_state_known')],
            },
        ),
        migrations.CreateModel(
            name='BankStatementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.IntegerField(verbose_name='line of the file')),
                ('kind', models.CharField(blank=True, default='', max_length=80)),
                ('number', models.CharField(blank=True, default='', max_length=40, verbose_name='number')),
                ('issued_on', models.DateField()),
                ('credited_on', models.DateField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('payer_name', models.CharField(blank=True, default='', max_length=400)),
                ('payer_inn', models.CharField(blank=True, default='', max_length=12)),
                ('payer_account', models.CharField(blank=True, default='', max_length=34)),
                ('bank_account', models.CharField(max_length=34)),
                ('purpose', models.TextField(blank=True, default='')),
                ('external_id', models.CharField(max_length=60)),
                ('fate', models.CharField(choices=[('credit', 'to be credited'), ('unassigned', 'for a person'), ('duplicate', 'came before')], max_length=12)),
                ('rule', models.CharField(blank=True, choices=[('account', 'account number in the purpose'), ('contract', 'contract number in the purpose'), ('bill', 'bill number in the purpose'), ('company', 'INN of a company with one account')], default='', max_length=12)),
                ('doubt', models.CharField(blank=True, choices=[('nothing_named', "the purpose names no account, and the payer's INN nobody"), ('unknown_account', 'there is no account of the number in the purpose'), ('several_accounts', 'the purpose names several accounts'), ('contradiction', "account, bill and contract in the purpose don't agree"), ('several_of_company', 'the company has several accounts'), ('closed', 'the account is closed'), ('other_entity', 'the account is of another legal entity of ours'), ('other_currency', "another currency than the account's"), ('repeated', 'the file says the same once more: maybe a second payment')], default='', max_length=20)),
                ('candidates', models.JSONField(default=list)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_statement_lines', to='accounts.account')),
                ('notice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_statement_lines', to='accounts.paymentnotice')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounts.bankstatement')),
            ],
            options={
                'verbose_name': 'line of a bank statement',
                'verbose_name_plural': 'lines of bank statements',
                'indexes': [models.Index(fields=['external_id'], name='bankstatementline_external')],
                'constraints': [models.UniqueConstraint(fields=('statement', 'line'), name='bankstatementline_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='bankstatementline_amount_positive'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('fate', 'credit')), ('fate__in', ['unassigned', 'duplicate']), _connector='OR'), name='bankstatementline_fate_known')],
            },
        ),
    ]

