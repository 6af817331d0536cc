"""A folder loaded by command or task: received, priced, posted, told."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from accounts.models.ledger import LedgerEntry
from billing_project.invariants import broken_promises
from invoicing.queries import billing
from rating import operations, tasks
from rating.models import PricedUsage, UsageBatch, UsageFile
from rating.operations import days
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


def refusal_of(command: str, *terms: str) -> str:
    with translation.override("en"), pytest.raises(CommandError) as refused:
        call_command(command, *terms, stdout=StringIO(), stderr=StringIO())
    return str(refused.value)


def test_no_command_charges_a_day_that_is_yet_to_come(night: Night) -> None:
    night.bring(recent())
    day = f"{timezone.localdate() + timedelta(days=1)}"
    said = "is yet to come."
    assert refusal_of("load_usage", str(night.folder), "--date", day).endswith(said)
    assert refusal_of("nightly", "--usage", str(night.folder), "--date", day).endswith(said)
    assert not UsageFile.objects.exists()


def test_no_command_charges_a_day_that_no_bill_looks_at(night: Night) -> None:
    today = timezone.localdate()
    UsageBatch.objects.create(business_date=today, opened_at=NOW, state="posted")
    night.bring(recent())
    last, former = (today - timedelta(days=late) for late in (days.LATE_DAYS, days.LATE_DAYS + 1))
    said = "is too long past: usage is charged up to"
    assert said in refusal_of("load_usage", str(night.folder), "--date", f"{former}")
    assert said in refusal_of("nightly", "--usage", str(night.folder), "--date", f"{former}")
    assert not UsageFile.objects.exists()
    out = StringIO()
    call_command("load_usage", str(night.folder), "--date", f"{last}", stdout=out, stderr=out)
    assert UsageBatch.objects.filter(business_date=last, state="posted").count() == 1
    assert LedgerEntry.objects.get().business_date == last
    assert not [broken for broken in broken_promises() if broken.app == "kernel"]


def test_bills_look_as_far_back_as_days_may_be_charged() -> None:
    assert days.LATE_DAYS == billing.LATE_DAYS
