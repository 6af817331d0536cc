"""Acquirers, card payments, what acquirers told, refunds, disputes at the bank, autopay."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


SQL = Path(__file__).parents[1] / "sql" / "payment_returns.sql"
DROP = """
    DROP TRIGGER refund_within_payment ON accounts_refund;
    DROP TRIGGER chargeback_within_payment ON accounts_chargeback;
    DROP TRIGGER reversal_within_payment ON accounts_payment;
    DROP FUNCTION accounts_check_returns();
    DROP FUNCTION accounts_check_reversal();
    DROP FUNCTION accounts_returned(bigint);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_vouchers_and_receipts'),
        ('kernel', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Acquirer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=24, unique=True, verbose_name='code')),
                ('kind', models.CharField(choices=[('yookassa', 'YooKassa'), ('stripe', 'Stripe')], max_length=12, verbose_name='kind')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('currency', models.CharField(default='RUB', max_length=3)),
                ('shop_id', models.CharField(blank=True, default='', max_length=80, verbose_name='shop id')),
                ('secret_variable', models.CharField(max_length=60, verbose_name='environment variable with the secret')),
                ('hook_secret_variable', models.CharField(blank=True, default='', max_length=60, verbose_name='environment variable with the secret of notices')),
                ('base_url', models.CharField(blank=True, default='', max_length=200, verbose_name='address')),
                ('networks', models.JSONField(blank=True, default=list, verbose_name='networks that notices come from')),
                ('vat_code', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='VAT code of receipts')),
                ('least', models.DecimalField(decimal_places=2, default=10, max_digits=14, verbose_name='least amount')),
                ('most', models.DecimalField(decimal_places=2, default=100000, max_digits=14, verbose_name='largest amount')),
                ('can_save', models.BooleanField(default=True, verbose_name='keeps cards for autopay')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('legal_entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acquirers', to='accounts.legalentity')),
            ],
            options={
                'verbose_name': 'acquirer',
                'verbose_name_plural': 'acquirers',
            },
        ),
        migrations.CreateModel(
            name='Autopay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trigger', models.CharField(choices=[('threshold', 'when little is left'), ('day', 'on a day of the month')], max_length=12)),
                ('threshold', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('day', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('monthly_cap', models.DecimalField(decimal_places=2, max_digits=14)),
                ('state', models.CharField(choices=[('on', 'on'), ('off', 'off')], default='on', max_length=12)),
                ('off_reason', models.CharField(blank=True, default='', max_length=120)),
                ('round', models.PositiveIntegerField(default=0)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('set_at', models.DateTimeField()),
                ('off_at', models.DateTimeField(null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='autopays', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='SavedCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=120)),
                ('payer', models.CharField(blank=True, default='', max_length=120)),
                ('title', models.CharField(max_length=60)),
                ('last4', models.CharField(blank=True, default='', max_length=4)),
                ('expires', models.CharField(blank=True, default='', max_length=7)),
                ('state', models.CharField(choices=[('active', 'in use'), ('removed', 'removed')], default='active', max_length=12)),
                ('saved_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_cards', to='accounts.account')),
                ('acquirer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.acquirer')),
            ],
        ),
        migrations.CreateModel(
            name='CardPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('token', models.CharField(db_index=True, max_length=40)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('received', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('currency', models.CharField(max_length=3)),
                ('door', models.CharField(max_length=12)),
                ('email', models.CharField(blank=True, default='', max_length=120)),
                ('saves_card', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('created', 'not begun'), ('pending', 'waits for the payer'), ('unknown', 'outcome not known yet'), ('succeeded', 'received'), ('cancelled', 'not paid')], default='created', max_length=12)),
                ('external_id', models.CharField(blank=True, db_index=True, default='', max_length=120)),
                ('charge', models.CharField(blank=True, db_index=True, default='', max_length=120)),
                ('return_url', models.CharField(blank=True, default='', max_length=200)),
                ('page_url', models.TextField(blank=True, default='')),
                ('reason', models.CharField(blank=True, default='', max_length=120)),
                ('occasion', models.CharField(blank=True, default='', max_length=24)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('next_look_at', models.DateTimeField(null=True)),
                ('looks', models.PositiveSmallIntegerField(default=0)),
                ('actor', models.CharField(max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='card_payments', to='accounts.account')),
                ('acquirer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.acquirer')),
                ('autopay', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='card_payments', to='accounts.autopay')),
                ('notice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.paymentnotice')),
                ('card', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.savedcard')),
            ],
            options={
                'verbose_name': 'card payment',
                'verbose_name_plural': 'card payments',
            },
        ),
        migrations.AddField(
            model_name='autopay',
            name='card',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.savedcard'),
        ),
        migrations.CreateModel(
            name='AcquirerNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=160)),
                ('kind', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=12)),
                ('subject_id', models.CharField(max_length=120)),
                ('key', models.CharField(blank=True, default='', max_length=40)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('received', 'not looked at yet'), ('settled', 'settled'), ('ignored', 'does not concern us'), ('stranger', 'about an unknown payment')], default='received', max_length=12)),
                ('repeats', models.PositiveIntegerField(default=0)),
                ('received_at', models.DateTimeField()),
                ('next_look_at', models.DateTimeField(null=True)),
                ('looks', models.PositiveSmallIntegerField(default=0)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('acquirer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.acquirer')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'received')), fields=['next_look_at'], name='acquirernotice_to_look_at')],
                'constraints': [models.UniqueConstraint(fields=('acquirer', 'event'), name='acquirernotice_once')],
            },
        ),
        migrations.CreateModel(
            name='Chargeback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=120)),
                ('claimed', models.DecimalField(decimal_places=2, max_digits=14)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('reason', models.CharField(blank=True, default='', max_length=120)),
                ('state', models.CharField(choices=[('open', 'open'), ('won', 'won'), ('lost', 'lost')], default='open', max_length=12)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('actor', models.CharField(max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargebacks', to='accounts.account')),
                ('acquirer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.acquirer')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargebacks', to='accounts.payment')),
            ],
            options={
                'verbose_name': 'chargeback',
                'verbose_name_plural': 'chargebacks',
                'constraints': [models.UniqueConstraint(fields=('account', 'payment', 'external_id'), name='chargeback_once'), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('claimed__gt', 0)), name='chargeback_amounts'), models.CheckConstraint(condition=models.Q(('state__in', ['open', 'won', 'lost'])), name='chargeback_state_known')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, verbose_name='amount')),
                ('way', models.CharField(choices=[('source', 'to the card it came from'), ('cash', 'in cash'), ('bank', 'by bank transfer')], max_length=12)),
                ('document', models.CharField(blank=True, default='', max_length=60, verbose_name='document')),
                ('reason', models.CharField(max_length=250, verbose_name='reason')),
                ('request_id', models.CharField(max_length=64)),
                ('key', models.CharField(db_index=True, max_length=40)),
                ('state', models.CharField(choices=[('created', 'to be sent'), ('unknown', 'outcome not known yet'), ('succeeded', 'refunded'), ('failed', 'not refunded')], default='created', max_length=12)),
                ('external_id', models.CharField(blank=True, db_index=True, default='', max_length=120)),
                ('fault', models.CharField(blank=True, default='', max_length=120)),
                ('asked_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('next_look_at', models.DateTimeField(null=True)),
                ('looks', models.PositiveSmallIntegerField(default=0)),
                ('actor', models.CharField(max_length=60)),
                ('on_behalf_of', models.CharField(blank=True, default='', max_length=60)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='accounts.account')),
                ('acquirer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.acquirer')),
                ('approval', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='kernel.approval')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='accounts.payment')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'indexes': [models.Index(condition=models.Q(('state__in', ['created', 'unknown'])), fields=['next_look_at'], name='refund_to_look_at')],
                'constraints': [models.UniqueConstraint(fields=('account', 'request_id'), name='refund_once'), models.UniqueConstraint(fields=('account', 'approval'), name='refund_once_per_approval'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_positive'), models.CheckConstraint(condition=models.Q(('state__in', ['created', 'unknown', 'succeeded', 'failed'])), name='refund_state_known')],
            },
        ),
        migrations.AddConstraint(
            model_name='savedcard',
            constraint=models.UniqueConstraint(fields=('account', 'acquirer', 'token'), name='savedcard_once'),
        ),
        migrations.AddIndex(
            model_name='cardpayment',
            index=models.Index(condition=models.Q(('state__in', ['created', 'pending', 'unknown'])), fields=['next_look_at'], name='cardpayment_to_look_at'),
        ),
        migrations.AddIndex(
            model_name='cardpayment',
            index=models.Index(fields=['account', '-created_at'], name='cardpayment_of_account'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.UniqueConstraint(fields=('account', 'key'), name='cardpayment_once'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.UniqueConstraint(condition=models.Q(('autopay__isnull', False)), fields=('account', 'autopay', 'occasion'), name='cardpayment_once_per_occasion'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.UniqueConstraint(condition=models.Q(('autopay__isnull', False), ('state__in', ['created', 'pending', 'unknown'])), fields=('account', 'autopay'), name='cardpayment_one_open_autopay'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.UniqueConstraint(condition=models.Q(('notice__isnull', False)), fields=('account', 'notice'), name='cardpayment_credited_once'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='cardpayment_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='cardpayment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'pending', 'unknown', 'succeeded', 'cancelled'])), name='cardpayment_state_known'),
        ),
        migrations.AddIndex(
            model_name='autopay',
            index=models.Index(condition=models.Q(('state', 'on')), fields=['next_try_at'], name='autopay_due'),
        ),
        migrations.AddConstraint(
            model_name='autopay',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'on')), fields=('account',), name='autopay_one_on'),
        ),
        migrations.AddConstraint(
            model_name='autopay',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('monthly_cap__gte', models.F('amount'))), name='autopay_amounts'),
        ),
        migrations.AddConstraint(
            model_name='autopay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('day__isnull', True), ('threshold__isnull', False), ('trigger', 'threshold')), models.Q(('day__gte', 1), ('day__lte', 31), ('threshold__isnull', True), ('trigger', 'day')), _connector='OR'), name='autopay_trigger'),
        ),
        migrations.AddConstraint(
            model_name='autopay',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['on', 'off'])), name='autopay_state_known'),
        ),
        # `OR REPLACE`: a changed file is run again by a migration of its own.
        migrations.RunSQL(SQL.read_text(), DROP),
    ]
