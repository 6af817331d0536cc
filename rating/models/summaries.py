"""
Narrow sums for charts, alarms and estimates: filled once per posted batch, and once a day.
"""

from django.db import models


class SummarisedBatch(models.Model):
    """The mark that a posted batch is in the sums; rows of a posted batch never change."""

    batch_id = models.BigIntegerField(primary_key=True)
    summarised_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.batch_id)


class UsageSummary(models.Model):
    """Priced usage of a batch by local day and hour of its start, source, kind and zone."""

    batch_id = models.BigIntegerField()
    day = models.DateField()
    hour = models.SmallIntegerField()
    source_id = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    zone_id = models.IntegerField()
    records = models.BigIntegerField()
    quantity = models.BigIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch_id", "day", "hour", "source_id", "kind", "zone_id"],
                name="usagesummary_once",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="usagesummary_day")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.day} {self.hour}"


class IntakeSummary(models.Model):
    """
    Records that came with a batch, by source, and how many of them went into suspense and why.

    The row without a reason counts all records of the source, and its files.
    """

    batch_id = models.BigIntegerField()
    business_date = models.DateField()
    source_id = models.SmallIntegerField()
    reason = models.CharField(max_length=32, blank=True, default="")
    records = models.BigIntegerField()
    files = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch_id", "source_id", "reason"], name="intakesummary_once"
            ),
        ]
        indexes = [models.Index(fields=["business_date"], name="intakesummary_day")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.source_id} {self.reason}"


class SuspenseLevel(models.Model):
    """How many records of a source waited for a reason when a business day was closed."""

    business_date = models.DateField()
    source_id = models.SmallIntegerField()
    reason = models.CharField(max_length=32)
    records = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["business_date", "source_id", "reason"], name="suspenselevel_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.source_id} {self.reason}"
