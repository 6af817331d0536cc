"""
The ledger in the history: what a business day cost, one item per account and kind.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models.labels import KIND_LABELS
from accounts.queries import DaySum
from crm.domain.timeline import Item, Key
from crm.queries.history import words
from crm.queries.history.scope import Scope

#: Kinds that another source shows better.
SHOWN_ELSEWHERE: Final = frozenset(
    {
        Kind.PAYMENT,
        Kind.PAYMENT_REVERSAL,
        Kind.ADJUSTMENT,
        Kind.WRITE_OFF,
        Kind.TRANSFER_OUT,
        Kind.DEPOSIT,
        Kind.DEPOSIT_RETURN,
        Kind.CREDIT_NOTE,
        Kind.DEBIT_NOTE,
    }
)
_LAST_MOMENT: Final = timedelta(days=1) - timedelta(microseconds=1)
_KINDS: Final = 1000


def ledger_days(scope: Scope, before: Key | None, limit: int) -> list[Item]:
    """Sums of a day, placed at its end; days are read on until the page is full."""
    if not scope.accounts:
        return []
    found: list[Item] = []
    day = words.day_of(before.at) + timedelta(days=1) if before else None
    while len(found) < limit:
        sums = accounts_queries.list_days(account_ids=scope.accounts, before=day, limit=limit)
        found += _items(scope, sums, before)
        if not sums:
            break
        day = min(each.business_date for each in sums)
    return found[:limit]


def _items(scope: Scope, sums: Iterable[DaySum], before: Key | None) -> list[Item]:
    items = [_item(scope, each) for each in sums if each.kind not in SHOWN_ELSEWHERE]
    newest_first = sorted(items, key=lambda item: item.key, reverse=True)
    return [item for item in newest_first if before is None or item.key < before]


def _item(scope: Scope, each: DaySum) -> Item:
    told = ngettext("%(count)s entry", "%(count)s entries", each.entries)
    account = (scope.accounts[each.account_id],) if len(scope.accounts) > 1 else ()
    return Item(
        key=_key(each.business_date, each.account_id, each.kind),
        kind="money",
        title=_("Ledger"),
        text=str(KIND_LABELS[each.kind]),
        amount=each.amount,
        currency=scope.currencies[each.account_id],
        details=(told % {"count": each.entries}, *account),
    )


def _key(day: date, account_id: int, kind: int) -> Key:
    return Key(words.start_of(day) + _LAST_MOMENT, "ledger", account_id * _KINDS + kind)
