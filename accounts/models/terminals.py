"""
Terminals: companies whose machines take payments, and their daily registries.
"""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.intake import PaymentNotice


class Terminal(models.Model):
    """
    A company with terminals, as its machines knock at /terminals/<code>/.

    It proves itself by a password (kept as a hash, or in the environment variable named) or by its
    address, or both. `gateway` is under which its payments are kept.
    """

    class AccountBy(models.TextChoices):
        NUMBER = "number", _("account number")
        IDENTIFIER = "identifier", _("telephone number or login")

    code = models.CharField(
        _("code"),
        max_length=15,
        unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_-]*$")],
        help_text=_("Latin letters and digits; part of the address its machines ask."),
    )
    name = models.CharField(_("company with terminals"), max_length=80)
    user_name = models.CharField(_("user name"), max_length=60, blank=True, default="")
    password_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    secret_variable = models.CharField(
        _("environment variable of the password"), max_length=60, blank=True, default=""
    )
    networks = models.CharField(
        _("addresses let in"),
        max_length=500,
        blank=True,
        default="",
        help_text=_("Networks such as 203.0.113.0/24, apart by commas; empty: all."),
    )
    account_by = models.CharField(
        _("what payers type"), max_length=12, choices=AccountBy, default=AccountBy.NUMBER
    )
    least = models.DecimalField(
        _("smallest payment"), max_digits=14, decimal_places=2, default="1.00",
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    most = models.DecimalField(
        _("largest payment"), max_digits=14, decimal_places=2, default="15000.00",
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    keeps_unknown = models.BooleanField(
        _("money for unknown accounts is kept for a person"),
        default=True,
        help_text=_("Otherwise the terminal is told to give it back."),
    )
    cancel_days = models.PositiveSmallIntegerField(
        _("days in which a payment may be cancelled"), default=1
    )
    takes_missing = models.BooleanField(
        _("payments that only the registry has are taken in at once"),
        default=False,
        help_text=_("Otherwise a person decides."),
    )
    columns = models.CharField(
        _("columns of the registry"),
        max_length=200,
        default="txn_id;date;account;sum",
        help_text=_("Their names in order, apart by the registry's own delimiter."),
    )
    is_active = models.BooleanField(_("may take payments"), default=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(most__gte=models.F("least")),
                name="terminal_most_not_below_least",
            ),
            models.CheckConstraint(
                condition=~models.Q(password_hash="", secret_variable="", networks=""),
                name="terminal_proves_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def gateway(self) -> str:
        """Under which way of paying its payments are kept."""
        return f"terminal:{self.code}"


class TerminalRegistry(models.Model):
    """One day's registry of a terminal as it was delivered; the same file is one registry."""

    terminal = models.ForeignKey(Terminal, on_delete=models.PROTECT, related_name="registries")
    business_date = models.DateField(_("day"))
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()
    received_at = models.DateTimeField(_("received at"))
    actor = models.CharField(max_length=60)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("registry of a terminal")
        verbose_name_plural = _("registries of terminals")
        constraints = [
            models.UniqueConstraint(
                fields=["terminal", "business_date", "sha256"], name="terminalregistry_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.business_date}"


class TerminalRegistryLine(models.Model):
    """
    A line of a registry beside what we have; `place` is its line in the file, 0 for a payment of
    ours that the registry lacks.
    """

    class Outcome(models.TextChoices):
        MATCHED = "matched", _("equal")
        MISSING_HERE = "missing_here", _("missing with us")
        MISSING_THERE = "missing_there", _("missing in the registry")
        DIFFERS = "differs", _("differs")
        NOT_CREDITED = "not_credited", _("with us, but not credited")

    registry = models.ForeignKey(
        TerminalRegistry,
        on_delete=models.CASCADE,
        related_name="lines",
        db_index=False,  # with the place, below
    )
    place = models.PositiveIntegerField(_("line"))
    external_id = models.CharField(max_length=80)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    account_hint = models.CharField(_("account as written"), max_length=120)
    account_key = models.CharField(max_length=40)
    paid_at = models.DateTimeField(_("paid at"))
    outcome = models.CharField(max_length=16, choices=Outcome)
    notice = models.ForeignKey(PaymentNotice, on_delete=models.PROTECT, null=True)

    class Meta:
        verbose_name = _("line of a registry")
        verbose_name_plural = _("lines of registries")
        constraints = [
            models.UniqueConstraint(
                fields=["registry", "place", "external_id"], name="terminalregistryline_once"
            ),
        ]
        indexes = [
            models.Index(fields=["registry", "outcome", "id"], name="registryline_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.external_id}"
