"""
Fiscal receipts (54-ФЗ): what the cash register was told of each payment, and what it answered.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.contracts import Account, LegalEntity
from accounts.models.payments import Payment
from tariffs.models.calendar import DateRange


class FiscalGateway(models.Model):
    """
    The cash register in the net that makes the receipts of one legal entity, for a span of days.

    The password is in the environment variable named here, never in the row. Terms are changed by
    ending the row and beginning another: what was written keeps the terms of its day.
    """

    class Kind(models.TextChoices):
        ATOL = "atol", _("ATOL Online")

    class TaxSystem(models.TextChoices):
        GENERAL = "osn", _("general")
        INCOME = "usn_income", _("simplified: income")
        INCOME_LESS_COSTS = "usn_income_outcome", _("simplified: income less costs")

    class Method(models.TextChoices):
        ADVANCE = "advance", _("advance: money on the account")
        FULL = "full_payment", _("payment for the service")

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, verbose_name=_("legal entity")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.ATOL)
    url = models.URLField(_("address"))
    login = models.CharField(_("login"), max_length=80)
    secret_variable = models.CharField(_("environment variable with the password"), max_length=60)
    group_code = models.CharField(_("group of registers"), max_length=60)
    tax_system = models.CharField(
        _("tax system"), max_length=20, choices=TaxSystem, default=TaxSystem.GENERAL
    )
    tax_category = models.CharField(
        _("tax category of the catalogue"), max_length=12, default="standard"
    )
    method = models.CharField(
        _("what a payment is"), max_length=16, choices=Method, default=Method.ADVANCE
    )
    item_name = models.CharField(
        _("name of the item on the receipt"), max_length=120, default="Услуги связи"
    )
    email = models.EmailField(_("e-mail of the operator on the receipt"))
    place = models.CharField(_("place of payment on the receipt"), max_length=200)
    excepted = models.JSONField(
        _("ways of paying that have their receipt elsewhere"), default=list, blank=True
    )
    active_from = models.DateField(_("in use from"))
    active_to = models.DateField(_("in use until"), null=True, blank=True)

    class Meta:
        verbose_name = _("fiscal gateway")
        verbose_name_plural = _("fiscal gateways")
        constraints = [
            ExclusionConstraint(
                name="fiscalgateway_one_at_a_time",
                expressions=[
                    ("legal_entity", RangeOperators.EQUAL),
                    (DateRange("active_from", "active_to"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity}: {self.group_code}"


class FiscalReceipt(models.Model):
    """
    One receipt; written in the transaction of the money, sent after it.

    `unknown` stands from the moment of sending until the register's answer is read: whoever finds
    it so asks before sending again. `round` counts what people sent anew after a refusal; it is a
    part of the id under which the register knows the receipt.
    """

    class Kind(models.TextChoices):
        SELL = "sell", pgettext_lazy("receipt", "payment")
        SELL_REFUND = "sell_refund", pgettext_lazy("receipt", "return")
        CORRECTION = "correction", pgettext_lazy("receipt", "correction")

    class Source(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REVERSAL = "reversal", _("reversal")
        REFUND = "refund", _("refund")
        CHARGEBACK = "chargeback", _("chargeback")
        CORRECTION = "correction", _("correction")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("receipt", "waits")
        UNKNOWN = "unknown", pgettext_lazy("receipt", "outcome unknown")
        SENT = "sent", pgettext_lazy("receipt", "accepted")
        DONE = "done", pgettext_lazy("receipt", "registered")
        FAILED = "failed", pgettext_lazy("receipt", "refused")

    # What a person may do; the rest are the moves of a queue.
    MOVES = {State.WAITING: (State.FAILED,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="receipts")
    gateway = models.ForeignKey(FiscalGateway, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receipts")
    source = models.CharField(max_length=12, choices=Source)
    source_id = models.BigIntegerField()
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="RUB")
    # Null: the rate of the day has no code; the receipt is refused until a person looks.
    vat_code = models.PositiveSmallIntegerField(_("VAT code"), null=True)
    is_cash = models.BooleanField(default=False)
    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=20, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    business_date = models.DateField()
    written_at = models.DateTimeField()
    actor = models.CharField(max_length=60)

    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    round = models.PositiveSmallIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    # Counts claims and never goes back: who comes late with an answer is told by it.
    claim = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=250, blank=True, default="")
    uuid = models.CharField(max_length=64, blank=True, default="")
    done_at = models.DateTimeField(null=True)
    fn_number = models.CharField(_("fiscal drive"), max_length=20, blank=True, default="")
    document_number = models.CharField(
        _("fiscal document number"), max_length=12, blank=True, default=""
    )
    document_sign = models.CharField(
        _("fiscal sign of the document"), max_length=12, blank=True, default=""
    )
    shift_number = models.CharField(max_length=12, blank=True, default="")
    receipt_number = models.CharField(max_length=12, blank=True, default="")
    registered_at = models.CharField(max_length=24, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("fiscal receipt")
        verbose_name_plural = _("fiscal receipts")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "source", "source_id"], name="fiscalreceipt_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "unknown", "sent", "done", "failed"]),
                name="fiscalreceipt_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["sell", "sell_refund", "correction"]),
                name="fiscalreceipt_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="fiscalreceipt_amount_positive"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(state__in=["waiting", "unknown", "sent"]),
                name="fiscalreceipt_queue",
            ),
            models.Index(
                fields=["id"], condition=models.Q(state="failed"), name="fiscalreceipt_failed"
            ),
            models.Index(fields=["payment", "id"], name="fiscalreceipt_of_payment"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"

    @property
    def external_id(self) -> str:
        """The id under which the register knows it: never sent twice."""
        return f"retel-{self.pk}-{self.round}"
