"""
What batches, files and priced rows say to the operations that go on with them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO, Final

from django.db import connection
from django.db.models import Max, Sum

from billing_project.kernel import binary_copy
from rating.domain.charges import Charges, added_up
from rating.domain.usage import Ints
from rating.models import BatchCharge, UsageBatch, UsageFile, UsageSource

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

#: What was added up when the rows were written, slice by slice.
KEPT: Final = """
    SELECT kind, account_id, minor, subscription_id FROM rating_batchcharge WHERE batch_id = %s
     ORDER BY account_id
"""

# The batch stands in a select of its own since statistics don't know it yet: named outright it is
# taken for a single row, and counted by one process.
TOTALS: Final = """
    SELECT kind, count(*), count(*) FILTER (WHERE revision = 0), sum(amount)
      FROM rating_pricedusage WHERE batch_id = (SELECT %s::bigint)
     GROUP BY kind ORDER BY kind
"""

CORRECTED: Final = """
    SELECT count(*) FROM rating_usagecorrection
     WHERE batch_id = %s AND revision > 0 AND NOT is_withdrawn
"""


@dataclass(frozen=True, slots=True)
class KindTotal:
    """The rows of a batch of one kind: all, those that are not of pricing again, their amount."""

    kind: int
    rows: int
    first_rows: int
    amount: Decimal


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
    types = ["smallint", "bigint", "bigint", "bigint"]
    kept = Charges(*binary_copy.copy_out(sql=KEPT, params=[batch_id], types=types))
    if len(kept):
        return added_up(kept)
    return Charges(*binary_copy.copy_out(sql=SUMS, params=[batch_id], types=types))


def kept_sums(batch_id: int) -> dict[int, Decimal]:
    """Return by kind of usage what was added up when the rows of a batch were written."""
    sums = BatchCharge.objects.filter(batch_id=batch_id).values_list("kind")
    found = sums.annotate(minor=Sum("minor")).order_by("kind")
    return {kind: Decimal(int(minor)).scaleb(-2) for kind, minor in found}


def totals_of(batch_id: int) -> list[KindTotal]:
    """Return numbers of rows and amounts of a batch by kind of usage."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, [batch_id])
        return [KindTotal(*row) for row in cursor.fetchall()]


def count_corrected(batch_id: int) -> int:
    """Count the corrected records of a batch that others had priced before."""
    with connection.cursor() as cursor:
        cursor.execute(CORRECTED, [batch_id])
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


def newest_business_date() -> date | None:
    """Return the newest day that usage was charged on, or is to be."""
    newest: date | None = UsageBatch.objects.aggregate(newest=Max("business_date"))["newest"]
    return newest


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
