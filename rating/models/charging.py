"""
Online charging: who may ask, sessions with what is reserved for them, units reserved by counter.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.models.files import UsageSource


class ChargingClient(models.Model):
    """
    A softswitch or server that asks before it connects. Known by a token, stored as its SHA-256.

    `source` is the switch whose files may bring the same calls later. Times are seconds: a session
    must report within `validity`; silent for `grace` more it is closed with what was confirmed, and
    charged if no record of it arrives within `record_wait`.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, verbose_name=_("source"))
    token_hash = models.CharField(max_length=64, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)
    voice_slice = models.PositiveIntegerField(_("seconds reserved at once"), default=300)
    data_slice = models.PositiveBigIntegerField(_("bytes reserved at once"), default=16 * 2**20)
    validity = models.PositiveIntegerField(_("report within, seconds"), default=3600)
    grace = models.PositiveIntegerField(_("silence allowed, seconds"), default=120)
    record_wait = models.PositiveIntegerField(_("wait for the record, seconds"), default=0)

    class Meta:
        verbose_name = _("client of online charging")
        verbose_name_plural = _("clients of online charging")

    def __str__(self) -> str:
        return self.code


class ChargingSession(models.Model):
    """
    One session, call, message or event. Running until `ended_at`; booked (in the ledger) or done
    without a charge from `booked_at` on.

    `held` is set aside on the balance row for it, `units` are reserved of counters: rows of
    [owner's account, owner, allowance, period, units]. While it runs both are those of its length
    granted so far, from its end on those of its price, until it is booked. `sequence` is the last
    request answered, `fingerprint` a hash of it, `answer` what it was told.
    """

    class Ending(models.TextChoices):
        TERMINATED = "terminated", _("ended")
        EXPIRED = "expired", _("not heard of any more")
        CLOSED = "closed", _("closed by hand")
        CANCELLED = "cancelled", _("cancelled")
        BY_RECORD = "by_record", _("charged by the switch's record")

    # Without a constraint: each session would lock the one row of its client.
    client = models.ForeignKey(
        ChargingClient, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    session_key = models.CharField(_("session"), max_length=128)
    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    kind = models.SmallIntegerField()
    source_id = models.SmallIntegerField()
    record_key = models.BigIntegerField()
    subscriber = models.CharField(_("subscriber"), max_length=40)
    other_number = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(_("started"))
    plan_version_id = models.IntegerField()
    deck_version_id = models.IntegerField()
    zone_id = models.SmallIntegerField()
    used = models.BigIntegerField(default=0)
    granted = models.BigIntegerField(default=0)
    held = models.DecimalField(_("reserved"), max_digits=14, decimal_places=2, default=0)
    units = models.JSONField(default=list)
    sequence = models.BigIntegerField()
    fingerprint = models.BigIntegerField()
    answer = models.TextField()
    heard_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=12, blank=True, default="", choices=Ending)
    ended_by = models.CharField(max_length=60, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    # What it cost, once it has ended.
    billed = models.BigIntegerField(default=0)
    band_id = models.IntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    is_overrun = models.BooleanField(default=False)
    # Not before: a record of the switch may still come and be the truth.
    bookable_at = models.DateTimeField(null=True)
    booked_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("online session")
        verbose_name_plural = _("online sessions")
        constraints = [
            # The account last: found by client and key, and the table can be distributed.
            models.UniqueConstraint(
                fields=["client", "session_key", "account_id"], name="chargingsession_once"
            ),
            models.CheckConstraint(
                condition=models.Q(held__gte=0, used__gte=0, granted__gte=0, amount__gte=0),
                name="chargingsession_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(booked_at__isnull=True) | models.Q(held=0),
                name="chargingsession_booked_holds_nothing",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, booked_at__isnull=True)
                | models.Q(ended_at__isnull=False),
                name="chargingsession_ends_before_booked",
            ),
        ]
        indexes = [
            # Not by when they expire: every request changes that, and would change the index.
            models.Index(
                fields=["id"],
                condition=models.Q(ended_at__isnull=True),
                name="chargingsession_running",
            ),
            models.Index(
                fields=["bookable_at"],
                condition=models.Q(ended_at__isnull=False, booked_at__isnull=True),
                name="chargingsession_to_book",
            ),
            models.Index(
                fields=["account_id"],
                condition=models.Q(booked_at__isnull=True),
                name="chargingsession_open",
            ),
            models.Index(
                fields=["booked_at"],
                condition=models.Q(booked_at__isnull=False),
                name="chargingsession_booked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}/{self.session_key}"


class AllowanceHold(models.Model):
    """Units of a counter (see AllowanceUse) that sessions not yet booked have reserved."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    period = models.IntegerField()
    reserved = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "period"],
                name="allowancehold_once",
            ),
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0), name="allowancehold_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.period}: {self.reserved}"
