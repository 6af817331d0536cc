"""A re-rating undone after others used what it had given back; each step a transaction of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench import world as bench_world
from rating.models import AllowanceUse, RerateLine
from rating.operations.rerating import runs
from tests.integration.rating.night import NOW, Night, call
from tests.integration.rating.test_order import broken
from tests.integration.rating.test_rerating import approve, correct_voice, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def night(tmp_path: Path, settings: object) -> Night:
    """A night with an empty folder."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    bench_world.build_operator(subscribers=2)
    return Night(tmp_path / "in")


def test_undoing_does_not_give_the_same_minutes_twice(night: Night) -> None:
    night.load(call(id="first", seconds="3600"))
    correct_voice("1", terms=[replace(one, free_units=1800) for one in bench_world._voice_terms()])
    run = approve(start())
    assert AllowanceUse.objects.get().used == 1800
    night.load(call(id="second", seconds="3600", at="2026-11-20 15:00:00"))
    assert AllowanceUse.objects.get().used == 3600
    undoing = runs.start_undoing(
        run_id=run.pk, reason="Wrong", request_id="undo", actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=undoing.pk, now=NOW)
    approve(undoing)
    [line] = RerateLine.objects.filter(run=undoing)
    assert line.outcome == RerateLine.Outcome.STALE
    assert AllowanceUse.objects.get().used == 3600
    assert broken() == set()
