"""
Priced usage: the sub-ledger.
"""

from django.db import models

from billing_project.kernel.models import AppendOnly


class PricedUsage(AppendOnly):
    """
    One usage record with its amount: the sub-ledger. Partitioned by month of `started_at`.

    Real key (account_id, started_at, source_id, record_key, revision), decision A6; `id` has no
    index. Codes: `kind` as `tariffs.domain.deck`; numbers are E.164 digits as integers, 0 = none.
    The explanation is rendered on read by the scalar twin from these columns.
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
