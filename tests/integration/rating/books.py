"""What is left when the dust has settled: balances, prices in force, counters; without history."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

BOOKS = {
    "in force": """
        SELECT s.code, u.record_key, u.account_id, u.subscription_id, u.started_at, u.kind,
               u.quantity, u.billed, u.allowance_id, u.allowance_used, u.zone_id,
               u.deck_version_id, u.amount
          FROM (SELECT DISTINCT ON (source_id, record_key) * FROM rating_pricedusage
                 ORDER BY source_id, record_key, revision DESC) AS u
          JOIN rating_usagesource s ON s.id = u.source_id WHERE u.revision % 2 = 0
    """,
    "sums of all rows": """
        SELECT account_id, kind, sum(amount), sum(allowance_used), sum(quantity), sum(billed)
          FROM rating_pricedusage GROUP BY account_id, kind
        HAVING sum(amount) <> 0 OR sum(quantity) <> 0 OR sum(billed) <> 0
    """,
    "counters": """
        SELECT account_id, subscription_id, allowance_id, period, granted, carried, used
          FROM rating_allowanceuse WHERE used <> 0 OR carried <> 0
    """,
    "totals": """
        SELECT account_id, subscription_id, meter, number, period, quantity
          FROM rating_runningtotal WHERE quantity <> 0
    """,
    "covers": """
        SELECT account_id, started_at, source_id, record_key, owner_id, allowance_id, period,
               sum(used)
          FROM rating_usagecover GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(used) <> 0
    """,
    "balances": "SELECT account_id, money FROM accounts_accountbalance WHERE money <> 0",
}

Books = dict[str, list[tuple[Any, ...]]]


def books() -> Books:
    """Return the books, each sorted."""
    found: Books = {}
    with connection.cursor() as cursor:
        for name, sql in BOOKS.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall(), key=str)
    return found


def only(name: str, found: Books, columns: Iterable[int]) -> list[tuple[Any, ...]]:
    """Return some columns of a book."""
    wanted = list(columns)
    return [tuple(row[column] for column in wanted) for row in found[name]]


@contextmanager
def forgotten() -> Iterator[None]:
    """Do something that is rolled back at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def differences(one: Books, other: Books) -> dict[str, Sequence[Any]]:
    """Return what is not the same in two books, for a message."""
    return {
        name: [set(map(str, one[name])) ^ set(map(str, other[name]))]
        for name in one
        if one[name] != other[name]
    }
