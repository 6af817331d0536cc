"""
The operator's legal entities, contracts, and personal accounts (лицевые счета).
"""

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Reverse
from django.utils.translation import gettext_lazy as _

from accounts.domain.credit import DEFAULT_CLASS
from accounts.models.customers import Customer


class NumberCounter(models.Model):
    """
    The last number given out of one series: contracts of a prefix and year, accounts.

    The row is locked until the giver commits, so numbers are given one after the other.
    """

    name = models.CharField(max_length=60, unique=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"


class LegalEntity(models.Model):
    """The operator's company that signs contracts and issues bills."""

    name = models.CharField(_("short name"), max_length=120)
    full_name = models.CharField(_("full name"), max_length=250)
    inn = models.CharField(_("INN"), max_length=12, unique=True)
    kpp = models.CharField(_("KPP"), max_length=9, blank=True, default="")
    ogrn = models.CharField(_("OGRN"), max_length=15, blank=True, default="")
    address = models.CharField(_("legal address"), max_length=250)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True, default="")
    bank_bic = models.CharField(_("BIC"), max_length=9, blank=True, default="")
    bank_account = models.CharField(_("bank account"), max_length=20, blank=True, default="")
    correspondent_account = models.CharField(
        _("correspondent account"), max_length=20, blank=True, default=""
    )
    other_bank_accounts = models.CharField(
        _("other bank accounts"),
        max_length=250,
        blank=True,
        default="",
        help_text=_("To which payments come too, separated by spaces: their statements are read."),
    )
    phone = models.CharField(_("phone"), max_length=20, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    director = models.CharField(_("director"), max_length=120, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    contract_prefix = models.CharField(_("contract prefix"), max_length=8, default="Д")
    is_default = models.BooleanField(_("default"), default=True)

    class Meta:
        verbose_name = _("legal entity")
        verbose_name_plural = _("legal entities")

    def __str__(self) -> str:
        return self.name

    def bank_accounts(self) -> list[str]:
        """Return the bank accounts at which payments come in, the main one first."""
        return [*filter(None, [self.bank_account]), *self.other_bank_accounts.split()]


class Contract(models.Model):
    """What was signed, when; its PDF is set anew from these values whenever asked for."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contracts")
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    signed_on = models.DateField(_("signed on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_on__isnull=True)
                | models.Q(closed_on__gte=models.F("signed_on")),
                name="contract_closed_after_signed",
            ),
        ]
        indexes = [
            # Found by the last digits of its number.
            models.Index(OpClass(Reverse("number"), name="text_pattern_ops"), name="contract_tail"),
        ]

    def __str__(self) -> str:
        return self.number


class Account(models.Model):
    """
    A personal account: money of one customer in one currency. The figures are in AccountBalance.

    `number` is nine digits, the last a Luhn check digit. `credit_limit` counts for postpaid and,
    where granted, prepaid accounts; what the ledger obeys is `AccountBalance.floor`.
    `credit_class` is the code of a CreditClass.
    """

    class Kind(models.TextChoices):
        PREPAID = "prepaid", _("prepaid")
        POSTPAID = "postpaid", _("postpaid")

    number = models.CharField(_("number"), max_length=12, unique=True)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="accounts")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    credit_class = models.CharField(_("credit class"), max_length=12, default=DEFAULT_CLASS)
    credit_limit = models.DecimalField(
        _("credit limit"), max_digits=14, decimal_places=2, default=0
    )
    cycle_day = models.PositiveSmallIntegerField(
        _("cycle day"), default=1, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["prepaid", "postpaid"]), name="account_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(cycle_day__gte=1, cycle_day__lte=31),
                name="account_cycle_day_in_month",
            ),
            models.CheckConstraint(
                condition=models.Q(credit_limit__gte=0), name="account_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.number
