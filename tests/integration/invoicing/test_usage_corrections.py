"""What pricing again changed stands on the next bill by zone, beside the usage; sums are exact."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bench.world import build_operator
from invoicing import operations as invoicing
from invoicing.models import BillLine
from rating.operations.rerating import runs
from tests.integration.rating.night import NOW, Night, call
from tests.integration.rating.test_rerating import NOVEMBER, correct_voice

pytestmark = pytest.mark.django_db


def lines(kind: str = "usage") -> list[tuple[str, str, int]]:
    """Titles, sums with tax and counts of the newest bill."""
    newest = BillLine.objects.filter(kind=kind).latest("bill_id").bill_id
    found = BillLine.objects.filter(bill_id=newest, kind=kind).order_by("position")
    return [(line.title_ru, str(line.gross), line.count) for line in found]


def bill(on: date) -> int:
    return invoicing.issue_bills(business_date=on, now=datetime(2027, 1, 2, tzinfo=UTC))


def test_late_usage_and_re_rating_are_billed_by_zone(settings: object, tmp_path: Path) -> None:
    settings.ARCHIVE_DIR = tmp_path / "archive"  # type: ignore[attr-defined]
    build_operator(subscribers=1)
    night = Night(tmp_path / "in")
    night.load(
        call(id="a", dst="+79031234567"),
        call(id="b", at="2026-11-20 12:00:00", seconds="3600"),
        call(id="e", dst="81012125550101"),
    )
    night.load(call(id="c", at="2026-11-20 08:00:00", seconds="1800"))
    bill(date(2026, 12, 1))
    # The late call pays first and is free then; the hour after it pays half: nothing in sum.
    assert [(title, gross) for title, gross, _count in lines()] == [
        ("Звонки: country", "3.45"),
        ("Звонки: home", "36.00"),
        ("Звонки: usa", "21.49"),
    ]
    correct_voice()
    run = runs.start_rerating(
        selection=NOVEMBER, reason="x", request_id="r", actor="staff:1", now=NOW
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    runs.approve_rerating(
        run_id=run.pk,
        limit=Decimal(1000),
        business_date=date(2026, 12, 5),
        actor="staff:1",
        now=NOW,
    )
    runs.go_on_rerating(run_id=run.pk, now=NOW)
    bill(date(2027, 1, 1))
    assert [(title, gross) for title, gross, _count in lines()] == [
        ("Перерасчёт услуг связи: country", "3.45"),
        ("Перерасчёт услуг связи: home", "36.00"),
        ("Перерасчёт услуг связи: usa", "19.99"),
    ]
