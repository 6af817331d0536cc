"""
The monthly fees of all accounts, in chunks on two connections, beside a bare update of as many
balances in one statement: the key, the entry, the period and its chain are what it costs more.
"""

from typing import Final

from django.db import connection

from bench.figures import Figure
from bench.money import (
    FEBRUARY,
    FEBRUARY_NOW,
    LANES,
    charge_january,
    charge_month,
    one,
    seconds_of,
    vacuum,
)
from bench.setting import Setting, best_of, timed

ROUNDS: Final = 3
#: The gates: the first run to the bare update, a rerun to the first run, updates beside no index.
MOST_TIMES, MOST_RERUN, LEAST_HOT = 8, 0.35, 95
BARE: Final = """
    UPDATE accounts_accountbalance b SET money = b.money + d.delta
      FROM bench_delta d WHERE b.account_id = d.account_id
"""


def measure(setting: Setting) -> None:
    """Charge February after January, twice; tell what it costs to the bare update."""
    charge_january()
    bare = best_of(ROUNDS, _bare)
    vacuum("accounts_accountbalance")
    before = _updates()
    first, charged = timed(lambda: charge_month(FEBRUARY, FEBRUARY_NOW))
    hot = _hot_percent(before)
    again, repeated = timed(lambda: charge_month(FEBRUARY, FEBRUARY_NOW))
    accounts = one("SELECT count(*) FROM accounts_accountbalance")
    setting.tell(Figure("fees: bare update of balances", accounts / bare, "a second"))
    note = f"{LANES} connections"
    setting.tell(Figure("fees: periods charged", charged / first, "a second", note=note))
    # Some accounts have two services: a period is compared with a balance.
    times = first / charged / (bare / accounts)
    setting.tell(Figure("fees: to the bare update", times, "times", most=MOST_TIMES))
    setting.tell(Figure("fees: rerun to the first run", again / first, "", most=MOST_RERUN))
    setting.tell(Figure("fees: charged by the rerun", repeated, "", most=0))
    setting.tell(Figure("fees: balances updated HOT", hot, "%", least=LEAST_HOT))


def _bare() -> float:
    """Return the seconds of an update of all balances, by nothing."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_delta")
        cursor.execute(
            "CREATE TEMPORARY TABLE bench_delta AS"
            " SELECT account_id, 0::numeric AS delta FROM accounts_accountbalance"
        )
        cursor.execute("ANALYZE bench_delta")
    vacuum("accounts_accountbalance")
    return seconds_of(BARE)


def _updates() -> tuple[int, int]:
    """Return how many balances were updated so far, and how many of these HOT."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname = 'accounts_accountbalance'"
        )
        updated, hot = cursor.fetchone()
    return updated, hot


def _hot_percent(before: tuple[int, int]) -> float:
    updated, hot = _updates()
    return 100 * (hot - before[1]) / max(updated - before[0], 1)
