"""
What corrects a bill without changing it: credit and debit notes, disputes, void bills.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, LegalEntity
from billing_project.kernel.models import Approval
from invoicing.models.billing import Bill, BillLine


class Note(models.Model):
    """
    A credit or debit note against lines of one bill; amounts are positive, `kind` says which way.

    Append-only (trigger). A wrong note is answered by a counter-note, which `counters` it.
    """

    class Kind(models.TextChoices):
        CREDIT = "credit_note", _("credit note")
        DEBIT = "debit_note", _("debit note")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="notes")
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    number = models.BigIntegerField()
    year = models.PositiveSmallIntegerField()
    number_text = models.CharField(_("number"), max_length=32)
    issued_on = models.DateField(_("issued on"))
    currency = models.CharField(max_length=3, default="RUB")
    reason = models.CharField(_("reason"), max_length=200)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)
    counters = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True, related_name="+")
    request_id = models.CharField(max_length=60)
    issued_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        constraints = [
            models.UniqueConstraint(fields=["account", "request_id"], name="note_once_a_request"),
            models.UniqueConstraint(fields=["account", "counters"], name="note_countered_once"),
            models.CheckConstraint(
                condition=models.Q(gross=models.F("net") + models.F("tax"), gross__gt=0),
                name="note_net_and_tax_make_gross",
            ),
        ]
        indexes = [models.Index(fields=["account", "-issued_on"], name="note_of_account")]

    def __str__(self) -> str:
        return self.number_text


class NoteNumber(models.Model):
    """Registry: a number of a legal entity's series of notes belongs to one note."""

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT)
    document = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    account_id = models.BigIntegerField()
    note = models.OneToOneField(Note, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "document", "year", "number"], name="notenumber_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.year}/{self.number}"


class NoteLine(models.Model):
    """
    What a note changes of one line of the bill. Credits of a line, less its debits, never exceed
    the line: a trigger holds it (migrations/sql/corrections.sql).
    """

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="lines")
    account_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Note.Kind)
    bill_line = models.ForeignKey(BillLine, on_delete=models.PROTECT, related_name="corrections")
    position = models.PositiveIntegerField()
    title_ru = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    net = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    gross = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "note", "bill_line"], name="noteline_once_a_note"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    gross=models.F("net") + models.F("tax"), gross__gt=0, tax__gte=0
                ),
                name="noteline_net_and_tax_make_gross",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.note_id}/{self.position}"


class BillVoid(models.Model):
    """
    A bill that counts no more: notes took all of it back. The bill and its number stay.

    A bill issued in its place names it in `Bill.replaces`.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="voids")
    reason = models.CharField(_("reason"), max_length=200)
    voided_at = models.DateTimeField()
    actor = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "bill"], name="billvoid_once"),
        ]

    def __str__(self) -> str:
        return f"void {self.bill_id}"


class Dispute(models.Model):
    """
    An amount of a bill's line, or of a charge that is on no bill yet, that the subscriber disputes.

    While it is open, the amount counts as not charged for dunning (`dunning.operations.disputes`).
    """

    class State(models.TextChoices):
        OPEN = "open", _("in dispute")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"accepted": ("open",), "rejected": ("open",), "withdrawn": ("open",)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="disputes")
    bill_line = models.ForeignKey(
        BillLine, on_delete=models.PROTECT, null=True, related_name="disputes"
    )
    #: A charge of the ledger instead (id and business date of the entry).
    entry_id = models.BigIntegerField(null=True)
    entry_on = models.DateField(null=True)
    title_ru = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    charged = models.DecimalField(_("charged"), max_digits=14, decimal_places=2)
    amount = models.DecimalField(_("in dispute"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="RUB")
    reason = models.TextField(_("what is wrong"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField(_("raised"))
    due_on = models.DateField(_("answer until"))
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    assignee = models.CharField(_("who decides"), max_length=60, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, blank=True, default="")
    answer = models.TextField(_("answer"), blank=True, default="")
    accepted = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    note = models.ForeignKey(Note, on_delete=models.PROTECT, null=True, related_name="disputes")
    adjustment_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "request_id"], name="dispute_once_a_request"
            ),
            models.UniqueConstraint(
                fields=["account", "bill_line"],
                condition=models.Q(state="open"),
                name="dispute_one_open_a_line",
            ),
            models.UniqueConstraint(
                fields=["account", "entry_id"],
                condition=models.Q(state="open"),
                name="dispute_one_open_a_charge",
            ),
            models.CheckConstraint(
                condition=models.Q(bill_line__isnull=False, entry_id__isnull=True)
                | models.Q(bill_line__isnull=True, entry_id__isnull=False),
                name="dispute_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, amount__lte=models.F("charged")),
                name="dispute_within_the_charge",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted__isnull=True)
                | models.Q(accepted__gt=0, accepted__lte=models.F("amount")),
                name="dispute_accepted_within_it",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on", "id"], name="dispute_queue"),
            models.Index(fields=["account", "state"], name="dispute_of_account"),
        ]

    def __str__(self) -> str:
        return f"dispute {self.pk}"


class DisputeMessage(models.Model):
    """What was said in a dispute; an internal message isn't shown to the subscriber."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="messages")
    account_id = models.BigIntegerField()
    text = models.TextField(_("message"))
    is_internal = models.BooleanField(_("for colleagues only"), default=False)
    written_at = models.DateTimeField()
    actor = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["dispute", "id"], name="disputemessage_thread")]

    def __str__(self) -> str:
        return f"message {self.pk}"
