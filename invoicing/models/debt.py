"""
Debt and what pays it: the payer's choice, instalment plans, late fees, payments for a company's paper.

What is open of a bill or part is stored nowhere: `queries.open_debt` computes it of the balance.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, CardPayment, LegalEntity, Payment, Subscription, Transfer
from billing_project.kernel.models import AppendOnly
from invoicing.models.billing import Bill
from invoicing.models.consolidated import ConsolidatedBill
from invoicing.models.instalments import InstalmentPlan


class DebtPolicy(models.Model):
    """How a legal entity deals with debt. Without a row: the defaults of these columns."""

    class Split(models.TextChoices):
        SHARE = "share", _("to each its share")
        ORDER = "order", _("one after the other, by account number")

    legal_entity = models.OneToOneField(
        LegalEntity, on_delete=models.PROTECT, verbose_name=_("legal entity")
    )
    most_parts = models.PositiveSmallIntegerField(_("parts of a plan, at most"), default=12)
    most_days = models.PositiveSmallIntegerField(_("days of a plan, at most"), default=366)
    first_percent = models.DecimalField(
        _("first part at least, %"), max_digits=5, decimal_places=2, default=0
    )
    fee = models.DecimalField(_("price of a plan"), max_digits=10, decimal_places=2, default=0)
    grace_days = models.PositiveSmallIntegerField(
        _("a part may be late by, days"),
        default=0,
        help_text=_("Later than that, and the plan is broken."),
    )
    self_service = models.BooleanField(_("subscribers agree by themselves"), default=False)
    self_service_most = models.DecimalField(
        _("by themselves up to a debt of"), max_digits=14, decimal_places=2, default=5000
    )
    split = models.CharField(
        _("too little for a consolidated bill is split"),
        max_length=8,
        choices=Split,
        default=Split.SHARE,
    )

    class Meta:
        verbose_name = _("rule of debts")
        verbose_name_plural = _("rules of debts")

    def __str__(self) -> str:
        return f"debts of {self.legal_entity_id}"


class PaymentChoice(AppendOnly):
    """
    What the payer said a payment is for: a bill, a service, an instalment plan. Money that it doesn't
    need pays the oldest debt. For a consolidated bill it is split among the units. A payment by card is
    chosen for before it is there.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True)
    card_payment = models.ForeignKey(CardPayment, on_delete=models.PROTECT, null=True)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, related_name="choices")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, null=True)
    plan = models.ForeignKey(
        InstalmentPlan, on_delete=models.PROTECT, null=True, related_name="choices"
    )
    consolidated = models.ForeignKey(
        ConsolidatedBill, on_delete=models.PROTECT, null=True, related_name="choices"
    )
    chosen_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "payment"], name="paymentchoice_once"),
            models.UniqueConstraint(
                fields=["account", "card_payment"], name="paymentchoice_once_a_card_payment"
            ),
            models.CheckConstraint(
                condition=models.Q(payment__isnull=False, card_payment__isnull=True)
                | models.Q(payment__isnull=True, card_payment__isnull=False),
                name="paymentchoice_of_one_payment",
            ),
            # One thing, of four columns: migrations/sql/debt.sql.
        ]

    def __str__(self) -> str:
        return f"choice {self.pk}"


class KeyRate(models.Model):
    """The central bank's key rate from a day on, percent a year."""

    valid_from = models.DateField(_("from"), unique=True)
    percent = models.DecimalField(_("percent a year"), max_digits=6, decimal_places=3)

    class Meta:
        verbose_name = _("key rate")
        verbose_name_plural = _("key rates")
        ordering = ("-valid_from",)

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.percent}"


