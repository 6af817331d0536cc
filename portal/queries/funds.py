"""
The statement of an account, what is held of its money and why, its bonuses.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account, BonusGrant
from accounts.queries import Statement, StatementDay
from accounts.queries import bonuses as bonus_queries
from accounts.queries import holds as hold_queries
from portal.queries.people import AccountChoice
from portal.queries.words import name_entry


@dataclass(frozen=True, slots=True)
class Held:
    """Money set aside: what for, how much, until when (None: while it goes on)."""

    what: str
    amount: Decimal
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """Entries of one kind on a day."""

    title: str
    amount: Decimal
    entries: int


@dataclass(frozen=True, slots=True)
class Day:
    """A business day of the statement and what there was after it."""

    day: date
    balance: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FundsPage:
    """Everything on the page; `usable` is what bonuses may pay of the charges now."""

    statement: Statement
    days: tuple[Day, ...]
    held: tuple[Held, ...]
    bonuses: tuple[BonusGrant, ...]
    usable: Decimal


def get_funds(account: AccountChoice, *, first: date, last: date, on: date) -> FundsPage:
    """Return the page of one account."""
    days = accounts_queries.list_statement_days(account_id=account.id, first=first, last=last)
    grants = bonus_queries.list_grants(account.id)
    return FundsPage(
        statement=accounts_queries.get_statement(
            account_id=account.id, first=first, last=last, limit=0
        ),
        days=tuple(_days(days)),
        held=tuple(_held(account.id)),
        bonuses=tuple(grant for grant in grants if grant.left),
        usable=bonus_queries.usable(account.id, on=on),
    )


def movable(account: AccountChoice) -> Decimal:
    """Return how much may be moved away: money that is not held."""
    row = accounts_queries.get_balance(account.id)
    return max(row.money - row.held, Decimal("0.00"))


def list_targets(account: AccountChoice) -> list[Account]:
    """List the accounts of the same customer that money may move to."""
    own = Account.objects.filter(pk=account.id).values("customer_id")
    rows = Account.objects.filter(
        customer_id__in=own, currency=account.currency, closed_on__isnull=True
    )
    return list(rows.exclude(pk=account.id).order_by("pk"))


def _days(rows: list[StatementDay]) -> list[Day]:
    found = []
    for day, group in groupby(rows, key=lambda row: row.day):
        lines = list(group)
        told = tuple(Line(name_entry(row.kind), row.amount, row.entries) for row in lines)
        found.append(Day(day, lines[-1].balance, told))
    return found[::-1]


def _held(account_id: int) -> list[Held]:
    holds = hold_queries.list_holds(account_id)
    asked = [Held(hold.reason, hold.left, hold.expires_at) for hold in holds]
    total = accounts_queries.get_balance(account_id).held
    # The rest is what calls and sessions that go on have reserved.
    rest = total - sum((each.amount for each in asked), Decimal(0))
    return [*asked, Held(_("Calls and internet in progress"), rest, None)] if rest > 0 else asked
