"""
Late records and runs of re-rating killed with -9 anywhere, and run again: the twin's books.
"""

import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from bench.world import build_operator
from billing_project.kernel.invariants import find_violations
from rating import queries
from rating.models import RerateRun
from rating.operations.rerating import runs
from tests.faults.rerating_child import POINTS
from tests.integration.rating.books import Books, books, differences
from tests.integration.rating.night import DAY, NOW, Night, call
from tests.integration.rating.test_rerating import NOVEMBER, correct_voice

PEOPLE = 10
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive(settings: object, tmp_path: Path) -> Path:
    """Where files are kept, for this process and the others; ids begin anew, for the twin's sake."""
    call_command("flush", interactive=False, verbosity=0)
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    return tmp_path / "archive"


def price(
    what: str, about: str, environment: dict[str, str], archive: Path, point: str = ""
) -> int:
    """Run the child; return how it ended."""
    command = [sys.executable, "-m", "tests.faults.rerating_child", what, about]
    run = subprocess.run(
        [*command, point] if point else command,
        env={**environment, "RETEL_ARCHIVE_DIR": str(archive)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode in {0, -signal.SIGKILL}, run.stderr
    return run.returncode


def broken() -> list[str]:
    return [item.name for item in queries.invariants() if find_violations(item)]


def late_night(folder: Path) -> str:
    """Hours of calls priced first, and the calls before them in files that come too late."""
    build_operator(subscribers=PEOPLE)
    night = Night(folder)
    night.load(
        *(call(who, id=f"l{who}", at="2026-11-20 12:00:00", seconds="3600") for who in range(10))
    )
    night.bring(
        *(call(who, id=f"e{who}", at="2026-11-20 08:00:00", seconds="1800") for who in range(7))
    )
    return str(folder)


def test_late_records_killed_at_every_point_end_as_their_twin(
    process_environment: dict[str, str], archive: Path, tmp_path: Path
) -> None:
    folder = late_night(tmp_path / "twin")
    assert price("late", folder, process_environment, archive) == 0
    twin = books()
    call_command("flush", interactive=False, verbosity=0)
    folder = late_night(tmp_path / "killed")
    ends = [price("late", folder, process_environment, archive, point) for point in POINTS["late"]]
    assert ends == [-signal.SIGKILL] * len(ends)
    for _again in range(2):
        assert price("late", folder, process_environment, archive) == 0
        assert differences(books(), twin) == {}
    assert broken() == []


def approved_run(folder: Path) -> RerateRun:
    """A run over ten accounts that is to be applied."""
    build_operator(subscribers=PEOPLE)
    Night(folder).load(*(call(who, id=f"c{who}", dst="+79031234567") for who in range(PEOPLE)))
    correct_voice()
    run = runs.start_rerating(
        selection=NOVEMBER, reason="x", request_id="r", actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    runs.approve_rerating(
        run_id=run.pk, limit=Decimal(10**6), business_date=DAY, actor="staff:1", now=NOW
    )
    return RerateRun.objects.get(pk=run.pk)


def test_a_run_killed_at_every_point_is_applied_once(
    process_environment: dict[str, str], archive: Path, tmp_path: Path
) -> None:
    run = approved_run(tmp_path / "twin")
    assert price("apply", str(run.pk), process_environment, archive) == 0
    twin: Books = books()
    call_command("flush", interactive=False, verbosity=0)
    run = approved_run(tmp_path / "killed")
    about = str(run.pk)
    ends = [price("apply", about, process_environment, archive, point) for point in POINTS["apply"]]
    assert ends == [-signal.SIGKILL] * len(ends)
    assert differences(books(), twin) != {}
    for _again in range(2):
        assert price("apply", about, process_environment, archive) == 0
        assert differences(books(), twin) == {}
    assert broken() == []
