"""
A database of the release before money, with data, is brought to this one while it works.

`before_money.sql.gz` is that database; how it was made stands in `before_money.py`.
"""

import gzip
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest
from django.db import connection

from billing_project import backup
from tests.faults.night_twins import BOOKS, TIMEOUT, Twin
from tests.upgrade.traffic import Traffic

pytestmark = pytest.mark.xdist_group("upgrade")

DATA: Final = Path(__file__).with_name("before_money.sql.gz")
#: What an upgrade leaves as it is, row for row.
KEPT: Final = sorted(BOOKS.keys() - {"ledger", "posting keys", "balances", "billed periods"})
ENTRIES: Final = """
    SELECT account_id, kind, ref, fund, contra, business_date, amount, explanation::text
      FROM accounts_ledgerentry
"""
MONEY: Final = "SELECT account_id, money, bonus, held, floor FROM accounts_accountbalance"
PERIODS: Final = """
    SELECT account_id, subscription_id, plan_version_id, kind, period_start, period_end,
           previous_end, amount, charged_on
      FROM invoicing_billedperiod
"""
POSTED: Final = """
    SELECT coalesce(p.external_id, a.request_id), e.amount
      FROM accounts_ledgerentry e
      LEFT JOIN accounts_payment p ON e.kind = 1 AND p.id = e.ref
      LEFT JOIN accounts_adjustment a ON e.kind = 30 AND a.id = e.ref
     WHERE coalesce(p.external_id, a.request_id) LIKE 'during-%'
"""
NEVER_BEFORE: Final = ("2026-10-16", "2026-10-31")


def load(twin: Twin) -> None:
    """Make the database as that release left it."""
    twin.drop()
    statement = f'CREATE DATABASE "{twin.name}"'
    with closing(psycopg2.connect(address(twin, "postgres"))) as server:
        server.autocommit = True
        server.cursor().execute(statement)
    with closing(psycopg2.connect(address(twin))) as own, own:
        own.cursor().execute(gzip.decompress(DATA.read_bytes()).decode())


def address(twin: Twin, name: str = "") -> str:
    url = twin.environment["DATABASE_URL"]
    return f"{url.rpartition('/')[0]}/{name}" if name else url


@dataclass
class Upgrade:
    """A database before and after, and what went on meanwhile."""

    twin: Twin
    before: dict[str, Any]
    after: dict[str, Any]
    traffic: Traffic
    manifest: backup.Manifest
    said: str


def figures(twin: Twin) -> dict[str, Any]:
    questions = {"entries": ENTRIES, "money": MONEY, "periods": PERIODS, "posted": POSTED}
    return {name: set(twin.ask(question)) for name, question in questions.items()} | {
        name: twin.book(name) for name in KEPT
    }


@pytest.fixture(scope="module")
def upgrade(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgrade]:
    """Backed up and migrated by the commands, while payments and charges are posted."""
    folder = tmp_path_factory.mktemp("upgrade")
    name = str(connection.settings_dict["NAME"]).removeprefix("test_")
    twin = Twin(f"test_{name}_upgrade", folder)
    load(twin)
    before = figures(twin)
    accounts = sorted(row[0] for row in before["money"])[:7]
    try:
        with Traffic(address(twin), accounts) as traffic:
            twin.manage("backup", str(folder / "before.tar"))
            said = migrate_beside_a_reader(twin, traffic)
            traffic.goes_on()
        manifest = backup.read_manifest(folder / "before.tar")
        yield Upgrade(twin, before, figures(twin), traffic, manifest, said)
    finally:
        twin.drop()


def migrate_beside_a_reader(twin: Twin, traffic: Traffic) -> str:
    """Migrate while somebody reads a table to be changed, until the command has stepped back once."""
    output = twin.folder / "migrate.txt"
    with closing(psycopg2.connect(address(twin))) as reader:
        reader.cursor().execute("SELECT 1 FROM tariffs_packageversion")
        process = twin.start("manage.py", "migrate", "--lock-timeout", "0.5", output=output)
        while "trying again" not in output.read_text():
            assert process.poll() is None, output.read_text()
            traffic.goes_on()
    assert process.wait(TIMEOUT) == 0, output.read_text()
    return output.read_text()


def test_the_backup_is_one_moment_of_the_traffic(upgrade: Upgrade) -> None:
    totals = upgrade.manifest.totals
    assert totals["balances"][1] == totals["ledger"][1]
    assert int(totals["ledger"][0]) >= len(upgrade.before["entries"])
    assert upgrade.manifest.migrations["accounts"][-1] == "0004_holds"


