"""Rating killed with -9 anywhere and run again ends with the books of an undisturbed twin."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from bench.generate import Job, write_files
from bench.world import build_operator
from billing_project.kernel.invariants import find_violations
from rating import queries
from tests.faults.rating_child import DAY, POINTS

SUBSCRIBERS = 40
RECORDS = 2_000
BOOKS = {
    "usage": """
        SELECT a.number, u.started_at, s.code, u.record_key, u.revision, f.name, u.kind, u.quantity,
               u.billed, u.allowance_used, u.other_number, z.code, u.amount
          FROM rating_pricedusage u JOIN accounts_account a ON a.id = u.account_id
          JOIN rating_usagesource s ON s.id = u.source_id JOIN rating_usagefile f ON f.id = u.file_id
          LEFT JOIN tariffs_zone z ON z.id = u.zone_id
    """,
    "ledger": """
        SELECT a.number, e.kind, e.business_date, e.amount, e.about_subscription_id IS NULL
          FROM accounts_ledgerentry e JOIN accounts_account a ON a.id = e.account_id
    """,
    "balances": """
        SELECT a.number, b.money FROM accounts_accountbalance b
          JOIN accounts_account a ON a.id = b.account_id
    """,
    "allowances": """
        SELECT a.number, w.usage_kind, u.period, u.granted, u.used FROM rating_allowanceuse u
          JOIN accounts_account a ON a.id = u.account_id
          JOIN tariffs_allowance w ON w.id = u.allowance_id
    """,
    "suspense": """
        SELECT f.name, s.line, s.reason, s.detail, s.raw, s.started_at, s.state
          FROM rating_suspenserecord s JOIN rating_usagefile f ON f.id = s.file_id
    """,
    "files": """
        SELECT name, sha256, state, records, priced, duplicates, not_charged, suspended
          FROM rating_usagefile
    """,
    "batches": "SELECT business_date, state, posted_at, summary::text FROM rating_usagebatch",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a night, the same in every test."""
    job = Job(tmp_path / "in", RECORDS, SUBSCRIBERS, DAY)
    write_files(job)
    return job.folder


def run_night(folder: Path, environment: dict[str, str], point: str = "") -> int:
    """Run the night in a process of its own; return how it ended."""
    command = [sys.executable, "-m", "tests.faults.rating_child", str(folder)]
    archive = str(folder.parent / "archive")
    run = subprocess.run(
        [*command, point] if point else command,
        env={**environment, "RETEL_ARCHIVE_DIR": archive},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode in {0, -signal.SIGKILL}, run.stderr
    return run.returncode


def books() -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that the night wrote, without ids."""
    found = {}
    with connection.cursor() as cursor:
        for name, sql in BOOKS.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall(), key=str)
    return found


@cache
def books_of_the_twin() -> dict[str, list[tuple[Any, ...]]]:
    """Return the books of a night that nobody disturbed; the database is empty again then."""
    return {}


def undisturbed(folder: Path, environment: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the twin's books, made once; leaves the database empty."""
    twin = books_of_the_twin()
    if not twin:
        build_operator(subscribers=SUBSCRIBERS)
        assert run_night(folder, environment) == 0
        twin.update(books())
        call_command("flush", interactive=False, verbosity=0)
    return twin


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "point",
    [
        "with a slice half written",
        "with the suspense half written",
        "with a posting uncommitted",
    ],
)
def test_a_night_killed_and_run_again_equals_its_twin(
    point: str, folder: Path, process_environment: dict[str, str]
) -> None:
    twin = undisturbed(folder, process_environment)
    build_operator(subscribers=SUBSCRIBERS)
    assert run_night(folder, process_environment, point) == -signal.SIGKILL
    assert books() != twin
    assert run_night(folder, process_environment) == 0
    assert books() == twin


@pytest.mark.django_db(transaction=True)
def test_a_night_killed_at_every_point_in_turn_equals_its_twin(
    folder: Path, process_environment: dict[str, str]
) -> None:
    twin = undisturbed(folder, process_environment)
    assert len(twin["usage"]) > 1_500
    assert all(twin[name] for name in BOOKS)
    build_operator(subscribers=SUBSCRIBERS)
    ends = [run_night(folder, process_environment, point) for point in POINTS]
    assert ends == [-signal.SIGKILL] * len(POINTS)
    for _again in range(2):
        assert run_night(folder, process_environment) == 0
        assert books() == twin
    assert [item.name for item in queries.invariants() if find_violations(item)] == []


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_share_the_night(
    folder: Path, process_environment: dict[str, str]
) -> None:
    twin = undisturbed(folder, process_environment)
    build_operator(subscribers=SUBSCRIBERS)
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = [pool.submit(run_night, folder, process_environment) for _ in range(2)]
        assert [run.result() for run in runs] == [0, 0]
    found = books()
    assert found["usage"] == twin["usage"]
    assert found == {**twin, "files": found["files"], "batches": found["batches"]}
