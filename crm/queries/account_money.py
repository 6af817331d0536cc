"""
The money of one account as the desk sees it: statement, holds, bonuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.db.models import QuerySet

from accounts import queries as accounts_queries
from accounts.domain.reversals import is_reversible
from accounts.models import Account, BonusGrant, Deposit, EntryReversal, Hold
from accounts.queries import Balance, Entry, Statement, StatementLine
from accounts.queries import bonuses as bonus_queries
from accounts.queries import deposits as deposit_queries
from accounts.queries import holds as hold_queries
from crm.queries import staff


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with who made it, what there was after it, and whether it may be taken back."""

    entry: Entry
    balance: Decimal
    by: str
    note: str
    is_taken_back: bool
    may_be_taken_back: bool


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one business day."""

    day: date
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AccountMoney:
    """Everything on the page."""

    balance: Balance
    statement: Statement
    days: tuple[Day, ...]
    holds: tuple[Hold, ...]
    past_holds: tuple[Hold, ...]
    bonuses: tuple[BonusGrant, ...]
    deposits: tuple[Deposit, ...] = ()

    @property
    def in_sessions(self) -> Decimal:
        """What calls and sessions that go on have reserved: the rest of what is held."""
        return self.balance.held - sum((hold.left for hold in self.holds), Decimal(0))

    @property
    def debt(self) -> Decimal:
        """What is owed; zero if nothing is."""
        return max(-self.balance.money, Decimal(0))


def get_account_money(
    account: Account, *, first: date, last: date, after: tuple[date, int] | None
) -> AccountMoney:
    """Return a page of the statement with what is held and granted now."""
    statement = accounts_queries.get_statement(
        account_id=account.pk, first=first, last=last, after=after
    )
    return AccountMoney(
        balance=accounts_queries.get_balance(account.pk),
        statement=statement,
        days=tuple(_days(account.pk, statement.lines)),
        holds=tuple(hold_queries.list_holds(account.pk)),
        past_holds=tuple(hold_queries.list_past_holds(account.pk)),
        bonuses=tuple(bonus_queries.list_grants(account.pk)),
        deposits=tuple(deposit_queries.list_deposits([account.pk])),
    )


def other_accounts(account: Account) -> QuerySet[Account]:
    """Return the accounts that money of this one may move to."""
    rows = Account.objects.filter(
        customer_id=account.customer_id, currency=account.currency, closed_on__isnull=True
    )
    return rows.exclude(pk=account.pk).order_by("pk")


def _days(account_id: int, lines: Iterable[StatementLine]) -> list[Day]:
    rows = list(lines)
    ids = [row.entry.id for row in rows]
    reversals = EntryReversal.objects.filter(account_id=account_id, entry_id__in=ids)
    taken_back = set(reversals.values_list("entry_id", flat=True))
    names = staff.names_of({row.entry.actor for row in rows})
    shown = [_line(row, names, is_taken_back=row.entry.id in taken_back) for row in rows]
    by_day = groupby(shown, key=lambda line: line.entry.business_date)
    return [Day(day, tuple(found)) for day, found in by_day]


def _line(row: StatementLine, names: dict[str, str], *, is_taken_back: bool) -> Line:
    entry = row.entry
    told = entry.explanation or {}
    return Line(
        entry=entry,
        balance=row.balance,
        by=names.get(entry.actor, ""),
        note=str(told.get("reason") or told.get("reference") or ""),
        is_taken_back=is_taken_back,
        may_be_taken_back=not is_taken_back
        and is_reversible(
            kind=entry.kind, ref=entry.ref, is_reversal=entry.reverses_id is not None
        ),
    )
