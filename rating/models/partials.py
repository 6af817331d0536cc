"""
Partial records that wait for the rest of their call.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.models.files import UsageBatch, UsageFile, UsageSource


class PartialRecord(models.Model):
    """
    A piece of a call that the switch cut up, or the newest report of a session still going on.

    Known by source, call and number, so that a piece delivered twice is one. `call_key` is the
    record key of the whole. A report (`is_running`) counts from the beginning of its session; there
    is one row per session, which stays when the session has ended, so that reports that come late
    are recognised. A joined piece names the batch that priced the whole. The record itself is a
    line of its file.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        JOINED = "joined", _("joined")
        SUSPENDED = "suspended", _("in suspense")

    MOVES = {
        State.WAITING: (State.SUSPENDED,),
        State.JOINED: (State.WAITING, State.SUSPENDED),
        State.SUSPENDED: (State.WAITING,),
    }

    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT)
    call_key = models.BigIntegerField()
    number = models.BigIntegerField()
    is_last = models.BooleanField()
    is_running = models.BooleanField()
    file = models.ForeignKey(UsageFile, on_delete=models.PROTECT)
    line = models.IntegerField()
    subscriber_key = models.BigIntegerField()
    started_at = models.DateTimeField()
    kind = models.SmallIntegerField()
    number_b = models.BigIntegerField()
    number_b_length = models.SmallIntegerField()
    quantity = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    received_at = models.DateTimeField()
    batch = models.ForeignKey(UsageBatch, on_delete=models.PROTECT, null=True)

    class Meta:
        verbose_name = _("partial record")
        verbose_name_plural = _("partial records")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "call_key", "number"], name="partialrecord_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "joined", "suspended"]),
                name="partialrecord_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(state="waiting"),
                name="partialrecord_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id}:{self.call_key}/{self.number}"
