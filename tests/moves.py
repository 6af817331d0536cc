"""
Money in and out of an account for tests, and the promises of accounts.
"""

from datetime import date
from decimal import Decimal
from itertools import count

from accounts import operations, queries
from accounts.domain.kinds import Fund, Kind
from accounts.domain.posting import Posting
from accounts.models import Account
from billing_project.kernel.invariants import find_violations
from tests.people import CLERK, NOON, TODAY

_REFS = count(1)
#: What every operation of money is told.
WHEN = {"business_date": TODAY, "now": NOON, "actor": CLERK}


def credit(account: Account, amount: str, *, on: date = TODAY) -> None:
    """Put money on the account."""
    operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash",
        external_id=f"c{next(_REFS)}",
        paid_at=NOON,
        business_date=on,
        now=NOON,
        actor=CLERK,
    )


def charge(
    account: Account, amount: str, *, kind: Kind = Kind.USAGE_VOICE, on: date = TODAY
) -> None:
    """Take money from the account (`amount` positive)."""
    posting = Posting(
        account_id=account.pk,
        kind=kind,
        ref=next(_REFS),
        amount=-Decimal(amount),
        business_date=on,
    )
    operations.post(postings=[posting], now=NOON, actor=CLERK)


def funds(account: Account) -> tuple[str, str, str]:
    """Money, bonus, held: as they stand on the balance row."""
    row = queries.get_balance(account.pk)
    return str(row.money), str(row.bonus), str(row.held)


def entries(account: Account) -> list[tuple[Kind, str, Fund]]:
    """(kind, amount, fund) of the account's entries, oldest first."""
    rows = queries.list_entries(account_id=account.pk, limit=500)
    return [(row.kind, str(row.amount), row.fund) for row in reversed(rows)]


def broken() -> list[str]:
    """Names of the promises of accounts that do not hold."""
    return [promise.name for promise in queries.invariants() if find_violations(promise)]
