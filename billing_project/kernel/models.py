"""
Tables every floor writes to: events and their inboxes, state changes, approvals, job runs.

People are plain values here (`staff:12`, `subscriber:7`, `system:nightly`), not foreign keys.
"""

from typing import Any, NoReturn

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ChangeRefused(Exception):
    """An append-only row was to be changed or deleted."""


class AppendOnly(models.Model):
    """Base of rows that are written once; PostgreSQL's triggers refuse what gets past this."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to save a row that is there already."""
        if not self._state.adding:
            message = f"{type(self).__name__} rows are never changed"
            raise ChangeRefused(message)
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        message = f"{type(self).__name__} rows are never deleted"
        raise ChangeRefused(message)


class BusinessEvent(AppendOnly):
    """
    What happened, to which account, when, by whom. Partitioned by month of `happened_at`.

    The real key is (account_id, happened_at, id), see migrations/sql/events.sql. `account_id` is 0
    for what concerns no account.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    account_id = models.BigIntegerField(default=0)
    customer_id = models.BigIntegerField(null=True)
    subscription_id = models.BigIntegerField(null=True)
    happened_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, default="", blank=True)
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class EventInbox(models.Model):
    """One event waiting for one consumer; deleted in the transaction that does the work."""

    consumer = models.CharField(max_length=24)
    event_id = models.BigIntegerField()
    account_id = models.BigIntegerField(default=0)
    happened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["consumer", "id"], name="eventinbox_queue")]

    def __str__(self) -> str:
        return f"{self.consumer}: {self.event_id}"


class StateChange(AppendOnly):
    """One move of one state machine: the fact row of `operations.change_state`."""

    model = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    account_id = models.BigIntegerField(default=0)
    old = models.CharField(max_length=24)
    new = models.CharField(max_length=24)
    changed_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    on_behalf_of = models.CharField(max_length=60, default="")
    reason = models.CharField(max_length=200, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["model", "object_id", "id"], name="statechange_object")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}: {self.old} → {self.new}"


class Approval(models.Model):
    """
    Something that waits for a second person: an adjustment above the limit, a write-off.

    `kind` names what will be done (`adjustment`), `data` holds plain values to do it with.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    MOVES = {State.APPROVED: (State.PENDING,), State.REFUSED: (State.PENDING,)}

    kind = models.CharField(max_length=40)
    account_id = models.BigIntegerField(default=0)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    data = models.JSONField(default=dict)
    comment = models.TextField(blank=True, default="")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    requested_by = models.CharField(max_length=60)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("requested_by")),
                name="approval_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "approved", "refused"]),
                name="approval_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class JobRun(models.Model):
    """
    One piece of one step of a job, for one business day: claimed, worked at, finished.

    A worker claims a row by guarded update and beats its heart while it works; a row whose heart
    stopped may be claimed again. `account_from`/`account_to` is a half-open range of accounts.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    # A failed piece waits again when the job is started again; a running one may be taken over.
    MOVES = {
        State.PENDING: (State.FAILED,),
        State.RUNNING: (State.PENDING, State.RUNNING),
        State.DONE: (State.RUNNING,),
        State.FAILED: (State.RUNNING,),
    }

    job = models.CharField(max_length=40)
    business_date = models.DateField()
    step = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    piece = models.PositiveIntegerField(default=0)
    account_from = models.BigIntegerField(default=0)
    account_to = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    worker = models.CharField(max_length=80, blank=True, default="")
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    rows_total = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    summary = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints = [
            models.UniqueConstraint(
                fields=["job", "business_date", "step", "piece"], name="jobrun_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "running", "done", "failed"]),
                name="jobrun_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.business_date} {self.step}/{self.piece}"
