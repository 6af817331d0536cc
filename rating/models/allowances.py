"""
How much of their allowances subscriptions have used.
"""

from django.db import models


class AllowanceUse(models.Model):
    """How much of an allowance a subscription used in a month (`yyyymm` of local time)."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    month = models.IntegerField()
    granted = models.BigIntegerField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "month"],
                name="allowanceuse_once",
            ),
            models.CheckConstraint(
                condition=models.Q(used__gte=0, used__lte=models.F("granted")),
                name="allowanceuse_within_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.month}: {self.used}"
