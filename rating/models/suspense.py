"""
Records that wait in suspense.
"""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.domain.suspense import SuspenseReason
from rating.models.files import UsageBatch, UsageFile

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
    SuspenseReason.INCOMPLETE_RECORD: _("parts of the record are missing"),
    SuspenseReason.WRONG_COUNT: _("the file counts its records otherwise"),
}


class SuspenseRecord(models.Model):
    """A record that can't be priced yet: file, line, reason, and the line as it was."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RECYCLED = "recycled", _("priced since")
        WRITTEN_OFF = "written_off", _("written off")

    MOVES = {
        State.RECYCLED: (State.WAITING,),
        State.WRITTEN_OFF: (State.WAITING,),
        # What a person gave up may be taken back; what was closed by pricing has a batch.
        State.WAITING: (State.WRITTEN_OFF,),
    }

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
            models.Index(fields=["state", "id"], name="suspense_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line} {self.reason}"
