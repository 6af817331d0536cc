"""
What agents write down: interactions with customers; who looked at whom; who signed in.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from billing_project.kernel.models import AppendOnly
from crm.domain import roles


class Desk(models.Model):
    """No table: the home of the CRM's rights (`crm.take_payment` and so on)."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = list(roles.RIGHTS.items())

    def __str__(self) -> str:
        return "desk"


class Interaction(AppendOnly):
    """A call, visit, letter or note: who said what, when. Never changed; a correction is a new one."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        CALL_IN = "call_in", _("call from the customer")
        CALL_OUT = "call_out", _("call to the customer")
        VISIT = "visit", _("visit")
        LETTER = "letter", _("letter")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="interactions")
    account_id = models.BigIntegerField(null=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    text = models.TextField(_("text"))
    happened_at = models.DateTimeField(_("when"))
    actor = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        indexes = [models.Index(fields=["customer", "-happened_at"], name="interaction_customer")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SentForm(AppendOnly):
    """A form that wrote something for a customer: sent twice, it writes nothing twice."""

    request_id = models.CharField(max_length=40, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.request_id


class CardView(AppendOnly):
    """The audit trail of reading: which member of staff opened whose card, when."""

    customer_id = models.BigIntegerField()
    actor = models.CharField(max_length=60)
    viewed_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "-id"], name="cardview_customer"),
            models.Index(fields=["actor", "-id"], name="cardview_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} saw {self.customer_id}"


class StaffSignIn(models.Model):
    """
    One try to sign in to the CRM. Written before the password is looked at, so that tries at one
    moment count each other; the rate limit and the audit read these rows.
    """

    login = models.CharField(_("login"), max_length=80)
    address = models.GenericIPAddressField(_("address"), null=True)
    succeeded = models.BooleanField(_("let in"), default=False)
    tried_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("sign-in of staff")
        verbose_name_plural = _("sign-ins of staff")
        indexes = [
            models.Index(fields=["login", "-tried_at"], name="staffsignin_login"),
            models.Index(fields=["address", "-tried_at"], name="staffsignin_address"),
        ]

    def __str__(self) -> str:
        return f"{self.login} {self.tried_at:%Y-%m-%d %H:%M}"


class Ticket(models.Model):
    """Something a customer wants looked after, until it is closed; `answered` waits for them."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    #: New state: the states it may follow (kernel.operations.change_state).
    MOVES = {"answered": ("open",), "open": ("answered", "closed"), "closed": ("open", "answered")}

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tickets")
    subject = models.CharField(_("subject"), max_length=160)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    assignee = models.CharField(max_length=60, blank=True, default="")
    opened_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    request_id = models.CharField(max_length=40, unique=True)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = [
            models.Index(fields=["state", "id"], name="ticket_queue"),
            models.Index(fields=["customer", "-id"], name="ticket_customer"),
        ]

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class TicketMessage(AppendOnly):
    """What was said in a ticket; an internal message isn't shown to the customer."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    text = models.TextField(_("message"))
    is_internal = models.BooleanField(_("for colleagues only"), default=False)
    written_at = models.DateTimeField()
    actor = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["ticket", "id"], name="ticketmessage_thread")]

    def __str__(self) -> str:
        return f"message {self.pk}"
