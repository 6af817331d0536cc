"""
Notices of money from outside: stored as they came before they have an effect.
"""

from typing import Final

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.domain import notices
from accounts.models.contracts import Account
from accounts.models.payments import Payment

REASON_LABELS: Final = {
    notices.Reason.NONE: "",
    notices.Reason.ACCOUNT_UNKNOWN: _("there is no such account"),
    notices.Reason.ACCOUNT_MISSING: _("no account is named"),
    notices.Reason.ACCOUNT_CLOSED: _("the account is closed"),
    notices.Reason.ACCOUNT_IN_DOUBT: _("the account is in doubt"),
    notices.Reason.OTHER_CURRENCY: _("another currency than the account's"),
    notices.Reason.DATE_IN_DOUBT: _("the date of the payment is far off"),
    notices.Reason.AMOUNT_NOT_POSITIVE: _("the amount is not positive"),
    notices.Reason.AMOUNT_TOO_SMALL: _("the amount is too small"),
    notices.Reason.AMOUNT_TOO_LARGE: _("the amount is too large"),
    notices.Reason.ACCOUNT_FORMAT: _("the account is not written as one"),
    notices.Reason.OTHER_PAYMENT: _("this id belongs to another payment"),
    notices.Reason.PAYMENT_UNKNOWN: _("there is no such payment"),
    notices.Reason.PAYMENT_REVERSED: _("the payment was reversed already"),
    notices.Reason.TOO_LATE: _("too late to cancel"),
    notices.Reason.MONEY_USED: _("the money is used already"),
    notices.Reason.CANCELLED: _("cancelled by the sender"),
    notices.Reason.BY_HAND: _("decided by a person"),
}


class PaymentNotice(models.Model):
    """
    What a terminal, acquirer, bank or desk said, byte for byte, and what became of it.

    `account` is whose it is as far as known: the one named, or the one a person assigned it to;
    `account_hint` is what the sender wrote, `account_key` what is looked up for it.
    """

    class What(models.TextChoices):
        PAYMENT = notices.What.PAYMENT.value, _("payment")
        CANCEL = notices.What.CANCEL.value, _("cancellation")
        REFUND = notices.What.REFUND.value, _("refund")
        CHARGEBACK = notices.What.CHARGEBACK.value, _("chargeback")

    class AccountBy(models.TextChoices):
        NUMBER = notices.AccountBy.NUMBER.value, _("account number")
        IDENTIFIER = notices.AccountBy.IDENTIFIER.value, _("telephone number or login")
        GIVEN = notices.AccountBy.GIVEN.value, _("found by the sender")

    class State(models.TextChoices):
        RECEIVED = notices.State.RECEIVED.value, _("stored, not settled yet")
        CREDITED = notices.State.CREDITED.value, _("credited")
        UNASSIGNED = notices.State.UNASSIGNED.value, _("not assigned")
        REFUSED = notices.State.REFUSED.value, _("refused by us")
        RETURNED = notices.State.RETURNED.value, _("given back")
        DONE = notices.State.DONE.value, _("carried out")

    MOVES = {
        State.CREDITED: (State.RECEIVED, State.UNASSIGNED),
        State.UNASSIGNED: (State.RECEIVED,),
        State.REFUSED: (State.RECEIVED,),
        State.RETURNED: (State.UNASSIGNED,),
        # A cancellation refused for lack of money may be asked for again.
        State.DONE: (State.RECEIVED, State.REFUSED),
    }

    gateway = models.CharField(_("paid through"), max_length=24)
    external_id = models.CharField(_("payer system's id"), max_length=80)
    what = models.CharField(max_length=12, choices=What, default=What.PAYMENT)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="RUB")
    account_hint = models.CharField(_("account as written"), max_length=120, blank=True, default="")
    account_by = models.CharField(max_length=12, choices=AccountBy, default=AccountBy.NUMBER)
    account_key = models.CharField(max_length=40, blank=True, default="")
    paid_at = models.DateTimeField(_("paid at"))
    business_date = models.DateField()
    comment = models.CharField(_("comment"), max_length=200, blank=True, default="")
    raw = models.TextField(_("message as it came"), blank=True, default="")
    keeps_doubtful = models.BooleanField(default=True)
    refused_as = models.CharField(max_length=24, blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    reason = models.CharField(max_length=24, blank=True, default="")
    note = models.CharField(_("note"), max_length=250, blank=True, default="")
    account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        related_name="payment_notices",
        db_index=False,  # with the id, below
    )
    payment = models.ForeignKey(
        # Found from a payment by gateway and id; an index here makes a registry slower.
        Payment,
        on_delete=models.PROTECT,
        null=True,
        related_name="notices",
        db_index=False,
    )
    received_at = models.DateTimeField(_("received at"))
    settled_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=60)
    settled_by = models.CharField(max_length=60, blank=True, default="")
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("payment notice")
        verbose_name_plural = _("payment notices")
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id", "what"], name="paymentnotice_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in notices.State]),
                name="paymentnotice_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(what="payment", state="credited")
                | models.Q(payment__isnull=False, account__isnull=False),
                name="paymentnotice_credited_by_payment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"],
                name="paymentnotice_open",
                condition=models.Q(state__in=["received", "unassigned"]),
            ),
            models.Index(fields=["gateway", "-id"], name="paymentnotice_gateway"),
            models.Index(fields=["business_date", "-id"], name="paymentnotice_day"),
            models.Index(fields=["account", "-id"], name="paymentnotice_account"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.external_id}"

    def reason_label(self) -> str:
        """Return why it is as it is, for people."""
        return str(REASON_LABELS.get(notices.Reason(self.reason), self.reason))


class NoticeConflict(models.Model):
    """
    The same external id once more with another amount or account: nothing changed by it, and people
    are told until one of them has seen it.
    """

    notice = models.ForeignKey(PaymentNotice, on_delete=models.PROTECT, related_name="conflicts")
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    account_hint = models.CharField(_("account as written"), max_length=120)
    raw = models.TextField(_("message as it came"), blank=True, default="")
    received_at = models.DateTimeField(_("received at"))
    actor = models.CharField(max_length=60)
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=60, blank=True, default="")
    note = models.CharField(_("note"), max_length=250, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("contradicting notice")
        verbose_name_plural = _("contradicting notices")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "amount", "currency", "account_hint"], name="noticeconflict_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.amount} {self.account_hint}"
