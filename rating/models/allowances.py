"""
What is counted from batch to batch: allowances used, and running totals without a limit.
"""

from django.db import models


class AllowanceUse(models.Model):
    """
    How much of an allowance a subscription used in a period.

    `period` is its first day in the operator's calendar as yyyymmdd (a week's is Monday), 0 for
    what is granted once. Units times the allowance's factor, minor units of money. Left is granted
    + carried − used; `carried` is negative where what was left has moved to the next period.
    """

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    period = models.IntegerField()
    granted = models.BigIntegerField()
    carried = models.BigIntegerField(default=0, db_default=0)
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "period"],
                name="allowanceuse_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    used__gte=0, used__lte=models.F("granted") + models.F("carried")
                ),
                name="allowanceuse_within_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.period}: {self.used}"


class RunningTotal(models.Model):
    """
    A quantity that adds up over a period without a limit, and that pricing goes on from.

    `meter` is a `rating.domain.counters.Meter`: what a monthly price model has counted (`number` is
    the price model), or what a member took of a shared allowance (`number` is the allowance).
    """

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    meter = models.SmallIntegerField()
    number = models.IntegerField()
    period = models.IntegerField()
    quantity = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "meter", "number", "period"],
                name="runningtotal_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.meter}/{self.number} {self.period}: {self.quantity}"
