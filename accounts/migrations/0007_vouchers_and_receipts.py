"""Vouchers, the cash desk and fiscal receipts."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import tariffs.models.calendar
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_bank_statements'),
        ('kernel', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CashShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('desk', models.CharField(blank=True, default='', max_length=60, verbose_name='desk')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('opening', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='in the drawer at first')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('business_date', models.DateField()),
                ('state', models.CharField(choices=[('open', 'open'), ('closed', 'closed')], default='open', max_length=12)),
                ('last_number', models.PositiveIntegerField(default=0)),
                ('expected', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('counted', models.DecimalField(decimal_places=2, max_digits=14, null=True, verbose_name='counted')),
                ('difference', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('comment', models.CharField(blank=True, default='', max_length=200, verbose_name='comment')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ('closed_by', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('cashier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cash_shifts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'cash shift',
                'verbose_name_plural': 'cash shifts',
            },
        ),
        migrations.CreateModel(
            name='DeskOperation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('taken', 'payment'), ('returned', 'payment given back'), ('put_in', 'put into the drawer'), ('taken_out', 'taken to the bank')], max_length=12)),
                ('method', models.CharField(choices=[('cash', 'cash'), ('card', 'card terminal')], max_length=8)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('tendered', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('slip', models.CharField(blank=True, default='', max_length=40)),
                ('comment', models.CharField(blank=True, default='', max_length=200)),
                ('request_id', models.CharField(max_length=64)),
                ('happened_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='desk_operations', to='accounts.payment')),
                ('shift', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='operations', to='accounts.cashshift')),
            ],
            options={
                'verbose_name': 'operation of the cash desk',
                'verbose_name_plural': 'operations of the cash desk',
            },
        ),
        migrations.CreateModel(
            name='FiscalGateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('atol', 'ATOL Online')], default='atol', max_length=12, verbose_name='kind')),
                ('url', models.URLField(verbose_name='address')),
                ('login', models.CharField(max_length=80, verbose_name='login')),
                ('secret_variable', models.CharField(max_length=60, verbose_name='environment variable with the password')),
                ('group_code', models.CharField(max_length=60, verbose_name='group of registers')),
                ('tax_system', models.CharField(choices=[('osn', 'general'), ('usn_income', 'simplified: income'), ('usn_income_outcome', 'simplified: income less costs')], default='osn', max_length=20, verbose_name='tax system')),
                ('tax_category', models.CharField(default='standard', max_length=12, verbose_name='tax category of the catalogue')),
                ('method', models.CharField(choices=[('advance', 'advance: money on the account'), ('full_payment', 'payment for the service')], default='advance', max_length=16, verbose_name='what a payment is')),
                ('item_name', models.CharField(default='Услуги связи', max_length=120, verbose_name='name of the item on the receipt')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail of the operator on the receipt')),
                ('place', models.CharField(max_length=200, verbose_name='place of payment on the receipt')),
                ('excepted', models.JSONField(blank=True, default=list, verbose_name='ways of paying that have their receipt elsewhere')),
                ('active_from', models.DateField(verbose_name='in use from')),
                ('active_to', models.DateField(blank=True, null=True, verbose_name='in use until')),
                ('legal_entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.legalentity', verbose_name='legal entity')),
            ],
            options={
                'verbose_name': 'fiscal gateway',
                'verbose_name_plural': 'fiscal gateways',
            },
        ),
        migrations.CreateModel(
            name='FiscalReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('payment', 'payment'), ('reversal', 'reversal'), ('refund', 'refund'), ('correction', 'correction')], max_length=12)),
                ('source_id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('sell', 'payment'), ('sell_refund', 'return'), ('correction', 'correction')], max_length=12, verbose_name='kind')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('vat_code', models.PositiveSmallIntegerField(null=True, verbose_name='VAT code')),
                ('is_cash', models.BooleanField(default=False)),
                ('email', models.CharField(blank=True, default='', max_length=254)),
                ('phone', models.CharField(blank=True, default='', max_length=20)),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name='reason')),
                ('business_date', models.DateField()),
                ('written_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('waiting', 'waits'), ('unknown', 'outcome unknown'), ('sent', 'accepted'), ('done', 'registered'), ('failed', 'refused')], default='waiting', max_length=12)),
                ('round', models.PositiveSmallIntegerField(default=1)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('claim', models.PositiveIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, default='', max_length=250)),
                ('uuid', models.CharField(blank=True, default='', max_length=64)),
                ('done_at', models.DateTimeField(null=True)),
                ('fn_number', models.CharField(blank=True, default='', max_length=20, verbose_name='fiscal drive')),
                ('document_number', models.CharField(blank=True, default='', max_length=12, verbose_name='fiscal document number')),
                ('document_sign', models.CharField(blank=True, default='', max_length=12, verbose_name='fiscal sign of the document')),
                ('shift_number', models.CharField(blank=True, default='', max_length=12)),
                ('receipt_number', models.CharField(blank=True, default='', max_length=12)),
                ('registered_at', models.CharField(blank=True, default='', max_length=24)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='accounts.account')),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.fiscalgateway')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='accounts.payment')),
            ],
            options={
                'verbose_name': 'fiscal receipt',
                'verbose_name_plural': 'fiscal receipts',
            },
        ),
        migrations.CreateModel(
            name='VoucherAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('actor', models.CharField(max_length=60)),
                ('address', models.GenericIPAddressField(null=True)),
                ('succeeded', models.BooleanField()),
                ('tried_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'try to redeem a voucher',
                'verbose_name_plural': 'tries to redeem vouchers',
                'indexes': [models.Index(fields=['account_id', '-tried_at'], name='voucherattempt_account'), models.Index(fields=['actor', '-tried_at'], name='voucherattempt_actor'), models.Index(fields=['address', '-tried_at'], name='voucherattempt_address')],
            },
        ),
        migrations.CreateModel(
            name='VoucherSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=12, unique=True, verbose_name='series')),
                ('nominal', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='nominal')),
                ('currency', models.CharField(default='RUB', max_length=3, verbose_name='currency')),
                ('count', models.PositiveIntegerField(verbose_name='cards')),
                ('valid_from', models.DateField(verbose_name='usable from')),
                ('valid_until', models.DateField(verbose_name='usable before')),
                ('state', models.CharField(choices=[('asked', 'waits for approval'), ('approved', 'to be generated'), ('made', 'generated'), ('active', 'active'), ('blocked', 'blocked'), ('expired', 'expired'), ('refused', 'refused')], default='asked', max_length=12)),
                ('comment', models.CharField(blank=True, default='', max_length=200, verbose_name='comment')),
                ('asked_by', models.CharField(max_length=60)),
                ('asked_at', models.DateTimeField()),
                ('made_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('approval', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='kernel.approval')),
            ],
            options={
                'verbose_name': 'series of vouchers',
                'verbose_name_plural': 'series of vouchers',
            },
        ),
        migrations.CreateModel(
            name='Voucher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('serial', models.PositiveIntegerField(verbose_name='number in the series')),
                ('secret_hash', models.BinaryField(max_length=32)),
                ('state', models.CharField(choices=[('fresh', 'not used'), ('redeemed', 'redeemed'), ('blocked', 'blocked')], default='fresh', max_length=12)),
                ('payment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.payment')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='accounts.voucherseries')),
            ],
            options={
                'verbose_name': 'voucher',
                'verbose_name_plural': 'vouchers',
            },
        ),
        migrations.AddIndex(
            model_name='cashshift',
            index=models.Index(fields=['-opened_at'], name='cashshift_newest'),
        ),
        migrations.AddConstraint(
            model_name='cashshift',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('cashier',), name='cashshift_one_open'),
        ),
        migrations.AddConstraint(
            model_name='cashshift',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'closed'])), name='cashshift_state_known'),
        ),
        migrations.AddConstraint(
            model_name='cashshift',
            constraint=models.CheckConstraint(condition=models.Q(('opening__gte', 0)), name='cashshift_opening_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.UniqueConstraint(fields=('shift', 'number'), name='deskoperation_number_once'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.UniqueConstraint(fields=('request_id', 'kind'), name='deskoperation_request_once'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.UniqueConstraint(fields=('payment', 'kind'), name='deskoperation_payment_once'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='deskoperation_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['taken', 'returned', 'put_in', 'taken_out']), ('method__in', ['cash', 'card'])), name='deskoperation_words_known'),
        ),
        migrations.AddConstraint(
            model_name='deskoperation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['taken', 'returned']), ('payment__isnull', False)), models.Q(('kind__in', ['put_in', 'taken_out']), ('method', 'cash'), ('payment__isnull', True)), _connector='OR'), name='deskoperation_payment_when_due'),
        ),
        migrations.AddConstraint(
            model_name='fiscalgateway',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('legal_entity', '='), (tariffs.models.calendar.DateRange('active_from', 'active_to'), '&&')], name='fiscalgateway_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='fiscalreceipt',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'unknown', 'sent'])), fields=['next_try_at', 'id'], name='fiscalreceipt_queue'),
        ),
        migrations.AddIndex(
            model_name='fiscalreceipt',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['id'], name='fiscalreceipt_failed'),
        ),
        migrations.AddIndex(
            model_name='fiscalreceipt',
            index=models.Index(fields=['payment', 'id'], name='fiscalreceipt_of_payment'),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.UniqueConstraint(fields=('account', 'source', 'source_id'), name='fiscalreceipt_once'),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'unknown', 'sent', 'done', 'failed'])), name='fiscalreceipt_state_known'),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['sell', 'sell_refund', 'correction'])), name='fiscalreceipt_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='fiscalreceipt_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='voucherseries',
            constraint=models.CheckConstraint(condition=models.Q(('nominal__gt', 0), ('count__gt', 0)), name='voucherseries_worth_something'),
        ),
        migrations.AddConstraint(
            model_name='voucherseries',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gt', models.F('valid_from'))), name='voucherseries_days_in_order'),
        ),
        migrations.AddConstraint(
            model_name='voucherseries',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'approved', 'made', 'active', 'blocked', 'expired', 'refused'])), name='voucherseries_state_known'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(fields=('secret_hash',), name='voucher_secret_once'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.UniqueConstraint(fields=('series', 'serial'), name='voucher_serial_once'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['fresh', 'redeemed', 'blocked'])), name='voucher_state_known'),
        ),
        migrations.AddConstraint(
            model_name='voucher',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'redeemed'), ('payment__isnull', True), _connector='OR'), name='voucher_paid_when_redeemed'),
        ),
    ]
