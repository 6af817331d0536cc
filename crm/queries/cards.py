"""
Money by card as the desk sees it: of one account, and what waits for people.
"""

from dataclasses import dataclass
from datetime import datetime

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
from accounts.queries import acquiring


@dataclass(frozen=True, slots=True)
class CardsOfAccount:
    """Payments, refunds, disputes, kept cards and the standing order of one account."""

    account: Account
    acquirer: Acquirer | None
    payments: list[CardPayment]
    refunds: list[Refund]
    chargebacks: list[Chargeback]
    cards: list[SavedCard]
    autopay: Autopay | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What people have to look at."""

    stuck: list[CardPayment]
    refunds: list[Refund]
    chargebacks: list[Chargeback]
    strangers: list[AcquirerNotice]


def get_cards(account_id: int) -> CardsOfAccount | None:
    """Return the page of one account, or None without it."""
    account = Account.objects.select_related("customer", "contract").filter(pk=account_id).first()
    if account is None:
        return None
    return CardsOfAccount(
        account=account,
        acquirer=acquiring.find_acquirer(account) if account.closed_on is None else None,
        payments=acquiring.list_card_payments(account_id),
        refunds=acquiring.list_refunds(account_id),
        chargebacks=list(
            Chargeback.objects.filter(account_id=account_id).order_by("-opened_at", "-pk")
        ),
        cards=acquiring.list_cards(account_id),
        autopay=acquiring.find_autopay(account_id),
    )


def get_waiting(now: datetime) -> Waiting:
    """Return what people have to look at."""
    return Waiting(
        stuck=acquiring.list_stuck(now=now),
        refunds=acquiring.list_stuck_refunds(now=now),
        chargebacks=acquiring.list_open_chargebacks(),
        strangers=list(acquiring.list_strangers()),
    )


def ways_back(payment: Payment) -> list[str]:
    """Return how a payment may be given back, the best first."""
    by_hand = [Refund.Way.CASH.value, Refund.Way.BANK.value]
    is_by_card = acquiring.card_payment_of(payment) is not None
    return [Refund.Way.SOURCE.value, *by_hand] if is_by_card else by_hand


def find_autopay(autopay_id: int) -> Autopay | None:
    """Return a standing order with its account, or None."""
    rows = Autopay.objects.select_related("account__customer", "card")
    return rows.filter(pk=autopay_id).first()


def find_card(card_id: int) -> SavedCard | None:
    """Return a kept card with its account, or None."""
    return SavedCard.objects.select_related("account__customer").filter(pk=card_id).first()


def find_card_payment(card_payment_id: int) -> CardPayment | None:
    """Return a payment by card with its account, or None."""
    rows = CardPayment.objects.select_related("account__customer")
    return rows.filter(pk=card_payment_id).first()
