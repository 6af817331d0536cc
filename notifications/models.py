"""
Messages to people: templates, preferences, and what was sent.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from notifications.domain.wording import UnableToWord, check_template


class Channel(models.TextChoices):
    """Ways to a person; one folder each in `notifications.channels`."""

    EMAIL = "email", _("e-mail")
    INBOX = "inbox", _("inbox of the self-service account")


class Category(models.TextChoices):
    """What a message is about; the subscriber chooses channels per category."""

    SERVICE = "service", _("services")
    MONEY = "money", _("money")
    SECURITY = "security", _("security")


class Template(models.Model):
    """Wording of one event kind on one channel in one language; a change is a new version."""

    event_kind = models.CharField(_("event"), max_length=40)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    language = models.CharField(_("language"), max_length=2)
    version = models.PositiveSmallIntegerField(default=1)
    subject = models.CharField(_("subject"), max_length=200, blank=True, default="")
    body = models.TextField(_("text"))
    is_current = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.UniqueConstraint(
                fields=["event_kind", "channel", "language", "version"], name="template_once"
            ),
            models.UniqueConstraint(
                fields=["event_kind", "channel", "language"],
                condition=models.Q(is_current=True),
                name="template_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_kind} {self.channel} {self.language} v{self.version}"

    def clean(self) -> None:
        """Refuse what is no template, or asks for what its event does not tell."""
        for field in ("subject", "body"):
            try:
                check_template(getattr(self, field), event_kind=self.event_kind)
            except UnableToWord as error:
                raise ValidationError({field: str(error)}) from error


class Preference(models.Model):
    """Whether a customer wants a category on a channel; no row = yes where there is an address."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="preferences")
    category = models.CharField(max_length=12, choices=Category)
    channel = models.CharField(max_length=12, choices=Channel)
    is_wanted = models.BooleanField(default=True)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "category", "channel"], name="preference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.category} {self.channel}: {self.is_wanted}"


class Message(models.Model):
    """
    One message to one recipient on one channel about one event: unique, so sent at most once.

    Inbox messages are delivered by being there. `claimed_at` guards the sending; a message claimed
    and never finished is `unknown`, not sent again by itself.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("outcome unknown")

    # What a person may do; the rest are the moves of a queue (notifications.operations.delivering).
    MOVES = {State.QUEUED: (State.FAILED, State.UNKNOWN)}

    event_id = models.BigIntegerField()
    event_kind = models.CharField(max_length=40)
    account_id = models.BigIntegerField(default=0)
    customer_id = models.BigIntegerField()
    channel = models.CharField(max_length=12, choices=Channel)
    recipient = models.CharField(max_length=254)
    category = models.CharField(max_length=12, choices=Category)
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200, blank=True, default="")
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=250, blank=True, default="")
    created_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "event_id", "recipient", "channel"], name="message_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sending", "sent", "failed", "unknown"]),
                name="message_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(state__in=["queued", "sending"]),
                name="message_queue",
            ),
            models.Index(fields=["customer_id", "-id"], name="message_of_customer"),
            models.Index(
                fields=["customer_id"],
                condition=models.Q(channel="inbox", read_at__isnull=True),
                name="message_unread",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(state__in=["failed", "unknown"]),
                name="message_for_people",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