def test_what_was_written_meanwhile_is_there_once(upgrade: Upgrade) -> None:
    posted = upgrade.after["posted"]
    assert len(posted) == upgrade.traffic.done > 10
    assert dict(posted) == upgrade.traffic.money
    # A writer waits for a table, it is not turned away.
    assert upgrade.traffic.refused == []
    assert "trying again" in upgrade.said


def test_entries_and_balances_are_those_of_before_and_the_traffic(upgrade: Upgrade) -> None:
    before = upgrade.before
    entries = upgrade.after["entries"]
    assert before["entries"] <= entries
    assert len(entries) == len(before["entries"]) + upgrade.traffic.done
    moved: dict[int, Decimal] = {}
    for place, amount in enumerate(upgrade.traffic.money.values()):
        account = upgrade.traffic.accounts[place % len(upgrade.traffic.accounts)]
        moved[account] = moved.get(account, Decimal(0)) + amount
    expected = {(row[0], row[1] + moved.get(row[0], 0), *row[2:]) for row in before["money"]}
    assert upgrade.after["money"] == expected


@pytest.mark.parametrize("book", KEPT)
def test_nothing_else_has_changed(upgrade: Upgrade, book: str) -> None:
    assert upgrade.after[book] == upgrade.before[book]


def test_packages_sold_without_a_fee_cost_nothing_for_the_past(upgrade: Upgrade) -> None:
    before = upgrade.before["periods"]
    periods = upgrade.after["periods"]
    assert before <= periods
    added = {(row[3], row[7], row[8].isoformat()) for row in periods - before}
    assert added == {(f"p{number}", Decimal(0), "2026-10-08") for number in (1, 2, 3)}


def test_the_next_nights_charge_once_and_keep_every_promise(upgrade: Upgrade) -> None:
    twin = upgrade.twin
    assert run(twin, "manage.py", "check_invariants", "--quiet") == "All promises hold.\n"
    run(twin, "-m", "tests.upgrade.nights", *NEVER_BEFORE)
    charged = twin.ask("""
        SELECT count(*), count(DISTINCT b.subscription_id), bool_and(b.amount = v.fee)
          FROM invoicing_billedperiod b JOIN tariffs_planversion v ON v.id = b.plan_version_id
          JOIN accounts_account a ON a.cycle_day = 1 AND a.id = b.account_id
         WHERE b.period_start = '2026-11-01' AND b.kind = 'fee'
    """)[0]
    assert charged == (*2 * (len(live(twin)),), True)
    assert twin.ask("SELECT sum(held) FROM accounts_accountbalance") == [(Decimal(0),)]
    assert [("large", Decimal(1500))] == twin.ask(
        "SELECT request_id, amount FROM accounts_adjustment WHERE approval_id IS NOT NULL"
    )
    once = twin.checksums()
    run(twin, "-m", "tests.upgrade.nights", NEVER_BEFORE[-1])
    assert twin.checksums() == once


def live(twin: Twin) -> list[tuple[Any, ...]]:
    """Services whose November begins on the 1st and is charged in advance."""
    return twin.ask("""
        SELECT s.id FROM accounts_subscription s
          JOIN accounts_account a ON a.id = s.account_id AND a.cycle_day = 1
          JOIN accounts_planassignment p ON p.subscription_id = s.id AND p.active_to IS NULL
          JOIN tariffs_planversion v ON v.id = p.plan_version_id AND v.fee_timing = 'advance'
         WHERE s.state = 'active'
    """)


def run(twin: Twin, *words: str) -> str:
    """Run a Python process on the database to its end; return what it said."""
    output = twin.folder / "run.txt"
    process = twin.start(*words, output=output)
    assert process.wait(TIMEOUT) == 0, output.read_text()
    return output.read_text()


@pytest.mark.long
def test_a_backup_of_that_release_is_restored_into_this_one(
    django_db_setup: None, tmp_path: Path
) -> None:
    name = str(connection.settings_dict["NAME"]).removeprefix("test_")
    old, new = (Twin(f"test_{name}_upgrade_{part}", tmp_path) for part in ("old", "new"))
    load(old)
    with closing(psycopg2.connect(address(old, "postgres"))) as server:
        server.autocommit = True
        server.cursor().execute(f'CREATE DATABASE "{new.name}"')
    try:
        old.manage("backup", str(tmp_path / "old.tar"))
        new.manage("restore", str(tmp_path / "old.tar"))
        assert (new.ask(MONEY), new.ask(ENTRIES)) == (old.ask(MONEY), old.ask(ENTRIES))
        assert {book: new.book(book) for book in KEPT} == {book: old.book(book) for book in KEPT}
    finally:
        old.drop()
        new.drop()
