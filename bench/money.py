"""
What the parts about money share: a month that was charged, ranges of accounts on two connections.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

from django.db import connection

from bench.setting import timed

#: Connections that work side by side, over ranges of accounts that share nothing.
LANES: Final = 2
JANUARY: Final = date(2026, 1, 1)
FEBRUARY: Final = date(2026, 2, 1)
#: When the night of the last of January ends.
FEBRUARY_NOW: Final = datetime(2026, 1, 31, 22, tzinfo=UTC)


def side_by_side(work: Callable[[tuple[int, int]], int], *, size: int) -> int:
    """Do the work for all ranges of so many accounts; return the sum of the answers."""
    from accounts import queries
    from billing_project.kernel.lanes import side_by_side as lanes

    # Of few accounts the pieces are smaller, so that every lane has two.
    accounts = one("SELECT count(*) FROM accounts_account")
    size = max(1, min(size, -(-accounts // (2 * LANES))))
    return sum(lanes(work, queries.list_account_ranges(size=size), lanes=LANES))


def awake() -> None:
    """Make a process of a pool ready before anything is measured."""
    import django

    django.setup()
    from billing_project.kernel import queue

    # Nobody is to be woken by a measurement.
    queue.nudge = lambda _task: None
    connection.ensure_connection()


def charge_month(business_date: date, now: datetime) -> int:
    """Charge the fees due on the day, as the night does."""
    from invoicing.operations import charge_fees

    def work(accounts: tuple[int, int]) -> int:
        return charge_fees(
            business_date=business_date, now=now, account_from=accounts[0], account_to=accounts[1]
        )

    return side_by_side(work, size=50_000)


def charge_january() -> None:
    """Let the fees of January be charged, once: the measured month follows another."""
    from billing_project.kernel.operations import ensure_months, refresh_statistics

    ensure_months(first=JANUARY, last=FEBRUARY)
    refresh_statistics()
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM invoicing_billedperiod)")
        if cursor.fetchone()[0]:
            return
    charge_month(JANUARY, datetime(2026, 1, 1, tzinfo=UTC))
    refresh_statistics()
    vacuum("accounts_accountbalance", "invoicing_billedperiod", "accounts_postingkey")


def vacuum(*tables: str) -> None:
    """Vacuum tables, as the server does by itself between one night and the next."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")


def seconds_of(statement: str) -> float:
    """Return how long one statement takes."""
    with connection.cursor() as cursor:
        seconds, _answer = timed(lambda: cursor.execute(statement))
    return seconds


def one(statement: str, *values: Any) -> Any:
    """Return the single value that a select gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
