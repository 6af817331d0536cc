"""
The ledger: entries, their keys, balances, crossings, month-end snapshots.

Written only by the SQL of `accounts` (accounts/sql); the rules are decisions A1, A2, A3, A5, A7.
Not re-exported by `accounts.models`.
"""

from django.db import models
from django.db.models.functions import Now

from billing_project.kernel.models import AppendOnly


class LedgerEntry(AppendOnly):
    """
    A transfer between a personal account and a contra account; the account's side is `amount`
    (credit positive, charge negative), the contra side is minus that.

    Partitioned by month of `business_date`; real key (account_id, business_date, id). `kind`,
    `contra` and `fund` are codes of `accounts.domain.kinds`. Uniqueness is PostingKey's.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    business_date = models.DateField()
    kind = models.SmallIntegerField()
    ref = models.BigIntegerField()
    contra = models.SmallIntegerField()
    fund = models.SmallIntegerField(default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    posted_at = models.DateTimeField()
    about_subscription_id = models.BigIntegerField(null=True)
    reverses_id = models.BigIntegerField(null=True)
    reverses_date = models.DateField(null=True)
    explanation = models.JSONField(null=True)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"entry {self.pk} of account {self.account_id}"


class PostingKey(models.Model):
    """The only home of ledger idempotency: real key (account_id, kind, ref)."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    kind = models.SmallIntegerField()
    ref = models.BigIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    business_date = models.DateField()

    def __str__(self) -> str:
        return f"{self.account_id}/{self.kind}/{self.ref}"


class AccountBalance(models.Model):
    """
    The narrow hot row of an account. fillfactor 45, no index but its key.

    `floor` is how far below zero the money may go (credit limit + promise + disputed), as a positive
    number. [watch_low, watch_high) is the interval of money in which the present access stays right.
    """

    account_id = models.BigIntegerField(primary_key=True)
    money = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    bonus = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    held = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    floor = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    watch_low = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    watch_high = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    def __str__(self) -> str:
        return f"balance of {self.account_id}"


class BalanceCrossing(models.Model):
    """A balance left its interval; dunning drains these and decides anew."""

    account_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"crossing of {self.account_id}"


class BalanceSnapshot(models.Model):
    """Balance of an account at the end of a month, so that «as of» needs no old partitions."""

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    month = models.DateField()
    money = models.DecimalField(max_digits=14, decimal_places=2)
    bonus = models.DecimalField(max_digits=14, decimal_places=2)
    held = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id", "month"], name="balancesnapshot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} at {self.month}"
