"""
Priced rows to the ledger: one entry per account, batch and kind of usage (decision A5: sums only).
"""

from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from billing_project.kernel import binary_copy
from billing_project.kernel.lanes import side_by_side
from billing_project.kernel.operations import change_state
from rating import queries
from rating.domain.charges import Charges
from rating.models import BatchCharge, UsageBatch
from rating.operations.batches import Progress
from rating.operations.files import ACTOR
from tariffs.domain.deck import UsageKind

#: By kind of usage; 0 is what pricing again changed.
LEDGER_KIND: Final[dict[int, Kind]] = {
    0: Kind.USAGE_CORRECTION,
    UsageKind.VOICE: Kind.USAGE_VOICE,
    UsageKind.SMS: Kind.USAGE_SMS,
    UsageKind.DATA: Kind.USAGE_DATA,
    UsageKind.SESSION: Kind.USAGE_SESSION,
}
ACCOUNTS_AT_ONCE: Final = 25_000

#: Posted side by side: each locks its accounts in their order, so none waits in a ring.
POSTERS: Final = 2

TABLE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS rating_charge (
        account_id bigint NOT NULL, minor bigint NOT NULL, subscription_id bigint NOT NULL
    ) ON COMMIT DROP
"""
CHARGES: Final = """
    SELECT account_id, %s::bigint, -(minor::numeric / 100)::numeric(14, 2), %s::date,
           nullif(subscription_id, 0), NULL::jsonb
      FROM rating_charge
"""


class UnableToPostBatch(Exception):
    """The batch isn't priced to the end."""


def post_batch(*, batch_id: int, now: datetime, progress: Progress | None = None) -> int:
    """
    Post what a priced batch charges; return how many entries were made.

    The sums are made of its rows, which don't change any more; ranges of accounts are committed
    one by one, and posted ones recognised by their key. A posted batch makes no entries.
    """
    batch = UsageBatch.objects.get(pk=batch_id)
    if batch.state == UsageBatch.State.POSTED:
        return 0
    if batch.state != UsageBatch.State.PRICED:
        message = _("Batch %(batch)s is not priced to the end.")
        raise UnableToPostBatch(message % {"batch": batch_id})
    charges = queries.charges_of(batch_id)
    parts = list(charges.parts(ACCOUNTS_AT_ONCE))

    def post(part: Charges) -> tuple[int, int]:
        return _post(part, batch=batch, now=now), len(part)

    posted = done = 0
    for new, size in side_by_side(post, parts, lanes=POSTERS):
        posted += new
        done += size
        if progress:
            progress(done, len(charges))
    with transaction.atomic():
        moved = change_state(
            model=UsageBatch, ids=[batch_id], to=UsageBatch.State.POSTED, at=now, actor=ACTOR
        )
        UsageBatch.objects.filter(pk__in=moved).update(posted_at=now)
        BatchCharge.objects.filter(batch_id=batch_id).delete()
    return posted


def _post(part: Charges, *, batch: UsageBatch, now: datetime) -> int:
    """Post the charges of one kind for some accounts, in one transaction."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            # Inside an outer transaction the part before is still there.
            cursor.execute("DELETE FROM rating_charge")
            columns = (
                ("account_id", part.account_id),
                ("minor", part.amount),
                ("subscription_id", part.subscription_id),
            )
            binary_copy.copy_in(
                table="rating_charge",
                columns=[(name, "bigint", values) for name, values in columns],
            )
            cursor.execute("ANALYZE rating_charge")
        return accounts_operations.post_many(
            source_sql=CHARGES,
            params=[batch.pk, batch.business_date],
            kind=LEDGER_KIND[int(part.kind[0])],
            now=now,
            actor=ACTOR,
        )
