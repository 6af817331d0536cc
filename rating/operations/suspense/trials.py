"""
What would happen to suspended records if they were priced now: through the same core, no effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from rating import queries
from rating.domain.intake import Intake
from rating.domain.selections import Selection
from rating.models import SuspenseRecord
from rating.operations.batches import make_pricer
from rating.operations.reading import BatchUsage, Problem
from rating.operations.slices import PricedSlice
from rating.operations.suspense.reading import SuspendedLines

#: Trial by one call: a page that answers while one waits for it.
TRIED_AT_ONCE: Final = 2_000
VERDICTS: Final = ("priced", "still_bad", "duplicate", "not_charged", "replaces")
CENTS: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Trial:
    """
    What would become of a record: `priced`, `still_bad`, `duplicate`, `not_charged`, or `replaces`:
    a corrected record, which takes the place of an earlier one; what then changes is not tried.

    Of a priced one the amount (positive for a charge) with its zone, plan version and account;
    of a bad one the reason and what was found. `started_at` and on are None where nothing was read.
    """

    record: SuspenseRecord
    verdict: str
    reason: str = ""
    detail: str = ""
    amount: Decimal = Decimal(0)
    account_id: int = 0
    subscription_id: int = 0
    zone_id: int = 0
    plan_version_id: int = 0
    allowance_used: int = 0
    kind: int = 0
    quantity: int = 0
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """The records tested one by one, with counts by verdict and the sum that would be charged."""

    records: list[Trial]
    counts: dict[str, int]
    amount: Decimal


def try_pricing(
    *, record_ids: Iterable[int], now: datetime, corrected: Mapping[int, str] | None = None
) -> Trials:
    """
    Try at most TRIED_AT_ONCE records, in whatever state, and answer in the order of their ids.

    `corrected` gives lines that stand in for those of some records. Allowances are looked at as
    they are now. Nothing is written: what pricing prepares is rolled back.
    """
    ids = sorted(set(record_ids))[:TRIED_AT_ONCE]
    records = queries.suspended_by_ids(ids)
    work = SuspendedLines(records, corrected or {})
    with transaction.atomic():
        found = _try(work, now)
        transaction.set_rollback(True)
    tested = [found[record.pk] for record in records]
    counts = dict.fromkeys(VERDICTS, 0)
    for each in tested:
        counts[each.verdict] += 1
    return Trials(tested, counts, sum((each.amount for each in tested), Decimal(0)))


def try_selection(*, selection: Selection, now: datetime) -> Trials:
    """Try the first TRIED_AT_ONCE records of a selection."""
    records = queries.list_suspense(selection=selection, limit=TRIED_AT_ONCE)
    return try_pricing(record_ids=[record.pk for record in records], now=now)


def _try(work: SuspendedLines, now: datetime) -> dict[int, Trial]:
    intake, problems = work.parse()
    # Batch 0 has no rows: nothing counts as priced by an earlier run of it.
    usage = work.sort_out(intake, problems=problems, batch_id=0, now=now)
    found = {record.pk: Trial(record, "not_charged") for record in work.records}
    for record in _records_of(work, intake):
        found[record.pk] = Trial(record, "duplicate")
    for record in _records_of(work, work.corrected.intake):
        found[record.pk] = Trial(record, "replaces")
    problems = list(usage.problems)
    if usage.span is not None:
        ready = _price(work, usage)
        found.update(_priced(work, usage.to_price, ready))
        problems += ready.problems
    found.update(_bad(work, problems))
    return found


def _price(work: SuspendedLines, usage: BatchUsage) -> PricedSlice:
    return make_pricer(usage, batch_id=0, file_ids=work.file_ids).price(usage.to_price)


def _records_of(work: SuspendedLines, intake: Intake) -> list[SuspenseRecord]:
    places = zip(intake.file.tolist(), intake.line.tolist(), strict=True)
    return [work.by_place[place] for place in places]


def _bad(work: SuspendedLines, problems: Iterable[Problem]) -> dict[int, Trial]:
    found = {}
    for problem in problems:
        record = work.by_place[problem.file, problem.line]
        found[record.pk] = Trial(
            record, "still_bad", reason=problem.reason.value, detail=problem.detail
        )
    return found


def _priced(work: SuspendedLines, intake: Intake, ready: PricedSlice) -> dict[int, Trial]:
    keys = zip(intake.source_id.tolist(), intake.record_key.tolist(), strict=True)
    by_key = dict(zip(keys, _records_of(work, intake), strict=True))
    columns = {name: values.tolist() for name, _type, values in ready.rows}
    found = {}
    for row in range(ready.priced):
        one = {name: values[row] for name, values in columns.items()}
        record = by_key[one["source_id"], one["record_key"]]
        found[record.pk] = _trial(record, one)
    return found


def _trial(record: SuspenseRecord, row: Mapping[str, Any]) -> Trial:
    names = ("account_id", "subscription_id", "zone_id", "plan_version_id", "allowance_used")
    return Trial(
        record,
        "priced",
        amount=row["amount"] * CENTS,
        kind=row["kind"],
        quantity=row["quantity"],
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        **{name: row[name] for name in names},
    )
