"""
Priced rows to the ledger: one entry per account, batch and kind of usage (decision A5: sums only).
"""

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts_operations
from accounts.domain.kinds import Kind
from billing_project.kernel.operations import change_state
from rating import queries
from rating.models import UsageBatch
from rating.operations.batches import Progress
from rating.operations.files import ACTOR
from rating.queries.batches import Charges
from tariffs.domain.deck import UsageKind

#: By kind of usage; 0 is what pricing again changed.
LEDGER_KIND: Final[dict[int, Kind]] = {
    0: Kind.USAGE_CORRECTION,
    UsageKind.VOICE: Kind.USAGE_VOICE,
    UsageKind.SMS: Kind.USAGE_SMS,
    UsageKind.DATA: Kind.USAGE_DATA,
    UsageKind.SESSION: Kind.USAGE_SESSION,
}
ACCOUNTS_AT_ONCE: Final = 50_000

CHARGES: Final = """
    SELECT account_id, %s::bigint, -(minor::numeric / 100)::numeric(14, 2), %s::date,
           nullif(subscription_id, 0), NULL::jsonb
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])
           AS c (account_id, minor, subscription_id)
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
    posted = done = 0
    for part in charges.parts(ACCOUNTS_AT_ONCE):
        posted += _post(part, batch_id=batch_id, business_date=batch.business_date, now=now)
        done += len(part)
        if progress:
            progress(done, len(charges))
    with transaction.atomic():
        moved = change_state(
            model=UsageBatch, ids=[batch_id], to=UsageBatch.State.POSTED, at=now, actor=ACTOR
        )
        UsageBatch.objects.filter(pk__in=moved).update(posted_at=now)
    return posted


def _post(part: Charges, *, batch_id: int, business_date: date, now: datetime) -> int:
    """Post the charges of one kind for some accounts, in one transaction."""
    with transaction.atomic():
        return accounts_operations.post_many(
            source_sql=CHARGES,
            params=[
                batch_id,
                business_date,
                part.account_id.tolist(),
                part.amount.tolist(),
                part.subscription_id.tolist(),
            ],
            kind=LEDGER_KIND[int(part.kind[0])],
            now=now,
            actor=ACTOR,
        )
