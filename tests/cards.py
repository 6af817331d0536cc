"""Payments by card in tests: begun, asked for, looked at, paid."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Account, CardPayment, Payment
from accounts.operations import acquiring
from accounts.queries import get_balance, invariants
from billing_project.kernel.invariants import find_violations
from tests import people
from tests.acquirers import Bank, Charge

NOON = people.NOON


def begin(account: Account, amount: str = "500.00", **more: object) -> CardPayment:
    """A payment somebody wants to make."""
    values = {"key": "k1", "door": "portal", "return_url": "http://testserver/pay/TOKEN/"}
    return acquiring.begin(
        account_id=account.pk,
        amount=Decimal(amount),
        now=NOON,
        actor="subscriber:1",
        **{**values, **more},
    )


def asked(account: Account, amount: str = "500.00", **more: object) -> CardPayment:
    """A payment whose page is open."""
    return acquiring.send(card_payment_id=begin(account, amount, **more).pk, now=NOON)


def look(row: CardPayment, *, seconds: int = 60) -> CardPayment:
    """How it stands so much later."""
    return acquiring.look(card_payment_id=row.pk, now=NOON + timedelta(seconds=seconds))


def paid(
    account: Account, bank: Bank, amount: str = "500.00", **more: object
) -> tuple[Payment, Charge]:
    """A payment that was made: ours, and the acquirer's."""
    row = asked(account, amount, **more)
    charge = bank.pay()
    row = look(row)
    assert row.notice is not None
    assert row.notice.payment is not None
    return row.notice.payment, charge


def money(account: Account) -> Decimal:
    """What is on the account."""
    return get_balance(account.pk).money


def settle(now: datetime = NOON) -> int:
    """Ask about what is due."""
    return acquiring.settle(now=now).total


def broken() -> list[str]:
    """The broken promises of accounts."""
    return [promise.name for promise in invariants() if find_violations(promise)]
