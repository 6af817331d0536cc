"""
The product beside an engine of set-based SQL on one connection: faster, and of the same result.
"""

from datetime import date
from typing import Final

from django.db import connection

from bench import sql_rating
from bench.figures import Figure
from bench.generate import Job, write_files
from bench.loading import load
from bench.setting import Setting

#: A Friday: calls meet the evening, and the weekend at midnight. Its month's allowances are whole.
FRIDAY: Final = date(2026, 9, 18)

#: Each returns no rows when both reckon alike.
DIFFERENCES: Final = {
    "amounts by account": """
        SELECT account_id, count(*), sum(quantity), sum(billed), sum(allowance_used), sum(amount)
          FROM {one} GROUP BY account_id
    """,
    "rows": "SELECT account_id, started_at, quantity, billed, zone_id, amount FROM {one}",
}
PRODUCT: Final = "(SELECT * FROM rating_pricedusage WHERE batch_id = {batch}) AS u"
SUSPENDED: Final = """
    SELECT s.reason, count(*) FROM rating_suspenserecord s JOIN rating_usagefile f
        ON f.id = s.file_id WHERE f.batch_id = %s GROUP BY 1 ORDER BY 1
"""
POSTED: Final = """
    SELECT account_id, amount FROM accounts_ledgerentry WHERE ref = {batch} AND kind = 10
    EXCEPT ALL SELECT account_id, amount FROM bench_entry
"""


class UnequalTotals(AssertionError):
    """Two engines price the same files differently."""


def measure(setting: Setting) -> None:
    """Price the same calls by the product and by SQL; compare all they wrote."""
    options = setting.options
    job = Job(
        setting.folder / "sql", options.sql, options.subscribers, FRIDAY,
        seed=4, calls=1.0, prefixes=options.prefixes,
    )  # fmt: skip
    lines = write_files(job)
    night = load(job.folder, FRIDAY)
    seconds = sql_rating.price_folder(job.folder)
    _compare(night.batch_id)
    rate = lines / seconds
    setting.tell(Figure("set-based SQL, one connection", rate, "records/s"))
    same = f"{night.report['priced']:,} rows and their sums are equal"
    setting.tell(Figure("product on the same files", lines / night.seconds, "records/s", note=same))
    if "load" in setting.rates:
        setting.tell(Figure("load to set-based SQL", setting.rates["load"] / rate, least=8))


def _compare(batch_id: int) -> None:
    product = PRODUCT.format(batch=batch_id)
    with connection.cursor() as cursor:
        for name, sql in DIFFERENCES.items():
            one, other = sql.format(one=product), sql.format(one="bench_priced")
            for left, right in ((one, other), (other, one)):
                cursor.execute(f"({left}) EXCEPT ALL ({right}) LIMIT 3")
                _refuse(name, cursor.fetchall())
        cursor.execute(POSTED.format(batch=batch_id) + " LIMIT 3")
        _refuse("ledger", cursor.fetchall())
        cursor.execute(SUSPENDED, [batch_id])
        suspended = cursor.fetchall()
        cursor.execute("SELECT reason, count(*) FROM bench_suspense GROUP BY 1 ORDER BY 1")
        if cursor.fetchall() != suspended:
            _refuse("suspense", suspended)


def _refuse(name: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        message = f"{name} differ: {rows}"
        raise UnequalTotals(message)
