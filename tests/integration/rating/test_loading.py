"""A folder loaded by command or task: received, priced, posted, told."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from accounts.models.ledger import LedgerEntry
from rating import operations, tasks
from rating.models import PricedUsage, UsageBatch
from tests.integration.rating.night import DAY, NOW, Night, call

ABROAD = {"dst": "81012125550101"}


def recent(**changes: str) -> str:
    """A call abroad an hour ago: commands and tasks read the clock."""
    at = timezone.localtime() - timedelta(hours=1)
    return call(at=f"{at:%Y-%m-%d %H:%M:%S}", **{**ABROAD, **changes})


def test_the_command_tells_what_became_of_every_record(night: Night) -> None:
    night.bring(recent(), recent(), recent(id="2", seconds="x"), recent(id="3", disposition="BUSY"))
    night.bring(recent(id="9"), source="nobody")
    out = StringIO()
    with translation.override("en"):
        call_command("load_usage", str(night.folder), stdout=out, stderr=StringIO())
    text = out.getvalue()
    assert "New files: 1" in text
    assert "Refused: nobody/file-1.csv: No source has a folder of this name." in text
    assert "4 = 1 priced + 1 duplicates + 1 not chargeable + 1 in suspense" in text
    assert "bad duration or quantity: 1" in text
    assert "Ledger entries: 1" in text
    assert UsageBatch.objects.get().business_date == timezone.localdate()


def test_the_command_again_charges_nothing(night: Night) -> None:
    night.bring(recent())
    for _again in range(2):
        out = StringIO()
        with translation.override("en"):
            call_command("load_usage", str(night.folder), stdout=out, stderr=StringIO())
    assert "Seen before: msc-1/file-0.csv" in out.getvalue()
    assert "Ledger entries: 0" in out.getvalue()
    assert (PricedUsage.objects.count(), LedgerEntry.objects.count()) == (1, 1)


@pytest.mark.usefixtures("operator")
def test_the_command_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("load_usage", str(tmp_path / "nowhere"))


def test_the_task_loads_the_folder_of_the_settings(night: Night, settings: object) -> None:
    settings.USAGE_DIR = night.folder  # type: ignore[attr-defined]
    tasks.load_usage()
    assert not UsageBatch.objects.exists()
    night.bring(recent())
    tasks.load_usage()
    assert LedgerEntry.objects.count() == 1


def test_an_unfinished_batch_is_finished_first(night: Night) -> None:
    night.bring(call(**ABROAD))
    first = night.price()
    night.bring(call(id="2", **ABROAD))
    loaded = operations.load_usage(folder=night.folder, business_date=DAY, now=NOW)
    assert loaded.reports[0].batch_id == first.batch_id
    assert (len(loaded.reports), loaded.entries) == (2, 2)


def test_progress_is_told_by_step(night: Night) -> None:
    night.bring(*(call(id=str(place), **ABROAD) for place in range(5)))
    steps = []
    operations.load_usage(
        folder=night.folder,
        business_date=DAY,
        now=NOW,
        watch=lambda step, done, total: steps.append((step, done, total)),
    )
    assert steps == [("receive", 1, 1), ("price", 5, 5), ("post", 1, 1)]
