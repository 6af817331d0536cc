"""Pricing again at the same moment, on real connections: nothing twice, nothing lost."""

from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.db.models import Count

from bench.world import build_operator
from billing_project.kernel.invariants import find_violations
from rating import operations, queries
from rating.models import AllowanceUse, PricedUsage, RerateLine, RerateRun, UsageBatch, UsageFile
from rating.operations.rerating import ranges, runs
from rating.operations.rerating.runs import UnableToRerate
from tests.concurrency.together import failures, together
from tests.integration.rating.night import DAY, NOW, Night, call
from tests.integration.rating.test_rerating import NOVEMBER, correct_voice

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 8


@pytest.fixture
def night(settings: object, tmp_path: Path) -> Night:
    """Eight subscribers with a call to the country each."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    build_operator(subscribers=PEOPLE)
    return Night(tmp_path / "in")


def broken() -> list[str]:
    return [item.name for item in queries.invariants() if find_violations(item)]


def approved(request: str) -> RerateRun:
    run = runs.start_rerating(
        selection=NOVEMBER, reason="x", request_id=request, actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    runs.approve_rerating(
        run_id=run.pk, limit=Decimal(10**6), business_date=DAY, actor="staff:1", now=NOW
    )
    return run


def finish(run_id: int) -> str:
    """Go on until the run is through; another one may be in the way for a moment."""
    for _try in range(200):
        try:
            return runs.go_on_rerating(run_id=run_id, now=NOW).state
        except UnableToRerate:
            continue
    return "in the way"


def newest() -> dict[str, int]:
    rows = PricedUsage.objects.values_list("revision").annotate(rows=Count("record_key"))
    return {str(revision): count for revision, count in rows}


def test_two_runs_over_the_same_accounts_price_each_record_once(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "AT_ONCE", 2)
    night.load(*(call(who, id=f"c{who}", dst="+79031234567") for who in range(PEOPLE)))
    correct_voice()
    one, other = approved("one"), approved("other")
    answers = together([partial(finish, run.pk) for run in (one, other)])
    assert answers == ["applied", "applied"], answers
    assert newest() == {"0": PEOPLE, "1": PEOPLE, "2": PEOPLE}
    outcomes = RerateLine.objects.values_list("outcome").annotate(lines=Count("pk"))
    assert dict(outcomes) == {"applied": PEOPLE, "stale": PEOPLE}
    assert broken() == []


def test_two_workers_on_one_run_share_it(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "AT_ONCE", 2)
    night.load(*(call(who, id=f"c{who}", dst="+79031234567") for who in range(PEOPLE)))
    correct_voice()
    run = approved("one")
    answers = together([partial(finish, run.pk)] * 3)
    assert answers == ["applied"] * 3, answers
    assert newest() == {"0": PEOPLE, "1": PEOPLE, "2": PEOPLE}
    assert broken() == []


def test_runs_of_different_sources_do_not_race_for_an_allowance(night: Night) -> None:
    """An hour is included; two switches bring forty minutes each, each in a batch of its own."""
    batches = []
    for source, lines in (
        ("msc-1", [call(who, id=f"m{who}", seconds="2400") for who in range(PEOPLE)]),
        (
            "csv-1",
            [
                f"v{who},voice,{79210000000 + who},2026-11-20T09:00:00+03:00,2400,89215557777"
                for who in range(PEOPLE)
            ],
        ),
    ):
        night.bring(*lines, source=source)
        night.receive()
        batch = UsageBatch.objects.create(business_date=DAY, opened_at=NOW)
        UsageFile.objects.filter(batch__isnull=True).update(batch=batch)
        batches.append(batch.pk)

    def load(batch_id: int) -> int:
        operations.price_batch(batch_id=batch_id, now=NOW)
        return operations.post_batch(batch_id=batch_id, now=NOW)

    answers = together([partial(load, batch_id) for batch_id in batches])
    assert failures(answers) == []
    assert set(AllowanceUse.objects.values_list("used", flat=True)) == {3600}
    # The one at nine is free and the one at ten pays for twenty minutes, whoever was first.
    found = PricedUsage.objects.values_list("started_at__hour", "amount")
    totals: dict[int, Decimal] = {}
    for hour, amount in found:
        totals[hour] = totals.get(hour, Decimal(0)) + amount
    assert totals == {9: Decimal("0.00"), 10: Decimal("24.00") * PEOPLE}
    assert broken() == []
