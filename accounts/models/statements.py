"""
Bank statements as they came, and what became of each document that brought money.
"""

from typing import Final

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.domain.payers import Doubt, Rule
from accounts.models.contracts import Account
from accounts.models.intake import PaymentNotice

RULE_LABELS: Final = {
    Rule.NONE: "",
    Rule.ACCOUNT: _("account number in the purpose"),
    Rule.CONTRACT: _("contract number in the purpose"),
    Rule.BILL: _("bill number in the purpose"),
    Rule.COMPANY: _("INN of a company with one account"),
}
DOUBT_LABELS: Final = {
    Doubt.NONE: "",
    Doubt.NOTHING_NAMED: _("the purpose names no account, and the payer's INN nobody"),
    Doubt.UNKNOWN_ACCOUNT: _("there is no account of the number in the purpose"),
    Doubt.SEVERAL_ACCOUNTS: _("the purpose names several accounts"),
    Doubt.CONTRADICTION: _("account, bill and contract in the purpose don't agree"),
    Doubt.SEVERAL_OF_COMPANY: _("the company has several accounts"),
    Doubt.CLOSED: _("the account is closed"),
    Doubt.OTHER_ENTITY: _("the account is of another legal entity of ours"),
    Doubt.OTHER_CURRENCY: _("another currency than the account's"),
    Doubt.REPEATED: _("the file says the same once more: maybe a second payment"),
}


class BankStatement(models.Model):
    """
    A statement file, archived byte for byte, known by its hash; credited once.

    Received: read, matched, shown; nothing is credited before a person (or the command) says so.
    Loading: confirmed; each line becomes a payment's notice, and may be killed and run again.
    `totals` holds, per bank account: opening, received, paid, closing; None where the bank gave none.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("waits for confirmation")
        LOADING = "loading", _("being loaded")
        LOADED = "loaded", _("loaded")
        DISCARDED = "discarded", _("set aside")

    MOVES = {
        State.LOADING: (State.RECEIVED,),
        State.LOADED: (State.LOADING,),
        State.DISCARDED: (State.RECEIVED,),
        State.RECEIVED: (State.DISCARDED,),
    }

    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField(_("bytes"))
    archive_path = models.CharField(max_length=250)
    encoding = models.CharField(max_length=12)
    sender = models.CharField(max_length=80, blank=True, default="")
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    totals = models.JSONField(default=list)
    is_proven = models.BooleanField(default=False)
    documents = models.IntegerField(default=0)
    outgoing = models.IntegerField(default=0)
    outgoing_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    own = models.IntegerField(default=0)
    own_amount = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    times_seen = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(_("received at"))
    received_by = models.CharField(max_length=60)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["received", "loading", "loaded", "discarded"]),
                name="bankstatement_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BankStatementLine(models.Model):
    """
    A document that brings money to a bank account of ours: whose it is, or why that is in doubt.

    `fate` is what happens on loading; from then on `notice` tells how it goes on. `external_id` is
    what the document is known by, in whichever statement it stands.
    """

    class Fate(models.TextChoices):
        CREDIT = "credit", pgettext_lazy("line of a statement", "to be credited")
        UNASSIGNED = "unassigned", pgettext_lazy("line of a statement", "for a person")
        DUPLICATE = "duplicate", pgettext_lazy("line of a statement", "came before")

    class Rule(models.TextChoices):
        ACCOUNT = Rule.ACCOUNT.value, RULE_LABELS[Rule.ACCOUNT]
        CONTRACT = Rule.CONTRACT.value, RULE_LABELS[Rule.CONTRACT]
        BILL = Rule.BILL.value, RULE_LABELS[Rule.BILL]
        COMPANY = Rule.COMPANY.value, RULE_LABELS[Rule.COMPANY]

    class Doubt(models.TextChoices):
        NOTHING_NAMED = Doubt.NOTHING_NAMED.value, DOUBT_LABELS[Doubt.NOTHING_NAMED]
        UNKNOWN_ACCOUNT = Doubt.UNKNOWN_ACCOUNT.value, DOUBT_LABELS[Doubt.UNKNOWN_ACCOUNT]
        SEVERAL_ACCOUNTS = Doubt.SEVERAL_ACCOUNTS.value, DOUBT_LABELS[Doubt.SEVERAL_ACCOUNTS]
        CONTRADICTION = Doubt.CONTRADICTION.value, DOUBT_LABELS[Doubt.CONTRADICTION]
        SEVERAL_OF_COMPANY = Doubt.SEVERAL_OF_COMPANY.value, DOUBT_LABELS[Doubt.SEVERAL_OF_COMPANY]
        CLOSED = Doubt.CLOSED.value, DOUBT_LABELS[Doubt.CLOSED]
        OTHER_ENTITY = Doubt.OTHER_ENTITY.value, DOUBT_LABELS[Doubt.OTHER_ENTITY]
        OTHER_CURRENCY = Doubt.OTHER_CURRENCY.value, DOUBT_LABELS[Doubt.OTHER_CURRENCY]
        REPEATED = Doubt.REPEATED.value, DOUBT_LABELS[Doubt.REPEATED]

    statement = models.ForeignKey(
        BankStatement,
        on_delete=models.PROTECT,
        related_name="lines",
        db_index=False,  # with the line, below
    )
    line = models.IntegerField(_("line of the file"))
    kind = models.CharField(max_length=80, blank=True, default="")
    number = models.CharField(_("number"), max_length=40, blank=True, default="")
    issued_on = models.DateField()
    credited_on = models.DateField()
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="RUB")
    payer_name = models.CharField(max_length=400, blank=True, default="")
    payer_inn = models.CharField(max_length=12, blank=True, default="")
    payer_account = models.CharField(max_length=34, blank=True, default="")
    bank_account = models.CharField(max_length=34)
    purpose = models.TextField(blank=True, default="")
    external_id = models.CharField(max_length=60)
    fate = models.CharField(max_length=12, choices=Fate)
    rule = models.CharField(max_length=12, choices=Rule, blank=True, default="")
    doubt = models.CharField(max_length=20, choices=Doubt, blank=True, default="")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="bank_statement_lines"
    )
    candidates = models.JSONField(default=list)
    notice = models.ForeignKey(
        PaymentNotice, on_delete=models.PROTECT, null=True, related_name="bank_statement_lines"
    )

    class Meta:
        verbose_name = _("line of a bank statement")
        verbose_name_plural = _("lines of bank statements")
        constraints = [
            models.UniqueConstraint(fields=["statement", "line"], name="bankstatementline_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="bankstatementline_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(fate="credit", account__isnull=False)
                | models.Q(fate__in=["unassigned", "duplicate"]),
                name="bankstatementline_fate_known",
            ),
        ]
        indexes = [models.Index(fields=["external_id"], name="bankstatementline_external")]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.line}"
