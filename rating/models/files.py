"""
The sources of usage, the files they wrote, the batches that priced them.
"""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


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
    mapping = models.JSONField(
        _("mapping"),
        blank=True,
        default=dict,
        help_text=_("How its files are to be read, as JSON; see docs/formats.md."),
    )
    file_number_pattern = models.CharField(
        _("running number in the file's name"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("A regular expression with a group “seq”, such as cdr_(?P<seq>[0-9]+)"),
    )
    file_number_modulus = models.BigIntegerField(
        _("how many numbers there are until they begin anew"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("10000 if 9999 is followed by 0000; 0 if they never begin anew."),
    )
    partial_hours = models.PositiveSmallIntegerField(
        _("hours that a part of a record waits for the rest"),
        default=72,
        validators=[MinValueValidator(1)],
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


class BatchCharge(models.Model):
    """
    What rows of an open or priced batch charge an account for a kind of usage; gone once posted.

    One per slice that was written, with its rows. `subscription_id` is 0 where several services of
    the account were used; `minor` is an amount in minor units.
    """

    batch_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    kind = models.SmallIntegerField()
    minor = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.batch_id} {self.account_id} {self.kind}: {self.minor}"


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
