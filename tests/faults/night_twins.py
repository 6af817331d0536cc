"""
Twins: databases of their own with the same operator, nights in real processes, and their books.

A twin is made of a base by CREATE DATABASE … TEMPLATE, so ids of accounts and services are the same
in all of them; ids of what a night writes are not, and clocks differ: `BOOKS` leaves both out.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from psycopg2 import sql

DAY: Final = date(2025, 5, 31)
#: Patience with one process, on a machine that does other things as well.
TIMEOUT: Final = 900
#: A killed night goes on when its heart was silent for so long.
TAKEOVER_SECONDS: Final = 2

#: A database that every server has; others are made and dropped from there.
MAINTENANCE: Final = "postgres"

#: What a night leaves, by name: rows are compared as a set.
BOOKS: Final = {
    "priced usage": """
        SELECT u.account_id, u.kind, count(*), sum(u.amount), sum(u.billed), sum(u.allowance_used),
               sum(hashtextextended(concat_ws('|', u.started_at, u.source_id, u.record_key,
                   u.revision, f.name, u.subscription_id, u.other_number, u.quantity, u.billed,
                   u.allowance_used, u.allowance_id, u.zone_id, u.band_id, u.plan_version_id,
                   u.deck_version_id, u.amount), 0)::numeric)
          FROM rating_pricedusage u JOIN rating_usagefile f ON f.id = u.file_id GROUP BY 1, 2
    """,
    "allowances": """
        SELECT account_id, subscription_id, allowance_id, period, granted, used
          FROM rating_allowanceuse
    """,
    "suspense": """
        SELECT f.name, s.line, s.reason, s.detail, s.raw, s.started_at, s.state, count(*)
          FROM rating_suspenserecord s JOIN rating_usagefile f ON f.id = s.file_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
    "files": """
        SELECT source_id, name, sha256, state, records, priced, duplicates, not_charged, suspended
          FROM rating_usagefile
    """,
    "batches": "SELECT business_date, state, summary::text, count(*) FROM rating_usagebatch GROUP BY 1, 2, 3",
    "ledger": """
        SELECT account_id, kind, contra, fund, business_date, about_subscription_id, amount, count(*)
          FROM accounts_ledgerentry GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
    "posting keys": """
        SELECT account_id, kind, business_date, amount, count(*) FROM accounts_postingkey
         GROUP BY 1, 2, 3, 4
    """,
    "balances": """
        SELECT account_id, money, bonus, held, floor, watch_low, watch_high
          FROM accounts_accountbalance
    """,
    "billed periods": """
        SELECT account_id, subscription_id, plan_version_id, kind, period_start, period_end,
               previous_end, amount, charged_on
          FROM invoicing_billedperiod
    """,
    "bills": """
        SELECT account_id, legal_entity_id, period_start, period_end, issued_on, due_on, opening,
               net, tax, gross, payments, adjustments, closing
          FROM invoicing_bill
    """,
    "lines of bills": """
        SELECT b.account_id, b.period_start, l.position, l.kind, l.subscription_id, l.title_ru,
               l.quantity, l.count, l.unit, l.tax_percent, l.net, l.tax, l.gross
          FROM invoicing_billline l JOIN invoicing_bill b ON b.id = l.bill_id
    """,
    "what was billed": """
        SELECT b.account_id, b.period_start, e.kind, e.business_date, e.amount, count(*)
          FROM invoicing_billedentry x JOIN invoicing_bill b ON b.id = x.bill_id
          JOIN accounts_ledgerentry e ON e.account_id = x.account_id AND e.id = x.entry_id
         GROUP BY 1, 2, 3, 4, 5
    """,
    "numbers of bills": """
        SELECT legal_entity_id, document, year, number FROM invoicing_billnumber
    """,
    "access": """
        SELECT account_id, subscription_id, level, speed_kbps, desired::text, rule_id
          FROM dunning_serviceaccess
    """,
    "changes of access": """
        SELECT subscription_id, old, new, rule_id, available, count(*) FROM dunning_accesschange
         GROUP BY 1, 2, 3, 4, 5
    """,
    "network": """
        SELECT s.subscription_id, s.confirmed::text, o.action, o.state, o.desired::text
          FROM provisioning_networkstate s JOIN provisioning_networkorder o ON o.id = s.order_id
    """,
    "events": """
        SELECT kind, account_id, customer_id, subscription_id, actor, count(*)
          FROM kernel_businessevent GROUP BY 1, 2, 3, 4, 5
    """,
    "events unread": "SELECT consumer, count(*) FROM kernel_eventinbox GROUP BY 1",
    "messages": """
        SELECT customer_id, account_id, event_kind, channel, recipient, subject, count(*)
          FROM notifications_message GROUP BY 1, 2, 3, 4, 5, 6
    """,
}

#: The log of the work itself, rewritten by every run; nothing of the business is in it.
WORK_LOG: Final = "kernel_jobrun"
#: How often the same file was offered is a fact of the second run, not of the first.
SIGHTINGS: Final = ("rating_usagefile", "times_seen")

TABLES: Final = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> %s
"""
CHECKSUM: Final = """
    SELECT count(*), coalesce(sum(hashtextextended({row}, 0)::numeric), 0) FROM {table} t
"""


