"""
Money by card as it stands: who takes cards, what waits, what a payment has left to give back.
"""

import os
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from accounts.models import (
    Account,
    Acquirer,
    AcquirerNotice,
    Autopay,
    CardPayment,
    Chargeback,
    Payment,
    Refund,
    SavedCard,
)

# Below the threshold, or due by date; nothing of the same order is open.
DUE_AUTOPAYS: Final = """
    SELECT a.id FROM accounts_autopay a
      JOIN accounts_accountbalance b ON b.account_id = a.account_id
      JOIN accounts_account t ON t.id = a.account_id
     WHERE a.state = 'on' AND a.next_try_at <= %s AND t.closed_on IS NULL
       AND (a.trigger = 'day' OR b.money - b.held < a.threshold)
       AND NOT EXISTS (SELECT FROM accounts_cardpayment c
            WHERE c.autopay_id = a.id AND c.state IN ('created', 'pending', 'unknown'))
     ORDER BY a.next_try_at LIMIT %s
"""


def find_acquirer(account: Account) -> Acquirer | None:
    """Return who takes cards for the account's legal entity and currency now, or None."""
    rows = Acquirer.objects.filter(
        legal_entity_id=account.contract.legal_entity_id,
        currency=account.currency,
        is_active=True,
    )
    return next((row for row in rows.order_by("pk") if has_secret(row)), None)


def has_secret(acquirer: Acquirer) -> bool:
    """Whether the secret is there: without it nothing can be asked."""
    return bool(os.environ.get(acquirer.secret_variable))


def find_card_payment(token: str) -> CardPayment | None:
    """Return a payment by the token of its page."""
    return CardPayment.objects.select_related("account", "acquirer").filter(token=token).first()


def list_card_payments(account_id: int, *, limit: int = 20) -> list[CardPayment]:
    """Return the newest payments by card of an account."""
    rows = CardPayment.objects.select_related("acquirer", "card").filter(account_id=account_id)
    return list(rows.order_by("-created_at", "-pk")[:limit])


def card_payment_of(payment: Payment) -> CardPayment | None:
    """Return the payment by card that was credited as this payment, or None."""
    return (
        CardPayment.objects.select_related("acquirer")
        .filter(notice__payment_id=payment.pk, account_id=payment.account_id)
        .first()
    )


def find_asked(acquirer_id: int, *, external_id: str, key: str) -> CardPayment | None:
    """Return what we asked for, by the acquirer's id or by our key."""
    names = Q(external_id=external_id) | Q(charge=external_id)
    if key:
        names |= Q(key=key)
    return CardPayment.objects.filter(names, acquirer_id=acquirer_id).order_by("pk").first()


def find_by_charge(acquirer_id: int, charge: str) -> CardPayment | None:
    """Return the payment that a refund or dispute names."""
    names = Q(external_id=charge) | Q(charge=charge)
    rows = CardPayment.objects.select_related("notice__payment")
    return rows.filter(names, acquirer_id=acquirer_id).first() if charge else None


def left_to_return(payment: Payment) -> Decimal:
    """Return how much of a payment was not given back yet, nor is being given back."""
    if payment.state == Payment.State.REVERSED:
        return Decimal("0.00")
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_returned(%s)", [payment.pk])
        returned: Decimal = cursor.fetchone()[0]
    return payment.amount - returned


def list_refunds(account_id: int) -> list[Refund]:
    """Return the refunds of an account, newest first."""
    rows = Refund.objects.select_related("payment", "acquirer").filter(account_id=account_id)
    return list(rows.order_by("-asked_at", "-pk"))


def find_autopay(account_id: int) -> Autopay | None:
    """Return the standing order that is on, or None."""
    rows = Autopay.objects.select_related("card__acquirer")
    return rows.filter(account_id=account_id, state=Autopay.State.ON).first()


def find_last_autopay(account_id: int) -> Autopay | None:
    """Return the newest standing order, on or off."""
    rows = Autopay.objects.select_related("card").filter(account_id=account_id)
    return rows.order_by("-pk").first()


def list_cards(account_id: int) -> list[SavedCard]:
    """Return the cards kept for an account."""
    rows = SavedCard.objects.filter(account_id=account_id, state=SavedCard.State.ACTIVE)
    return list(rows.order_by("-saved_at", "-pk"))


def list_due_autopays(*, now: datetime, limit: int) -> list[int]:
    """Return the standing orders to be looked at now."""
    with connection.cursor() as cursor:
        cursor.execute(DUE_AUTOPAYS, [now, limit])
        return [row[0] for row in cursor.fetchall()]


def charged_by(autopay: Autopay, *, since: datetime) -> Decimal:
    """Return what the account's standing orders took since a moment, or are about to take."""
    rows = CardPayment.objects.filter(
        account_id=autopay.account_id, autopay__isnull=False, created_at__gte=since
    ).exclude(state=CardPayment.State.CANCELLED)
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


def list_stuck(*, now: datetime, older_than: timedelta = timedelta(hours=1)) -> list[CardPayment]:
    """Return payments whose outcome is unknown for long: people look at them."""
    rows = CardPayment.objects.select_related("account__customer", "acquirer")
    stuck = rows.filter(state=CardPayment.State.UNKNOWN, created_at__lt=now - older_than)
    return list(stuck.order_by("created_at")[:200])


def list_stuck_refunds(
    *, now: datetime, older_than: timedelta = timedelta(hours=1)
) -> list[Refund]:
    """Return refunds that are open for long: people look at them."""
    rows = Refund.objects.select_related("account__customer", "acquirer", "payment")
    stuck = rows.filter(state__in=Refund.OPEN, asked_at__lt=now - older_than)
    return list(stuck.order_by("asked_at")[:200])


def list_strangers() -> "QuerySet[AcquirerNotice]":
    """Return notices about payments that we never asked for."""
    rows = AcquirerNotice.objects.select_related("acquirer")
    return rows.filter(state=AcquirerNotice.State.STRANGER).order_by("-received_at")[:200]


def list_open_chargebacks() -> list[Chargeback]:
    """Return the disputes at banks that are not decided."""
    rows = Chargeback.objects.select_related("account__customer", "payment", "acquirer")
    return list(rows.filter(state=Chargeback.State.OPEN).order_by("opened_at")[:200])
