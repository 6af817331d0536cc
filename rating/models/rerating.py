"""
Re-rating: usage of a period priced anew by the catalogue of the moment, seen first, then applied.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rating.models.files import UsageBatch


class RerateRun(models.Model):
    """
    A selection of priced usage that is to be priced anew.

    Accounts are worked on in the order of their ids, `cursor` is the last that is done in the
    present state: written in the transaction of its range, so a killed run goes on where it was.
    `selection` holds plain values (rating.domain.rerating.Selection). What is applied is written
    into `batch`, which is posted once, at the end.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being computed")
        PREVIEWED = "previewed", _("previewed")
        APPROVED = "approved", _("being applied")
        APPLIED = "applied", _("applied")
        CANCELLED = "cancelled", _("cancelled")

    MOVES = {
        State.PREVIEWED: (State.DRAFT,),
        State.APPROVED: (State.PREVIEWED,),
        State.APPLIED: (State.APPROVED,),
        State.CANCELLED: (State.DRAFT, State.PREVIEWED),
    }

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    selection = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    request_id = models.CharField(max_length=40, unique=True)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField(_("asked at"))
    previewed_at = models.DateTimeField(null=True)
    approval_id = models.BigIntegerField(null=True)
    approved_by = models.CharField(max_length=60, blank=True, default="")
    approved_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    batch = models.OneToOneField(
        UsageBatch, on_delete=models.PROTECT, null=True, related_name="rerate_run"
    )
    accounts = models.IntegerField(_("accounts"), default=0)
    done = models.IntegerField(default=0)
    cursor = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("re-rating")
        verbose_name_plural = _("re-ratings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["draft", "previewed", "approved", "applied", "cancelled"]
                ),
                name="reraterun_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "applied"])
                | models.Q(batch__isnull=False),
                name="reraterun_applied_into_a_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"re-rating {self.pk}"


class RerateLine(models.Model):
    """
    What a run does to one account: sums of the records considered, before and after.

    `seen` is a fingerprint of the rows that the preview looked at. If they, or what comes out, are
    no longer the same when the run is applied, the account is `stale` and left as it is.
    """

    class Outcome(models.TextChoices):
        PREVIEWED = "previewed", _("previewed")
        APPLIED = "applied", _("applied")
        STALE = "stale", _("changed since the preview")

    run = models.ForeignKey(RerateRun, on_delete=models.PROTECT, related_name="lines")
    account_id = models.BigIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.PREVIEWED)
    records = models.IntegerField()
    changed = models.IntegerField()
    failed = models.IntegerField(default=0)
    old_amount = models.DecimalField(max_digits=14, decimal_places=2)
    new_amount = models.DecimalField(max_digits=14, decimal_places=2)
    difference = models.DecimalField(max_digits=14, decimal_places=2)
    seen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account_id"], name="rerateline_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["previewed", "applied", "stale"]),
                name="rerateline_outcome_known",
            ),
            models.CheckConstraint(
                condition=models.Q(difference=models.F("new_amount") - models.F("old_amount")),
                name="rerateline_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "difference", "account_id"], name="rerateline_by_size"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.account_id} {self.difference}"