@dataclass(frozen=True)
class Twin:
    """A database with an operator, and where its files are kept."""

    name: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what its processes need; without a broker, so that nobody helps them."""
        values = connection.settings_dict
        login = f"{quote(values['USER'], safe='')}:{quote(values['PASSWORD'] or '', safe='')}"
        address = f"{values['HOST']}:{values['PORT']}/{quote(self.name, safe='')}"
        own = {
            "DATABASE_URL": f"postgresql://{login}@{address}",
            "REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "billing_project.settings",
            "RETEL_STATE_DIR": str(self.folder / "state"),
            "RETEL_USAGE_DIR": str(self.folder / "usage"),
            "RETEL_ARCHIVE_DIR": str(self.folder / f"archive-{self.name}"),
            "RETEL_TAKEOVER_SECONDS": str(TAKEOVER_SECONDS),
            "COLUMNS": "120",
        }
        return {**os.environ, **own}

    def start(self, *words: str, output: Path) -> "subprocess.Popen[bytes]":
        """Start a Python process of the project on this database."""
        with output.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def manage(self, *words: str) -> str:
        """Run a command to its end; return what it said."""
        output = self.folder / f"{self.name}-{words[0]}.txt"
        process = self.start("manage.py", *words, output=output)
        assert process.wait(TIMEOUT) == 0, output.read_text()
        return output.read_text()

    def close_day(self) -> str:
        """Run the night to its end; return what it said."""
        return self.manage("nightly", "--date", DAY.isoformat())

    def kill_at(self, moment: str) -> int:
        """Start the night, kill -9 it as soon as the query says yes; return how it ended."""
        output = self.folder / f"{self.name}-killed.txt"
        process = self.start("manage.py", "nightly", "--date", DAY.isoformat(), output=output)
        deadline = time.monotonic() + TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            if self.ask(moment)[0][0]:
                break
            time.sleep(0.01)
        process.kill()
        return process.wait()

    def ask(self, question: Any, values: Any = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query on this database."""
        with _connected(self.name) as cursor:
            cursor.execute(question, values)
            return list(cursor.fetchall())

    def book(self, name: str) -> set[tuple[Any, ...]]:
        """Return the rows of one of BOOKS."""
        rows = self.ask(BOOKS[name])
        found = set(rows)
        assert len(found) == len(rows)
        return found

    def checksums(self) -> dict[str, tuple[int, Any]]:
        """Return (rows, sum of their hashes) of every table but the log of the work."""
        return {table: self._checksum(table) for (table,) in self.ask(TABLES, [WORK_LOG])}

    def _checksum(self, table: str) -> tuple[int, Any]:
        seen_table, seen_column = SIGHTINGS
        row: sql.Composable = sql.SQL("t::text")
        if table == seen_table:
            row = sql.SQL("(to_jsonb(t) - {})::text").format(sql.Literal(seen_column))
        question = sql.SQL(CHECKSUM).format(row=row, table=sql.Identifier(table))
        rows, total = self.ask(question)[0]
        return rows, total

    def made_of(self, base: "Twin") -> "Twin":
        """Make the database a copy of the base, at which nobody may be connected."""
        _on_server("CREATE DATABASE {} TEMPLATE {}", self.name, base.name)
        return self

    def made(self) -> "Twin":
        """Make an empty database with the project's tables."""
        _on_server("CREATE DATABASE {}", self.name)
        self.manage("migrate", "--verbosity", "0")
        return self

    def drop(self) -> None:
        """Remove the database, whoever is connected; the server's own vacuum can't be cut off."""
        for _try in range(60):
            try:
                _on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
            except psycopg2.errors.InsufficientPrivilege:
                time.sleep(1)
            else:
                return
        pytest.fail(f"{self.name} is still in use")


_open: dict[str, Any] = {}


def _connected(name: str) -> Any:
    """Return a cursor on a connection of its own, kept for the next question."""
    if name not in _open:
        values = connection.settings_dict
        _open[name] = psycopg2.connect(
            host=values["HOST"],
            port=values["PORT"],
            user=values["USER"],
            password=values["PASSWORD"],
            dbname=name,
        )
        _open[name].autocommit = True
    return _open[name].cursor()


def _on_server(statement: str, *names: str) -> None:
    """Run a statement about databases; our own connections to them are closed before."""
    for name in names:
        if name in _open:
            _open.pop(name).close()
    with _connected(MAINTENANCE) as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
