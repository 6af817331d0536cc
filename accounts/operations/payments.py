"""
Payments: taken once per payer system's id, reversed by an entry of their own; each writes its fiscal
receipt in the same transaction.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.domain.posting import LARGEST, Posting
from accounts.models import Account, Chargeback, Payment, PaymentReference, Refund
from accounts.operations.posting import Posted, post, post_many
from accounts.operations.receipts.writing import write_returned, write_sold
from billing_project.kernel.money import round_money
from billing_project.kernel.operations import change_state, record_event, record_events
from billing_project.kernel.sql import Params, bind

TAKE_MANY: Final = """
    WITH source AS MATERIALIZED (
        SELECT DISTINCT ON (s.gateway, s.external_id) s.*
          FROM ({source}) AS s
               (account_id, amount, gateway, external_id, paid_at, business_date, comment)
         WHERE NOT EXISTS (SELECT 1 FROM accounts_paymentreference r
            WHERE r.gateway = s.gateway AND r.external_id = s.external_id)
         ORDER BY s.gateway, s.external_id
    ), taken AS (
        INSERT INTO accounts_payment (account_id, amount, currency, gateway, external_id, paid_at,
            business_date, state, comment, actor, on_behalf_of)
        SELECT s.account_id, s.amount, a.currency, s.gateway, s.external_id, s.paid_at,
               s.business_date, 'posted', s.comment, %s, ''
          FROM source s JOIN accounts_account a ON a.id = s.account_id
         ORDER BY s.account_id, s.paid_at
        RETURNING id, account_id, amount, gateway, external_id
    ), noted AS (
        INSERT INTO accounts_paymentreference (gateway, external_id, account_id, amount, payment_id)
        SELECT gateway, external_id, account_id, amount, id FROM taken
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM taken
"""
PAYMENTS_TO_POST: Final = """
    SELECT account_id, id, amount, business_date, NULL, NULL
      FROM accounts_payment WHERE id = ANY(%s)
"""
PAYMENT_EVENTS: Final = """
    SELECT p.account_id, a.customer_id, NULL::bigint, p.paid_at,
           jsonb_build_object('payment_id', p.id, 'amount', p.amount::text, 'gateway', p.gateway)
      FROM accounts_payment p JOIN accounts_account a ON a.id = p.account_id
     WHERE p.id = ANY(%s)
"""


class UnableToTakePayment(Exception):
    """The amount is wrong, or this external id was a payment of another amount or account."""


class UnableToReversePayment(Exception):
    """The payment was reversed already."""


def take_payment(
    *,
    account_id: int,
    amount: Decimal,
    gateway: str,
    external_id: str,
    paid_at: datetime,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    comment: str = "",
) -> Payment:
    """
    Credit a payment. The same (gateway, external_id) again answers with the same payment.

    Again with another amount or account: UnableToTakePayment, and nothing happens.
    """
    if amount <= 0 or amount > LARGEST or amount != round_money(amount):
        raise UnableToTakePayment(_("The amount must be positive, in whole minor units."))
    earlier = _find_earlier(gateway, external_id)
    if earlier is None:
        account = Account.objects.get(pk=account_id)
        draft = Payment(
            account=account,
            amount=amount,
            currency=account.currency,
            gateway=gateway,
            external_id=external_id,
            paid_at=paid_at,
            business_date=business_date,
            comment=comment,
            actor=actor,
            on_behalf_of=on_behalf_of,
        )
        taken = _credit(draft, now=now)
        if taken is not None:
            return taken
        earlier = _find_earlier(gateway, external_id)
    return _same(earlier, account_id=account_id, amount=amount)


def _find_earlier(gateway: str, external_id: str) -> PaymentReference | None:
    return (
        PaymentReference.objects.select_related("payment")
        .filter(gateway=gateway, external_id=external_id)
        .first()
    )


def _same(earlier: PaymentReference | None, *, account_id: int, amount: Decimal) -> Payment:
    if earlier is None or (earlier.account_id, earlier.amount) != (account_id, amount):
        raise UnableToTakePayment(_("This payment id was used for another payment."))
    return earlier.payment


def _credit(draft: Payment, *, now: datetime) -> Payment | None:
    """Write payment, reference, entry and event; None when a rival's reference was first."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
                PaymentReference.objects.create(
                    gateway=draft.gateway,
                    external_id=draft.external_id,
                    account_id=draft.account_id,
                    amount=draft.amount,
                    payment=draft,
                )
        except IntegrityError:
            if _find_earlier(draft.gateway, draft.external_id) is None:
                raise
            return None
        posting = Posting(
            account_id=draft.account_id,
            kind=Kind.PAYMENT,
            ref=draft.pk,
            amount=draft.amount,
            business_date=draft.business_date,
            explanation={"gateway": draft.gateway, "external_id": draft.external_id},
        )
        [posted] = post(
            postings=[posting], now=now, actor=draft.actor, on_behalf_of=draft.on_behalf_of
        )
        write_sold(payment_ids=[draft.pk], now=now, actor=draft.actor)
        _announce("payment.received", draft, now=now, money=posted.money)
    return draft


def _announce(kind: str, payment: Payment, *, now: datetime, money: Decimal, **told: str) -> None:
    record_event(
        kind=kind,
        account_id=payment.account_id,
        customer_id=payment.account.customer_id,
        happened_at=now,
        actor=payment.actor,
        on_behalf_of=payment.on_behalf_of,
        data={
            "payment_id": payment.pk,
            "amount": str(payment.amount),
            "gateway": payment.gateway,
            "money": str(money),
            **told,
        },
    )


def take_payments(
    *, source_sql: str, now: datetime, actor: str, params: Params = None, announce: bool = True
) -> int:
    """
    Credit a payment per row of the select, set-based; return how many were new.

    The select gives, in this order, (account_id, amount, gateway, external_id, paid_at,
    business_date, comment). External ids seen before are passed over. For registries, moving in and
    the demo; `announce=False` writes no events.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_MANY.format(source=bind(cursor, source_sql, params)), [actor])
        ids: list[int] = cursor.fetchone()[0]
        if not ids:
            return 0
        post_many(
            source_sql=PAYMENTS_TO_POST, params=[ids], kind=Kind.PAYMENT, now=now, actor=actor
        )
        write_sold(payment_ids=ids, now=now, actor=actor)
        if announce:
            record_events(
                kind="payment.received", source_sql=PAYMENT_EVENTS, params=[ids], actor=actor
            )
    return len(ids)


@transaction.atomic
def reverse_payment(
    *,
    payment_id: int,
    reason: str,
    business_date: date,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> Payment:
    """
    Take a payment back by an entry that names the one it reverses; once only.

    One that was given back in part, or is disputed at the bank, can't be: UnableToReversePayment.
    """
    if _was_given_back(payment_id):
        message = _("Part of this payment was given back: give back the rest instead.")
        raise UnableToReversePayment(message)
    if not change_state(
        model=Payment,
        ids=[payment_id],
        to=Payment.State.REVERSED,
        at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        reason=reason,
    ):
        raise UnableToReversePayment(_("This payment was reversed already."))
    payment = Payment.objects.select_related("account").get(pk=payment_id)
    payment.actor, payment.on_behalf_of = actor, on_behalf_of
    posted = _post_back(payment, reason=reason, on=business_date, now=now)
    write_returned(
        payment_id=payment.pk, business_date=business_date, reason=reason, now=now, actor=actor
    )
    _announce("payment.reversed", payment, now=now, money=posted.money, reason=reason)
    return payment


def _post_back(payment: Payment, *, reason: str, on: date, now: datetime) -> Posted:
    credit = Posting(
        account_id=payment.account_id,
        kind=Kind.PAYMENT,
        ref=payment.pk,
        amount=payment.amount,
        business_date=payment.business_date,
    )
    # A repeat of the payment's own posting answers with its entry.
    [credited] = post(postings=[credit], now=now, actor=payment.actor)
    posting = Posting(
        account_id=payment.account_id,
        kind=Kind.PAYMENT_REVERSAL,
        ref=payment.pk,
        amount=-payment.amount,
        business_date=on,
        explanation={"reason": reason},
        reverses=(credited.entry_id, credited.business_date),
    )
    [posted] = post(
        postings=[posting], now=now, actor=payment.actor, on_behalf_of=payment.on_behalf_of
    )
    return posted


def _was_given_back(payment_id: int) -> bool:
    """The database refuses it too (accounts/sql/payment_returns.sql); this says it in words."""
    refunds = Refund.objects.filter(payment_id=payment_id).exclude(state=Refund.State.FAILED)
    disputes = Chargeback.objects.filter(payment_id=payment_id, amount__gt=0)
    return refunds.exists() or disputes.exclude(state=Chargeback.State.WON).exists()
