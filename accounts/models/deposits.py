"""
Deposits: a customer's money that the operator keeps apart from the balance.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account
from accounts.models.services import Subscription


class Deposit(models.Model):
    """
    Money taken from a balance and kept, for a service or the account, until it is returned.

    The ledger moves it against the contra account «deposits»: DEPOSIT and DEPOSIT_RETURN, ref = its
    id. It is no part of the balance and can't be spent. `debt` is what of it paid the final bill
    when it was returned. `request_id` makes it be taken once.
    """

    class State(models.TextChoices):
        HELD = "held", _("kept")
        RETURNED = "returned", _("returned")

    MOVES: ClassVar = {"returned": ("held",)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="deposits")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, related_name="deposits"
    )
    plan_version_id = models.BigIntegerField(null=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.HELD)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    request_id = models.CharField(max_length=80)
    taken_on = models.DateField(_("taken on"))
    taken_at = models.DateTimeField()
    returned_on = models.DateField(_("returned on"), null=True)
    returned_at = models.DateTimeField(null=True)
    debt = models.DecimalField(_("went against debt"), max_digits=14, decimal_places=2, null=True)
    return_reason = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="deposit_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="deposit_positive"),
            models.CheckConstraint(
                condition=models.Q(state="held")
                | models.Q(state="returned", debt__isnull=False, returned_on__isnull=False),
                name="deposit_returned_has_day",
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=models.Q(state="held"), name="deposit_held"),
        ]

    def __str__(self) -> str:
        return f"deposit {self.pk} of {self.account_id}"