class LateFeeRule(models.Model):
    """
    What is charged for being late: of the first rule, by position, that fits the account.

    Empty `legal_entity`, `customer_kind`, `credit_class`: any. Columns that the way of counting
    doesn't use are left alone. `cap_percent` is of what is overdue of the bill.
    """

    class Way(models.TextChoices):
        PERCENT = "percent", _("percent of the overdue sum per day")
        KEY_RATE = "key_rate", _("a fraction of the key rate per day")
        FIXED = "fixed", _("a fixed sum for each month begun")

    position = models.PositiveSmallIntegerField(_("order"), default=10)
    legal_entity = models.ForeignKey(
        LegalEntity,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("legal entity"),
    )
    customer_kind = models.CharField(_("customers"), max_length=12, blank=True, default="")
    credit_class = models.CharField(_("credit class"), max_length=20, blank=True, default="")
    way = models.CharField(_("way of counting"), max_length=8, choices=Way, default=Way.PERCENT)
    percent = models.DecimalField(
        _("percent per day"), max_digits=7, decimal_places=4, null=True, blank=True
    )
    divisor = models.PositiveSmallIntegerField(
        _("of the key rate, one part of"),
        null=True,
        blank=True,
        help_text=_("300: a three-hundredth of the key rate per day."),
    )
    amount = models.DecimalField(
        _("sum per month"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    grace_days = models.PositiveSmallIntegerField(_("days that cost nothing"), default=0)
    cap_percent = models.DecimalField(
        _("at most, % of the overdue sum"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    minimum = models.DecimalField(
        _("not charged below"), max_digits=10, decimal_places=2, default=0
    )
    active_from = models.DateField(_("from"))
    active_to = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule of late fees")
        verbose_name_plural = _("rules of late fees")
        ordering = ("position", "id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way="percent", percent__gt=0)
                | models.Q(way="key_rate", divisor__gt=0)
                | models.Q(way="fixed", amount__gt=0),
                name="latefeerule_says_how_much",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_way_display()}"


class LateFee(AppendOnly):
    """
    What one day of being late with a bill came to: `base` was overdue of it, `exact` is the sum of
    all its days, `charged` what of that went to the ledger so far, `amount` today's part of it.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="late_fees")
    day = models.DateField()
    rule = models.ForeignKey(LateFeeRule, on_delete=models.PROTECT)
    base = models.DecimalField(max_digits=14, decimal_places=2)
    percent = models.DecimalField(max_digits=12, decimal_places=8, null=True)
    exact = models.DecimalField(max_digits=20, decimal_places=8)
    charged = models.DecimalField(max_digits=14, decimal_places=2)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "bill", "day"], name="latefee_once_a_day"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="latefee_not_negative"),
        ]

    def __str__(self) -> str:
        return f"late fee of {self.bill_id} on {self.day}"


class LateFeeDay(AppendOnly):
    """Late fees of a day are counted for the accounts of a half-open range."""

    day = models.DateField()
    account_from = models.BigIntegerField()
    account_to = models.BigIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "account_from", "account_to"], name="latefeeday_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.day)


class ConsolidatedPayment(models.Model):
    """
    A payment for a consolidated bill, split among the units: `amount` left the payer's account, the
    rest of the payment stayed. Taken back with all its shares.
    """

    class State(models.TextChoices):
        SPLIT = "split", _("split")
        RETURNED = "returned", _("shares taken back")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"returned": ("split",)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="consolidated")
    consolidated = models.ForeignKey(
        ConsolidatedBill, on_delete=models.PROTECT, related_name="payments_of"
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    state = models.CharField(max_length=12, choices=State, default=State.SPLIT)
    split_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "payment"], name="consolidatedpayment_once"),
        ]

    def __str__(self) -> str:
        return f"payment {self.payment_id} of {self.consolidated_id}"


class ConsolidatedShare(AppendOnly):
    """A unit's share of such a payment, moved by a transfer; taken back by another."""

    split = models.ForeignKey(ConsolidatedPayment, on_delete=models.PROTECT, related_name="shares")
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="+")
    is_return = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "split", "is_return"], name="consolidatedshare_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} to {self.account_id}"
