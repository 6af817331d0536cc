"""
What people do with many suspended records at once, and the alarms that call them.
"""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.models.files import UsageSource
from rating.models.suspense import REASON_LABELS, SuspenseRecord

#: `Approval.kind` of a write-off that waits for a second person; its data names the run.
APPROVAL_KIND: Final = "suspense_write_off"

_REASONS = [(reason.value, label) for reason, label in REASON_LABELS.items()]


class SuspenseRun(models.Model):
    """
    One thing done to a selection of suspended records, in portions: corrected, recycled, given up.

    The records are fixed when the run is asked for (`SuspenseRunRecord`); `cursor` is the last one
    that is done, written in the transaction of its portion. `outcome` counts by what became of them.
    """

    class Kind(models.TextChoices):
        CORRECT = "correct", _("correction")
        RECYCLE = "recycle", _("pricing again")
        WRITE_OFF = "write_off", _("writing off")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        WAITING = "waiting", _("at work")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        UNDONE = "undone", _("undone")

    MOVES = {
        # In the transaction that makes it: only its fixed records tell whether it is too much.
        State.ASKED: (State.WAITING,),
        State.WAITING: (State.ASKED,),
        State.REFUSED: (State.ASKED,),
        State.DONE: (State.WAITING,),
        State.UNDONE: (State.DONE, State.WAITING),
    }

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    selection = models.JSONField(default=dict)
    rule = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    request_id = models.CharField(max_length=40, unique=True)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    # What the records may be worth: an estimate, see `queries.suspense.estimates`.
    at_stake = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    trouble = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("work on suspended records")
        verbose_name_plural = _("work on suspended records")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "waiting", "done", "refused", "undone"]),
                name="suspenserun_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(done__gte=0, done__lte=models.F("total")),
                name="suspenserun_within_total",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state="waiting"), name="suspenserun_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class SuspenseRunRecord(models.Model):
    """A record of a run; of a correction the line before and after it."""

    run = models.ForeignKey(SuspenseRun, on_delete=models.PROTECT, related_name="records")
    record = models.ForeignKey(SuspenseRecord, on_delete=models.PROTECT, related_name="runs")
    before = models.TextField(blank=True, default="")
    after = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "record"], name="suspenserunrecord_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.record_id}"


class SuspenseThreshold(models.Model):
    """
    When a reason's share of the records is alarming: of one source, or of all without their own.

    `times` the usual share and `least_percent` of the records must both be passed, by at least
    `least_records` records.
    """

    source = models.ForeignKey(
        UsageSource, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("source")
    )
    times = models.DecimalField(_("times the usual share"), max_digits=6, decimal_places=2)
    least_percent = models.DecimalField(_("at least, percent"), max_digits=5, decimal_places=2)
    least_records = models.IntegerField(_("at least, records"))

    class Meta:
        verbose_name = _("alarm threshold of the suspense")
        verbose_name_plural = _("alarm thresholds of the suspense")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(times__gt=0, least_percent__gte=0, least_records__gte=1),
                name="suspensethreshold_sane",
            ),
            models.UniqueConstraint(
                fields=["source"], nulls_distinct=False, name="suspensethreshold_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.source or _("all sources"))


class SuspenseAlarm(models.Model):
    """A reason's share of a source's records grew on a day; `seen_by` somebody who looks after it."""

    business_date = models.DateField(_("business date"))
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT)
    reason = models.CharField(_("reason"), max_length=32, choices=_REASONS)
    suspended = models.IntegerField()
    records = models.IntegerField()
    share = models.DecimalField(max_digits=7, decimal_places=4)
    usual_share = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name = _("alarm of the suspense")
        verbose_name_plural = _("alarms of the suspense")
        constraints = [
            models.UniqueConstraint(
                fields=["business_date", "source", "reason"], name="suspensealarm_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["business_date"],
                condition=models.Q(seen_at__isnull=True),
                name="suspensealarm_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} {self.source_id} {self.reason}"
