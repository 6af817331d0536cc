"""
Money from outside, stored as it came; its effect is a ledger entry.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.contracts import Account


class Payment(models.Model):
    """One payment. Never changed but for `state`; a reversal is an entry of its own."""

    class State(models.TextChoices):
        POSTED = "posted", _("credited")
        REVERSED = "reversed", _("reversed")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
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
            models.UniqueConstraint(fields=["gateway", "external_id"], name="paymentreference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.external_id}"
