"""Work on suspended records by several workers at once: each record once, each batch in the sums once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.models.ledger import LedgerEntry
from bench.world import build_operator
from rating import operations, queries
from rating.domain.corrections import Action, Rule
from rating.domain.selections import Selection
from rating.models import PricedUsage, SuspenseRecord, SuspenseRun, SuspenseRunRecord, UsageSummary
from rating.operations import suspense
from rating.operations.suspense import Order, runs
from tests.checks import broken_promises
from tests.concurrency.together import failures, together
from tests.integration.rating.night import DAY, NOW, Night, call

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(days=1)
ABROAD = {"dst": "81012125550101"}
WORKERS = 4


@pytest.fixture
def night(settings: Any, tmp_path: Path) -> Night:
    """Forty calls of nobody known, after a good one."""
    settings.ARCHIVE_DIR = tmp_path / "archive"
    build_operator(subscribers=10)
    found = Night(tmp_path / "in")
    found.load(call(), *(call(id=f"s{n}", src="9990000000", **ABROAD) for n in range(40)))
    return found


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PORTIONS", dict.fromkeys(SuspenseRun.Kind, 7))
    monkeypatch.setattr(runs, "AT_ONCE", 0)


def order(kind: SuspenseRun.Kind, request_id: str = "r") -> Order:
    rule = Rule(Action.SET, "src", value="79210000001")
    return Order(kind, Selection(), request_id, note="потому что", rule=rule)


def start(kind: SuspenseRun.Kind, request_id: str = "r") -> SuspenseRun:
    return suspense.start_run(order=order(kind, request_id), now=LATER, actor="staff:7")


def drain() -> int:
    return suspense.drain_runs(now=LATER)


def test_workers_take_turns_and_each_record_is_charged_once(night: Night) -> None:
    start(SuspenseRun.Kind.CORRECT, "correct")
    assert failures(together([drain] * WORKERS)) == []
    suspense.drain_runs(now=LATER)
    run = start(SuspenseRun.Kind.RECYCLE)
    assert failures(together([drain] * WORKERS)) == []
    suspense.drain_runs(now=LATER)
    run.refresh_from_db()
    assert (run.state, run.done, run.outcome) == ("done", 40, {"priced": 40})
    assert PricedUsage.objects.count() == 41
    assert LedgerEntry.objects.count() == 6
    assert broken_promises(queries.invariants()) == []


def test_a_form_sent_by_many_at_once_is_one_run(night: Night) -> None:
    found = together([lambda: start(SuspenseRun.Kind.WRITE_OFF).pk] * WORKERS)
    assert failures(found) == []
    assert len(set(found)) == 1
    assert SuspenseRunRecord.objects.count() == 40


def test_a_run_undone_while_it_works_ends_as_one_or_the_other(night: Night) -> None:
    run = start(SuspenseRun.Kind.WRITE_OFF)

    def undo() -> int:
        return suspense.undo_run(run_id=run.pk, reason="ошибка", now=LATER, actor="staff:8").pk

    assert failures(together([drain, undo])) == []
    run.refresh_from_db()
    assert run.state == "undone"
    assert set(SuspenseRecord.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_batch_is_added_up_once(night: Night) -> None:
    found = together([lambda: operations.summarise_batches(now=LATER)] * WORKERS)
    assert failures(found) == []
    assert sorted(map(str, found)) == ["[]"] * 3 + [str([DAY])]
    assert UsageSummary.objects.count() == 1
    assert queries.usage_of_period(first=DAY, end=DAY + timedelta(days=1)).records == 1
