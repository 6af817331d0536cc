"""
Corrections by hand, each with its reason: write-offs, reversals of entries, opening balances.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.contracts import Account
from billing_project.kernel.models import AppendOnly, Approval


class WriteOffRun(models.Model):
    """
    Old debts of closed accounts written off together: selected, looked at, approved, posted.

    What was selected are its lines; `accounts` and `amount` are their totals.
    """

    class State(models.TextChoices):
        PREVIEWED = "previewed", _("previewed")
        APPROVED = "approved", _("being posted")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    MOVES = {
        State.APPROVED: (State.PREVIEWED,),
        State.DONE: (State.APPROVED,),
        State.CANCELLED: (State.PREVIEWED,),
    }

    closed_before = models.DateField(_("closed before"))
    most = models.DecimalField(_("debt of at most"), max_digits=14, decimal_places=2, null=True)
    reason = models.CharField(_("reason"), max_length=200)
    request_id = models.CharField(max_length=64, unique=True)
    accounts = models.IntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    state = models.CharField(max_length=12, choices=State, default=State.PREVIEWED)
    approval = models.OneToOneField(Approval, on_delete=models.PROTECT, null=True)
    business_date = models.DateField(null=True)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=60, default="", blank=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("write-off of old debts")
        verbose_name_plural = _("write-offs of old debts")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["previewed", "approved", "done", "cancelled"]),
                name="writeoffrun_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"write-off run {self.pk}"


class WriteOffLine(models.Model):
    """An account selected by a run, with what it owed then: no more is ever written off."""

    run = models.ForeignKey(WriteOffRun, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "run"], name="writeoffline_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="writeoffline_amount_positive"),
        ]
        indexes = [models.Index(fields=["run", "account"], name="writeoffline_of_run")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount}"


class WriteOff(AppendOnly):
    """A debt, or a part of it, given up. `request_id` comes with the form or the run."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=200)
    request_id = models.CharField(max_length=64)
    run = models.ForeignKey(WriteOffRun, on_delete=models.PROTECT, null=True, related_name="+")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    business_date = models.DateField()
    written_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="writeoff_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="writeoff_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"write-off {self.pk}"


class EntryReversal(AppendOnly):
    """An entry taken back by hand, whole and once; `entry_id`, `entry_date` name it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reversals")
    entry_id = models.BigIntegerField()
    entry_date = models.DateField()
    kind = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=200)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    business_date = models.DateField()
    reversed_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "entry_id"], name="entryreversal_once"),
        ]

    def __str__(self) -> str:
        return f"reversal of entry {self.entry_id}"


class OpeningBalance(AppendOnly):
    """What an account came with from another system. `reference` names it there."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="openings")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    reference = models.CharField(_("reference"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    business_date = models.DateField()
    opened_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "reference"], name="openingbalance_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="openingbalance_amount_not_zero"),
        ]

    def __str__(self) -> str:
        return f"opening balance of {self.account_id}"
