"""
Priced usage: the sub-ledger, what covered it, and the records that were delivered corrected.
"""

from django.db import models

from billing_project.kernel.models import AppendOnly


class PricedUsage(AppendOnly):
    """
    One price of a usage record: the sub-ledger. Partitioned by month of `started_at`.

    Real key (account_id, started_at, source_id, record_key, revision), decision A6; `id` has no
    index. Codes: `kind` as `tariffs.domain.deck`; numbers are E.164 digits as integers, 0 = none.
    The explanation is rendered on read by the scalar twin from these columns.

    Even revisions are prices, odd ones reversals of the one before (quantity, billed,
    allowance_used and amount negated): all rows add up to what the record costs now. In force is
    the newest revision of its place, unless that is a reversal. The numbers of a record go on where
    a correction moves it to another account or moment.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    source_id = models.SmallIntegerField()
    record_key = models.BigIntegerField()
    revision = models.SmallIntegerField(default=0)
    batch_id = models.BigIntegerField()
    file_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    kind = models.SmallIntegerField()
    other_number = models.BigIntegerField(default=0)
    zone_id = models.SmallIntegerField()
    band_id = models.IntegerField()
    plan_version_id = models.IntegerField()
    deck_version_id = models.IntegerField()
    quantity = models.BigIntegerField()
    billed = models.BigIntegerField()
    allowance_id = models.IntegerField(default=0)
    allowance_used = models.BigIntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.source_id}/{self.record_key}"


class UsageCover(AppendOnly):
    """
    What one price of a record took out of one counter, where the priced row doesn't tell: out of
    more than one allowance, out of money, out of somebody else's. Partitioned as the rows are.

    Real key: that of the row, owner and allowance. `subscription_id` is the row's, `owner_id` is the subscription whose counter it
    is, in `owner_account_id`; `period` as of AllowanceUse; reversals have `used` negated.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    source_id = models.SmallIntegerField()
    record_key = models.BigIntegerField()
    revision = models.SmallIntegerField(default=0)
    subscription_id = models.BigIntegerField()
    owner_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    owner_account_id = models.BigIntegerField()
    period = models.IntegerField()
    batch_id = models.BigIntegerField()
    used = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.source_id}/{self.record_key}: {self.allowance_id}"


class UsageCorrection(models.Model):
    """
    A record delivered with a correction number above 0 that was accepted: the highest one counts.

    The record now lies at (account_id, started_at) with `revision`. A withdrawn one stays where it
    was, with the reversal's revision, or -1 if nothing of it was priced yet.
    """

    source_id = models.SmallIntegerField()
    record_key = models.BigIntegerField()
    correction = models.IntegerField()
    account_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    revision = models.SmallIntegerField()
    is_withdrawn = models.BooleanField(default=False)
    batch_id = models.BigIntegerField()
    file_id = models.BigIntegerField()
    line = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_id", "record_key", "correction"], name="usagecorrection_once"
            ),
        ]
        indexes = [models.Index(fields=["batch_id"], name="usagecorrection_of_batch")]

    def __str__(self) -> str:
        return f"{self.source_id}/{self.record_key} correction {self.correction}"


class BatchSpan(models.Model):
    """The first and the last start of a batch's records: what comes in between later is late."""

    batch_id = models.BigIntegerField(primary_key=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.first_at} – {self.last_at}"
