"""
The bills of a month for all accounts with fourteen charges each, beside the bare aggregate of those
charges: one statement that adds them up by account and kind.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from django.db import connection

from bench.figures import Figure
from bench.money import (
    FEBRUARY,
    FEBRUARY_NOW,
    LANES,
    awake,
    charge_january,
    one,
    seconds_of,
    vacuum,
)
from bench.setting import Setting, best_of, timed

ROUNDS: Final = 3
MOST_TIMES: Final = 3
#: Accounts of a piece: the night's are of 50,000, which leaves a bench of 100,000 unbalanced.
PIECE: Final = 25_000
#: Nights of January with usage, on each of them an entry of calls, messages and data.
NIGHTS: Final = (5, 12, 19, 26)
KINDS: Final = (10, 11, 12)
ONE_OFF: Final = 22
BATCH: Final = 900_000_000

BARE: Final = """
    SELECT count(*), sum(amount) FROM (
        SELECT account_id, kind, count(*), sum(amount) AS amount FROM accounts_ledgerentry
         WHERE business_date >= '2026-01-01' AND business_date < '2026-02-01'
         GROUP BY account_id, kind) AS kinds
"""
#: Entries past the posting: what is measured is what reads them. Balances follow.
ENTRIES: Final = """
    INSERT INTO accounts_ledgerentry (account_id, business_date, kind, ref, contra, fund, amount,
        posted_at, actor, on_behalf_of, about_subscription_id, explanation)
    SELECT m.account_id, make_date(2026, 1, %(day)s), k.kind, %(ref)s,
           CASE WHEN k.kind = 22 THEN 12 ELSE 10 END, 1,
           -1.20 * (1 + m.id %% 3), '2026-01-31 22:00+0', 'bench', '',
           CASE WHEN k.kind = 22 THEN m.id END,
           CASE WHEN k.kind = 22 THEN '{"reason": "bench"}'::jsonb END
      FROM accounts_subscription m, unnest(%(kinds)s::int[]) AS k (kind)
     WHERE m.service = 'mobile'
     ORDER BY m.account_id
"""
USAGE: Final = """
    INSERT INTO rating_pricedusage (account_id, started_at, record_key, batch_id, file_id,
        subscription_id, other_number, quantity, billed, allowance_used, band_id, plan_version_id,
        deck_version_id, allowance_id, source_id, kind, zone_id, amount)
    SELECT m.account_id, make_timestamptz(2026, 1, %(day)s, 9, k.kind, 0), m.id * 100 + k.kind,
           %(ref)s, 1, m.id, 78120000000, 60, 60, 0, 1, a.plan_version_id, 1, 0, 1, k.kind - 9,
           (SELECT min(id) FROM tariffs_zone), 1.20 * (1 + m.id %% 3)
      FROM accounts_subscription m
      JOIN accounts_planassignment a ON a.subscription_id = m.id,
           unnest(%(kinds)s::int[]) AS k (kind)
     WHERE m.service = 'mobile'
     ORDER BY m.account_id
"""
BALANCES: Final = """
    UPDATE accounts_accountbalance b SET money = e.money
      FROM (SELECT account_id, sum(amount) AS money FROM accounts_ledgerentry
             WHERE fund = 1 GROUP BY account_id) AS e
     WHERE e.account_id = b.account_id AND b.money <> e.money
"""
HOLES: Final = """
    SELECT count(*) FROM (
        SELECT number - lag(number, 1, 0) OVER (ORDER BY number) AS step
          FROM invoicing_billnumber) AS numbers WHERE step <> 1
"""


def measure(setting: Setting) -> None:
    """Issue the bills of January, once more for the rerun; tell what it costs to the aggregate."""
    charge_january()
    _use()
    bare = best_of(ROUNDS, lambda: seconds_of(BARE))
    charges = one("SELECT count(*) FROM accounts_ledgerentry WHERE business_date < '2026-02-01'")
    # Documents are decided in Python: threads would wait for each other, the night has processes.
    with ProcessPoolExecutor(LANES, get_context("spawn"), initializer=awake) as workers:
        sum(workers.map(abs, range(LANES)))
        seconds, issued = timed(lambda: _issue(workers))
        again, repeated = timed(lambda: _issue(workers))
    setting.tell(Figure("bills: charges added up, bare", charges / bare, "a second"))
    note = f"{charges / max(issued, 1):.1f} charges each, {LANES} processes"
    setting.tell(Figure("bills: issued", issued / seconds, "a second", note=note))
    setting.tell(Figure("bills: to the bare aggregate", seconds / bare, "times", most=MOST_TIMES))
    setting.tell(Figure("bills: rerun to the first run", again / seconds))
    accounts = one("SELECT count(*) FROM accounts_account")
    setting.tell(Figure("bills: accounts without one", accounts - issued, "", most=0))
    setting.tell(Figure("bills: issued by the rerun", repeated, "", most=0))
    setting.tell(Figure("bills: numbers left out or twice", one(HOLES), "", most=0))
    setting.tell(Figure("bills: kopecks not on a bill", _left_out(), "", most=0))


def issue(accounts: tuple[int, int]) -> int:
    """Issue the bills of a range of accounts; return how many."""
    from invoicing.operations import issue_bills

    return issue_bills(
        business_date=FEBRUARY,
        now=FEBRUARY_NOW,
        account_from=accounts[0],
        account_to=accounts[1],
    )


def _issue(workers: ProcessPoolExecutor) -> int:
    from accounts.queries import list_account_ranges

    return sum(workers.map(issue, list_account_ranges(size=PIECE)))


def _use() -> None:
    """Give every account thirteen charges beside its fee: usage with its records, a one-off."""
    with connection.cursor() as cursor:
        for day in NIGHTS:
            values = {"day": day, "ref": BATCH + day, "kinds": list(KINDS)}
            cursor.execute(ENTRIES, values)
            cursor.execute(USAGE, values)
        cursor.execute(ENTRIES, {"day": 28, "ref": BATCH, "kinds": [ONE_OFF]})
        cursor.execute(BALANCES)
    vacuum("accounts_ledgerentry", "rating_pricedusage", "accounts_accountbalance")


def _left_out() -> int:
    """Return by how much bills and ledger differ, in kopecks."""
    billed = one("SELECT coalesce(sum(closing), 0) FROM invoicing_bill")
    owed = one(
        "SELECT -sum(amount) FROM accounts_ledgerentry"
        " WHERE fund = 1 AND business_date < '2026-02-01'"
    )
    return round(abs(billed - owed) * 100)
