"""
What batches, files and priced rows say to the operations that go on with them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import IO, Final

import numpy as np
from django.db import connection

from billing_project.kernel import binary_copy
from rating.domain.usage import Ints
from rating.models import UsageBatch, UsageFile, UsageSource

EXISTING: Final = """
    SELECT record_key, batch_id FROM rating_pricedusage
     WHERE source_id = %s AND revision = 0 AND ({periods})
"""
PERIOD: Final = "(started_at >= to_timestamp(%s) AND started_at < to_timestamp(%s))"

SHARED: Final = """
    SELECT DISTINCT o.account_id, s.account_id
      FROM rating_allowancegroupmember m
      JOIN rating_allowancegroup g ON g.id = m.group_id
      JOIN accounts_subscription o ON o.id = g.owner_id
      JOIN accounts_subscription s ON s.id = m.subscription_id
     WHERE o.account_id <> s.account_id
"""

#: Kind 0 is what pricing again changed.
SUMS: Final = """
    SELECT (CASE WHEN revision = 0 THEN kind ELSE 0 END)::smallint, account_id, (sum(amount) * 100)::bigint,
           CASE WHEN min(subscription_id) = max(subscription_id)
                THEN min(subscription_id) ELSE 0 END
      FROM rating_pricedusage WHERE batch_id = %s
     GROUP BY 1, account_id HAVING sum(amount) <> 0
     ORDER BY 1, account_id
"""

TOTALS: Final = """
    SELECT kind, count(*), sum(amount) FROM rating_pricedusage WHERE batch_id = %s
     GROUP BY kind ORDER BY kind
"""


#: Corrected records have a row of revision 0 only if nothing of them was priced before.
PRICED: Final = """
    SELECT (SELECT count(*) FROM rating_pricedusage WHERE batch_id = %(batch)s AND revision = 0)
         + (SELECT count(*) FROM rating_usagecorrection
             WHERE batch_id = %(batch)s AND revision > 0 AND NOT is_withdrawn)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Charges:
    """Amounts of a batch in minor units, one per kind of usage and account, in that order."""

    kind: Ints
    account_id: Ints
    amount: Ints
    subscription_id: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def parts(self, size: int) -> Iterator["Charges"]:
        """Yield the charges by kind, at most so many at once."""
        for kind in np.unique(self.kind):
            rows = np.flatnonzero(self.kind == kind)
            for start in range(0, len(rows), size):
                some = rows[start : start + size]
                yield Charges(*(getattr(self, column.name)[some] for column in fields(self)))


def priced_before(
    *, source_id: int, periods: Sequence[tuple[int, int]], stream: IO[bytes]
) -> Iterator[list[Ints]]:
    """
    Yield record keys and batches of what is priced of a source in periods [first, stop).

    They come in portions by way of the stream, an empty file that may be written to.
    """
    where = " OR ".join([PERIOD] * len(periods))
    yield from binary_copy.copy_out_by(
        stream,
        sql=EXISTING.format(periods=where),
        params=[source_id, *(moment for period in periods for moment in period)],
        types=["bigint", "bigint"],
    )


def list_shared_accounts() -> list[tuple[int, int]]:
    """List pairs of accounts, services of which share or shared an allowance."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED)
        return list(cursor.fetchall())


def charges_of(batch_id: int) -> Charges:
    """Return what a batch charges whom; accounts that owe nothing are not in it."""
    return Charges(
        *binary_copy.copy_out(
            sql=SUMS, params=[batch_id], types=["smallint", "bigint", "bigint", "bigint"]
        )
    )


def totals_of(batch_id: int) -> list[tuple[int, int, Decimal]]:
    """Return kind of usage, number of rows and amount of a batch."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, [batch_id])
        return list(cursor.fetchall())


def count_priced(batch_id: int) -> int:
    """Count the records that a batch priced, each once; not what it priced again."""
    with connection.cursor() as cursor:
        cursor.execute(PRICED, {"batch": batch_id})
        return int(cursor.fetchone()[0])


def list_batch_files(batch_id: int) -> list[UsageFile]:
    """Return the files of a batch with their sources, in the order in which they count."""
    files = UsageFile.objects.filter(batch_id=batch_id, source__isnull=False)
    return list(files.select_related("source").order_by("id"))


def list_batches(*, state: str) -> list[int]:
    """
    List the batches in a state (open, priced), oldest first: what nights left to do.

    The open one of a re-rating is none of it: that is priced by its run.
    """
    batches = UsageBatch.objects.filter(state=state)
    if state == UsageBatch.State.OPEN:
        batches = batches.filter(rerate_run__isnull=True)
    return list(batches.order_by("pk").values_list("pk", flat=True))


def find_batch_of_day(business_date: date) -> UsageBatch | None:
    """Return the batch of a business day that is not finished, else its newest one."""
    batches = UsageBatch.objects.filter(business_date=business_date, rerate_run__isnull=True)
    unfinished = batches.exclude(state=UsageBatch.State.POSTED).order_by("id").first()
    return unfinished or batches.order_by("-id").first()


def has_rows(batch_id: int) -> bool:
    """Whether anything of the batch is priced already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM rating_pricedusage WHERE batch_id = %s)", [batch_id]
        )
        return bool(cursor.fetchone()[0])


def sources_by_code() -> dict[str, UsageSource]:
    """Return all sources by the name of their folder."""
    return {source.code: source for source in UsageSource.objects.order_by("id")}
