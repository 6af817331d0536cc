"""
Money by card: acquirers, payments asked of them, what they told us, autopay.

A row is written before anything is asked of an acquirer, with the key that goes along, so that
asking again asks for the same thing. Outcomes are read, never guessed: what is not known is
`unknown` until the acquirer answers.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.contracts import Account, LegalEntity
from accounts.models.intake import PaymentNotice


class Acquirer(models.Model):
    """
    Who takes cards for a legal entity. Secrets are names of environment variables, never the secrets.

    `base_url` empty means the acquirer's own address; `networks` empty its published ones.
    With `vat_code` the acquirer makes the fiscal receipts itself.
    """

    class Kind(models.TextChoices):
        YOOKASSA = "yookassa", _("YooKassa")
        STRIPE = "stripe", "Stripe"

    code = models.SlugField(_("code"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=60)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="acquirers"
    )
    currency = models.CharField(max_length=3, default="RUB")
    shop_id = models.CharField(_("shop id"), max_length=80, blank=True, default="")
    secret_variable = models.CharField(_("environment variable with the secret"), max_length=60)
    hook_secret_variable = models.CharField(
        _("environment variable with the secret of notices"), max_length=60, blank=True, default=""
    )
    base_url = models.CharField(_("address"), max_length=200, blank=True, default="")
    networks = models.JSONField(_("networks that notices come from"), default=list, blank=True)
    vat_code = models.PositiveSmallIntegerField(_("VAT code of receipts"), null=True, blank=True)
    least = models.DecimalField(_("least amount"), max_digits=14, decimal_places=2, default=10)
    most = models.DecimalField(_("largest amount"), max_digits=14, decimal_places=2, default=100000)
    can_save = models.BooleanField(_("keeps cards for autopay"), default=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("acquirer")
        verbose_name_plural = _("acquirers")

    def __str__(self) -> str:
        return self.code


class SavedCard(models.Model):
    """A means of payment that the acquirer keeps: we know its token and what to call it."""

    class State(models.TextChoices):
        ACTIVE = "active", _("in use")
        REMOVED = "removed", _("removed")

    MOVES = {State.REMOVED: (State.ACTIVE,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="saved_cards")
    acquirer = models.ForeignKey(Acquirer, on_delete=models.PROTECT)
    token = models.CharField(max_length=120)
    payer = models.CharField(max_length=120, blank=True, default="")
    title = models.CharField(max_length=60)
    last4 = models.CharField(max_length=4, blank=True, default="")
    expires = models.CharField(max_length=7, blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
    saved_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "acquirer", "token"], name="savedcard_once"),
        ]

    def __str__(self) -> str:
        return self.title


class Autopay(models.Model):
    """
    A standing order: below a threshold or on a day of the month, so much, at most so much a month.

    The subscriber's consent to it is a row of `Consent` about this one. `round`
    counts what was carried out or given up, `failures` the tries of this round that failed.
    """

    class Trigger(models.TextChoices):
        THRESHOLD = "threshold", _("when little is left")
        DAY = "day", _("on a day of the month")

    class State(models.TextChoices):
        ON = "on", _("on")
        OFF = "off", _("off")

    MOVES = {State.OFF: (State.ON,)}

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="autopays")
    card = models.ForeignKey(SavedCard, on_delete=models.PROTECT)
    trigger = models.CharField(max_length=12, choices=Trigger)
    threshold = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    monthly_cap = models.DecimalField(max_digits=14, decimal_places=2)
    state = models.CharField(max_length=12, choices=State, default=State.ON)
    off_reason = models.CharField(max_length=120, blank=True, default="")
    round = models.PositiveIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    set_at = models.DateTimeField()
    off_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(state="on"), name="autopay_one_on"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, monthly_cap__gte=models.F("amount")),
                name="autopay_amounts",
            ),
            models.CheckConstraint(
                condition=models.Q(trigger="threshold", threshold__isnull=False, day__isnull=True)
                | models.Q(trigger="day", day__gte=1, day__lte=31, threshold__isnull=True),
                name="autopay_trigger",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["on", "off"]), name="autopay_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="on"), name="autopay_due")
        ]

    def __str__(self) -> str:
        return f"autopay {self.pk}"


class CardPayment(models.Model):
    """
    Money asked of an acquirer. `key` goes with the asking, `token` is in the address of its page.

    `received` is what the acquirer says it took; it is taken in as `notice`. `charge` is what
    refunds and disputes name where that is not `external_id`.
    """

    class State(models.TextChoices):
        CREATED = "created", _("not begun")
        PENDING = "pending", _("waits for the payer")
        UNKNOWN = "unknown", _("outcome not known yet")
        SUCCEEDED = "succeeded", pgettext_lazy("card payment", "received")
        CANCELLED = "cancelled", pgettext_lazy("card payment", "not paid")

    # The acquirer's word counts: a page given up may turn out to be paid.
    MOVES = {
        State.PENDING: (State.CREATED, State.UNKNOWN),
        State.UNKNOWN: (State.CREATED, State.PENDING),
        State.SUCCEEDED: (State.CREATED, State.PENDING, State.UNKNOWN, State.CANCELLED),
        State.CANCELLED: (State.CREATED, State.PENDING, State.UNKNOWN),
    }
    OPEN = (State.CREATED, State.PENDING, State.UNKNOWN)

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="card_payments")
    acquirer = models.ForeignKey(Acquirer, on_delete=models.PROTECT)
    key = models.CharField(max_length=40)
    token = models.CharField(max_length=40, db_index=True)
    amount = models.DecimalField(pgettext_lazy("money", "amount"), max_digits=14, decimal_places=2)
    received = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3)
    door = models.CharField(max_length=12)
    email = models.CharField(max_length=120, blank=True, default="")
    saves_card = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State, default=State.CREATED)
    external_id = models.CharField(max_length=120, blank=True, default="", db_index=True)
    charge = models.CharField(max_length=120, blank=True, default="", db_index=True)
    return_url = models.CharField(max_length=200, blank=True, default="")
    page_url = models.TextField(blank=True, default="")
    reason = models.CharField(max_length=120, blank=True, default="")
    notice = models.ForeignKey(PaymentNotice, on_delete=models.PROTECT, null=True)
    card = models.ForeignKey(SavedCard, on_delete=models.PROTECT, null=True)
    autopay = models.ForeignKey(
        Autopay, on_delete=models.PROTECT, null=True, related_name="card_payments"
    )
    occasion = models.CharField(max_length=24, blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("card payment")
        verbose_name_plural = _("card payments")
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="cardpayment_once"),
            models.UniqueConstraint(
                fields=["account", "autopay", "occasion"],
                condition=models.Q(autopay__isnull=False),
                name="cardpayment_once_per_occasion",
            ),
            models.UniqueConstraint(
                fields=["account", "autopay"],
                condition=models.Q(
                    autopay__isnull=False, state__in=["created", "pending", "unknown"]
                ),
                name="cardpayment_one_open_autopay",
            ),
            models.UniqueConstraint(
                fields=["account", "notice"],
                condition=models.Q(notice__isnull=False),
                name="cardpayment_credited_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="cardpayment_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["created", "pending", "unknown", "succeeded", "cancelled"]
                ),
                name="cardpayment_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"],
                condition=models.Q(state__in=["created", "pending", "unknown"]),
                name="cardpayment_to_look_at",
            ),
            models.Index(fields=["account", "-created_at"], name="cardpayment_of_account"),
        ]

    def __str__(self) -> str:
        return f"card payment {self.pk}"


class AcquirerNotice(models.Model):
    """
    What an acquirer sent us, as it came, once per event; it only says what to ask about.

    `settled`: looked at and done. `stranger`: about something we never asked for; a person looks.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("not looked at yet")
        SETTLED = "settled", _("settled")
        IGNORED = "ignored", _("does not concern us")
        STRANGER = "stranger", _("about an unknown payment")

    MOVES = {
        State.SETTLED: (State.RECEIVED, State.STRANGER),
        State.IGNORED: (State.RECEIVED, State.STRANGER),
        State.STRANGER: (State.RECEIVED,),
    }

    acquirer = models.ForeignKey(Acquirer, on_delete=models.PROTECT)
    event = models.CharField(max_length=160)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=12)
    subject_id = models.CharField(max_length=120)
    key = models.CharField(max_length=40, blank=True, default="")
    body = models.TextField()
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    repeats = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    next_look_at = models.DateTimeField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["acquirer", "event"], name="acquirernotice_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"],
                condition=models.Q(state="received"),
                name="acquirernotice_to_look_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
