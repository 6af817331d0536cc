"""
Money of a payment that goes back: refunds that we make, disputes that the payer's bank raises.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.acquiring import Acquirer
from accounts.models.contracts import Account
from accounts.models.payments import Payment
from billing_project.kernel.models import Approval


class Refund(models.Model):
    """
    Money of a payment given back: to its source through the acquirer, or by hand with a document.

    The row is first, the effect after: posted once the acquirer confirms. All refunds and disputes
    of a payment stay within it: the database refuses more.
    """

    class Way(models.TextChoices):
        SOURCE = "source", _("to the card it came from")
        CASH = "cash", _("in cash")
        BANK = "bank", _("by bank transfer")

    class State(models.TextChoices):
        CREATED = "created", _("to be sent")
        UNKNOWN = "unknown", _("outcome not known yet")
        SUCCEEDED = "succeeded", _("refunded")
        FAILED = "failed", _("not refunded")

    MOVES = {
        State.UNKNOWN: (State.CREATED,),
        State.SUCCEEDED: (State.CREATED, State.UNKNOWN),
        State.FAILED: (State.CREATED, State.UNKNOWN),
    }
    OPEN = (State.CREATED, State.UNKNOWN)

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    acquirer = models.ForeignKey(Acquirer, on_delete=models.PROTECT, null=True)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    way = models.CharField(max_length=12, choices=Way)
    document = models.CharField(_("document"), max_length=60, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=250)
    request_id = models.CharField(max_length=64)
    key = models.CharField(max_length=40, db_index=True)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=12, choices=State, default=State.CREATED)
    external_id = models.CharField(max_length=120, blank=True, default="", db_index=True)
    fault = models.CharField(max_length=120, blank=True, default="")
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="refund_once"),
            models.UniqueConstraint(
                fields=["account", "approval"], name="refund_once_per_approval"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=["created", "unknown", "succeeded", "failed"]),
                name="refund_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"],
                condition=models.Q(state__in=["created", "unknown"]),
                name="refund_to_look_at",
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"


class Chargeback(models.Model):
    """
    The payer disputes a payment at the bank. `claimed` is what the bank says, `amount` what is
    left of the payment to take: that leaves the account when the dispute is lost.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    MOVES = {State.WON: (State.OPEN,), State.LOST: (State.OPEN,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="chargebacks")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="chargebacks")
    acquirer = models.ForeignKey(Acquirer, on_delete=models.PROTECT, null=True)
    external_id = models.CharField(max_length=120)
    claimed = models.DecimalField(max_digits=14, decimal_places=2)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    reason = models.CharField(max_length=120, blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("chargeback")
        verbose_name_plural = _("chargebacks")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "payment", "external_id"], name="chargeback_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, claimed__gt=0), name="chargeback_amounts"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "won", "lost"]),
                name="chargeback_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"chargeback {self.pk}"
