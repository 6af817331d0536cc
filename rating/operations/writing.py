"""
What a pricing run writes: slices of priced rows with their allowances, suspense, the final counts.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing_project.kernel import binary_copy
from rating.domain.allowances import AllowanceCounters
from rating.domain.charges import Charges
from rating.domain.counters import Totals
from rating.models import SuspenseRecord, UsageBatch, UsageFile
from rating.operations.problems import Problem
from rating.operations.slices import PricedSlice, copy_covers, copy_rows

USED: Final = """
    INSERT INTO rating_allowanceuse AS u
        (account_id, subscription_id, allowance_id, period, granted, used)
    SELECT d.account_id, d.subscription_id, d.allowance_id, d.period, g.amount, d.used
      FROM rating_used d
      JOIN unnest(%s::integer[], %s::bigint[]) AS g (allowance_id, amount) USING (allowance_id)
     ORDER BY d.account_id, d.subscription_id, d.allowance_id, d.period
    ON CONFLICT (account_id, subscription_id, allowance_id, period)
    DO UPDATE SET used = u.used + excluded.used
"""

COUNTED: Final = """
    INSERT INTO rating_runningtotal AS t
        (account_id, subscription_id, meter, number, period, quantity)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::integer[], %s::integer[],
                         %s::bigint[]) AS d
     ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, subscription_id, meter, number, period)
    DO UPDATE SET quantity = t.quantity + excluded.quantity
"""

SUSPEND: Final = """
    INSERT INTO rating_suspenserecord
        (file_id, line, reason, detail, raw, corrected, started_at, state, suspended_at, closed_by)
    SELECT file_id, line, reason, detail, raw, '', started_at, 'waiting', %s, ''
      FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::text[], %s::text[],
                  %s::timestamptz[])
           AS p (file_id, line, reason, detail, raw, started_at)
    ON CONFLICT (file_id, line) DO NOTHING
"""


class UnableToPriceBatch(Exception):
    """The batch isn't open any more, or its counts don't add up."""


def lock_open_batch(batch_id: int) -> UsageBatch:
    """
    Lock the batch until the transaction ends; raise UnableToPriceBatch unless it is open.

    A run that was killed may still be committing on the server: this waits for it.
    """
    return _open(UsageBatch.objects.select_for_update(no_key=True).get(pk=batch_id))


def _open(batch: UsageBatch) -> UsageBatch:
    if batch.state != UsageBatch.State.OPEN:
        message = _("Batch %(batch)s is priced already.")
        raise UnableToPriceBatch(message % {"batch": batch.pk})
    return batch


def write_slice(batch_id: int, ready: PricedSlice, *, granted: dict[int, int]) -> None:
    """Write priced rows and what they took from allowances in one transaction."""
    with transaction.atomic():
        _share_open_batch(batch_id)
        copy_rows(ready.rows)
        copy_covers(ready.covers)
        add_uses(ready.uses, granted)


def keep_charges(batch_id: int, charges: Charges) -> None:
    """Keep what rows charge, in the transaction that writes them: posting need not add them up."""
    if len(charges):
        binary_copy.copy_in(
            table="rating_batchcharge",
            columns=[
                ("batch_id", "bigint", np.full(len(charges), batch_id)),
                ("account_id", "bigint", charges.account_id),
                ("subscription_id", "bigint", charges.subscription_id),
                ("kind", "smallint", charges.kind),
                ("minor", "bigint", charges.amount),
            ],
        )


def _share_open_batch(batch_id: int) -> None:
    """As `lock_open_batch`, beside others that write slices of the same batch."""
    sql = "SELECT * FROM rating_usagebatch WHERE id = %s FOR SHARE"
    _open(UsageBatch.objects.raw(sql, [batch_id])[0])


def add_uses(uses: AllowanceCounters, granted: dict[int, int]) -> None:
    """Add what was used and counted to the counters; new ones get what is granted."""
    _add_totals(uses.totals)
    if not len(uses):
        return
    with connection.cursor() as cursor:
        # Inside an outer transaction the table of the slice before is still there.
        cursor.execute("""
            CREATE TEMPORARY TABLE IF NOT EXISTS rating_used (
                account_id bigint NOT NULL, subscription_id bigint NOT NULL,
                allowance_id integer NOT NULL, period integer NOT NULL, used bigint NOT NULL
            ) ON COMMIT DROP
        """)
        cursor.execute("DELETE FROM rating_used")
        binary_copy.copy_in(
            table="rating_used",
            columns=[
                ("account_id", "bigint", uses.account_id),
                ("subscription_id", "bigint", uses.subscription_id),
                ("allowance_id", "integer", uses.allowance_id),
                ("period", "integer", uses.period),
                ("used", "bigint", uses.used),
            ],
        )
        cursor.execute(USED, [list(granted), list(granted.values())])


def _add_totals(totals: Totals) -> None:
    if len(totals):
        names = ("account_id", "subscription_id", "meter", "number", "period", "quantity")
        with connection.cursor() as cursor:
            cursor.execute(COUNTED, [getattr(totals, name).tolist() for name in names])


def suspend(problems: Sequence[Problem], *, files: Sequence[UsageFile], now: datetime) -> None:
    """Put records, given with their lines, into suspense; each line of a file once."""
    columns: list[list[Any]] = [
        [files[problem.file].pk for problem in problems],
        [problem.line for problem in problems],
        [problem.reason.value for problem in problems],
        [problem.detail for problem in problems],
        [problem.raw or "" for problem in problems],
        [_moment(problem.started_at) for problem in problems],
    ]
    with connection.cursor() as cursor:
        cursor.execute(SUSPEND, [now, *columns])


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def count_files(files: Sequence[UsageFile], counts: dict[str, npt.NDArray[np.int64]]) -> None:
    """Write the counters of files, given by name of the field and position of the file."""
    for position, file in enumerate(files):
        for name, values in counts.items():
            setattr(file, name, int(values[position]))
    UsageFile.objects.bulk_update(files, list(counts), batch_size=500)


def waiting(ids: Iterable[int]) -> list[SuspenseRecord]:
    """Lock and return those of the records that wait, with their files and sources."""
    records = SuspenseRecord.objects.filter(pk__in=list(ids), state=SuspenseRecord.State.WAITING)
    locked = records.select_for_update(no_key=True, of=("self",))
    return list(locked.select_related("file__source").order_by("pk"))
