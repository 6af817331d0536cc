"""
Usage: the files it came in, the batches that priced it, priced usage, suspense, allowance use.
"""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_project.kernel.models import AppendOnly
from rating.domain.suspense import SuspenseReason

#: What people read for each reason of the suspense.
REASON_LABELS: Final = {
    SuspenseReason.MALFORMED_LINE: _("malformed line"),
    SuspenseReason.WRONG_ENCODING: _("wrong encoding"),
    SuspenseReason.BAD_TIME: _("bad time"),
    SuspenseReason.BAD_DURATION: _("bad duration or quantity"),
    SuspenseReason.BAD_NUMBER: _("bad number"),
    SuspenseReason.BAD_SUBSCRIBER: _("bad number of the subscriber"),
    SuspenseReason.UNKNOWN_KIND: _("unknown kind of usage"),
    SuspenseReason.UNKNOWN_SUBSCRIBER: _("unknown subscriber"),
    SuspenseReason.NO_PLAN: _("no plan at that time"),
    SuspenseReason.NO_PRICE_VERSION: _("no prices for that day"),
    SuspenseReason.UNKNOWN_ZONE: _("unknown destination"),
    SuspenseReason.NO_RATE: _("no rate at that time"),
    SuspenseReason.TOO_LARGE: _("amount too large"),
}


class UsageSource(models.Model):
    """A switch or other element that writes usage files. Its files lie in a folder of its code."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    format = models.CharField(_("format"), max_length=24)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Moscow")
    area_code = models.CharField(
        _("area code"),
        max_length=5,
        blank=True,
        default="",
        help_text=_("Put before numbers that were dialled without it."),
    )
    incoming_contexts = models.CharField(
        _("contexts of incoming calls"),
        max_length=200,
        blank=True,
        default="",
        help_text=_(
            "Asterisk contexts, separated by spaces, whose calls came from other networks."
        ),
    )

    class Meta:
        verbose_name = _("usage source")
        verbose_name_plural = _("usage sources")

    def __str__(self) -> str:
        return self.code


class UsageBatch(models.Model):
    """
    One pricing run over some files. Rows priced carry its id; it is posted once, to the ledger.

    posted = the batch is; the postings can be computed anew from its priced rows until then.
    """

    class State(models.TextChoices):
        OPEN = "open", _("being priced")
        PRICED = "priced", _("priced")
        POSTED = "posted", _("posted")

    MOVES = {State.PRICED: (State.OPEN,), State.POSTED: (State.PRICED,)}

    business_date = models.DateField(_("business date"))
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True)
    summary = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("pricing run")
        verbose_name_plural = _("pricing runs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "priced", "posted"]),
                name="usagebatch_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class UsageFile(models.Model):
    """A file as received, archived byte for byte, known by its hash; never taken twice."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        PRICED = "priced", _("priced")
        REFUSED = "refused", _("refused")

    MOVES = {
        State.PRICED: (State.RECEIVED,),
        State.REFUSED: (State.RECEIVED,),
        State.RECEIVED: (State.REFUSED,),
    }

    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, null=True)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField(_("bytes"))
    archive_path = models.CharField(max_length=250)
    received_at = models.DateTimeField(_("received at"))
    batch = models.ForeignKey(UsageBatch, on_delete=models.PROTECT, null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    refusal = models.CharField(max_length=200, blank=True, default="")
    times_seen = models.PositiveIntegerField(default=1)
    records = models.IntegerField(_("records"), default=0)
    priced = models.IntegerField(_("priced"), default=0)
    duplicates = models.IntegerField(_("duplicates"), default=0)
    not_charged = models.IntegerField(_("not chargeable"), default=0)
    suspended = models.IntegerField(_("in suspense"), default=0)

    class Meta:
        verbose_name = _("usage file")
        verbose_name_plural = _("usage files")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="priced")
                | models.Q(
                    records=models.F("priced")
                    + models.F("duplicates")
                    + models.F("not_charged")
                    + models.F("suspended")
                ),
                name="usagefile_every_record_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PricedUsage(AppendOnly):
    """
    One usage record with its amount: the sub-ledger. Partitioned by month of `started_at`.

    Real key (account_id, started_at, source_id, record_key, revision), decision A6; `id` has no
    index. Codes: `kind` as `tariffs.domain.deck`; numbers are E.164 digits as integers, 0 = none.
    The explanation is rendered on read by the scalar twin from these columns.
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    source_id = models.SmallIntegerField()
    record_key = models.BigIntegerField()
    revision = models.SmallIntegerField(default=0)
    batch_id = models.BigIntegerField()
    file_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    kind = models.SmallIntegerField()
    other_number = models.BigIntegerField(default=0)
    zone_id = models.SmallIntegerField()
    band_id = models.IntegerField()
    plan_version_id = models.IntegerField()
    deck_version_id = models.IntegerField()
    quantity = models.BigIntegerField()
    billed = models.BigIntegerField()
    allowance_id = models.IntegerField(default=0)
    allowance_used = models.BigIntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.source_id}/{self.record_key}"


class SuspenseRecord(models.Model):
    """A record that can't be priced yet: file, line, reason, and the line as it was."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RECYCLED = "recycled", _("priced since")
        WRITTEN_OFF = "written_off", _("written off")

    MOVES = {State.RECYCLED: (State.WAITING,), State.WRITTEN_OFF: (State.WAITING,)}

    file = models.ForeignKey(UsageFile, on_delete=models.PROTECT, related_name="suspense")
    line = models.IntegerField(_("line"))
    reason = models.CharField(
        _("reason"),
        max_length=32,
        choices=[(reason.value, label) for reason, label in REASON_LABELS.items()],
    )
    detail = models.CharField(_("detail"), max_length=200, blank=True, default="")
    raw = models.TextField(_("record"))
    corrected = models.TextField(_("corrected record"), blank=True, default="")
    started_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    batch = models.ForeignKey(UsageBatch, on_delete=models.PROTECT, null=True)
    suspended_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("suspended record")
        verbose_name_plural = _("suspense")
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="suspense_line_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "recycled", "written_off"]),
                name="suspense_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reason", "id"],
                condition=models.Q(state="waiting"),
                name="suspense_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line} {self.reason}"


class AllowanceUse(models.Model):
    """How much of an allowance a subscription used in a month (`yyyymm` of local time)."""

    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    allowance_id = models.IntegerField()
    month = models.IntegerField()
    granted = models.BigIntegerField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "subscription_id", "allowance_id", "month"],
                name="allowanceuse_once",
            ),
            models.CheckConstraint(
                condition=models.Q(used__gte=0, used__lte=models.F("granted")),
                name="allowanceuse_within_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.allowance_id} {self.month}: {self.used}"
