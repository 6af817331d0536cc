"""A batch killed after some of it was written, and others at work before it goes on."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from accounts.models.ledger import LedgerEntry
from bench.world import build_operator, number_of
from rating import operations
from rating.models import PricedUsage, SuspenseRecord
from tests.integration.rating.night import NOW, Night
from tests.integration.rating.test_order import bring, broken, load, sms

pytestmark = pytest.mark.django_db(transaction=True)


class _Killed(Exception):
    """The process was killed here."""


def _killed(*_args: object, **_kwargs: object) -> None:
    raise _Killed


@pytest.fixture
def night(tmp_path: Path, settings: object) -> Night:
    """A night with an empty folder."""
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    build_operator(subscribers=3)
    return Night(tmp_path / "in")


def charged() -> Decimal:
    """What all accounts pay by the ledger."""
    return -(LedgerEntry.objects.aggregate(total=Sum("amount"))["total"] or Decimal(0))


def of_nobody(line: str) -> str:
    return line.replace(number_of(0), "79990000000")


def recycle(line: str) -> None:
    """Price the one record that waits as this line."""
    [waiting] = SuspenseRecord.objects.filter(state="waiting")
    operations.recycle(
        record_ids=[waiting.pk], corrected={waiting.pk: line}, actor="staff:1", now=NOW
    )


@pytest.mark.parametrize(
    ("before", "left_half", "killed_at"),
    [
        pytest.param([], [sms("r", quantity=7)], "revise", id="first version, then corrected"),
        pytest.param(
            [sms("r", quantity=6)],
            [sms("r", quantity=8, correction="1")],
            "_finish",
            id="corrected, then corrected again",
        ),
        pytest.param(
            [sms("r", quantity=6)],
            [sms("r", quantity=0, correction="1")],
            "_finish",
            id="withdrawn, then brought back",
        ),
    ],
)
def test_it_is_finished_beside_a_correction_that_came_first(
    night: Night,
    monkeypatch: pytest.MonkeyPatch,
    before: list[str],
    left_half: list[str],
    killed_at: str,
) -> None:
    corrected = sms("r", quantity=9, correction="2")
    load(night, of_nobody(corrected), *before)
    bring(night, *left_half, sms("other", "11:00:00", quantity=2))
    with monkeypatch.context() as patch:
        patch.setattr(f"rating.operations.batches.{killed_at}", _killed)
        with pytest.raises(_Killed):
            night.price()
    recycle(corrected)
    report = night.price()
    operations.post_batch(batch_id=report.batch_id, now=NOW)
    assert report.suspended == 0
    assert charged() == sum(row.amount for row in PricedUsage.objects.all()) == Decimal("15.00")
    assert broken() == set()
