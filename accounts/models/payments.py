"""
Money from outside, stored as it came; its effect is a ledger entry.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.contracts import Account
from billing_project.kernel.models import AppendOnly, Approval


class Payment(models.Model):
    """One payment. Never changed but for `state`; a reversal is an entry of its own."""

    class State(models.TextChoices):
        POSTED = "posted", _("credited")
        REVERSED = "reversed", _("reversed")

    MOVES = {State.REVERSED: (State.POSTED,)}

    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,  # with the moment, below
    )
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="RUB")
    gateway = models.CharField(_("paid through"), max_length=24)
    external_id = models.CharField(_("payer system's id"), max_length=80)
    paid_at = models.DateTimeField(_("paid at"))
    business_date = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.POSTED)
    comment = models.CharField(_("comment"), max_length=200, blank=True, default="")
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="payment_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["posted", "reversed"]), name="payment_state_known"
            ),
        ]
        indexes = [models.Index(fields=["account", "-paid_at"], name="payment_of_account")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.external_id}"


class PaymentReference(models.Model):
    """Registry: one effect per (gateway, external id), whichever account it went to."""

    gateway = models.CharField(max_length=24)
    external_id = models.CharField(max_length=80)
    account_id = models.BigIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"], name="paymentreference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.external_id}"


class Adjustment(AppendOnly):
    """
    A correction of a balance by hand, with its reason. Above the agent's limit it follows an
    approval. `request_id` comes with the form, so that a double click adjusts once.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="adjustments")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=250)
    request_id = models.CharField(max_length=64)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    business_date = models.DateField()
    adjusted_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="adjustment_once"),
            models.UniqueConstraint(
                fields=["account", "approval"], name="adjustment_once_per_approval"
            ),
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="adjustment_amount_not_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"


class Transfer(AppendOnly):
    """Money moved between two accounts of one customer: two entries, one on each."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transfers_out")
    to_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transfers_in")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    request_id = models.CharField(max_length=64)
    business_date = models.DateField()
    transferred_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="transfer_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="transfer_amount_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(account=models.F("to_account")), name="transfer_to_another"
            ),
        ]

    def __str__(self) -> str:
        return f"transfer {self.pk}"
