"""
Runs of re-rating: seen first, approved, applied in ranges of accounts, each in one transaction.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from billing_project.kernel import operations as kernel
from billing_project.kernel import queue
from billing_project.kernel.models import Approval
from billing_project.kernel.operations import change_state
from rating.domain.rerating import Selection
from rating.models import RerateLine, RerateRun, UsageBatch
from rating.operations.posting import post_batch
from rating.operations.rerating.ranges import Shelf, UnableToRerate, do_range
from rating.queries import rerate_runs

#: `Approval.kind` of a run that waits for a second person.
APPROVAL_KIND: Final = "rerating"
TASK: Final = "usage.rerate"
State = RerateRun.State
#: Told how many accounts are done, of how many.
Progress = Callable[[int, int], None]


@transaction.atomic
def start_rerating(
    *, selection: Selection, reason: str, request_id: str, actor: str, now: datetime
) -> RerateRun:
    """
    Ask for a re-rating; `go_on_rerating` computes its preview. Nothing is charged.

    The same `request_id` again answers with the same run.
    """
    earlier = RerateRun.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    if not reason.strip():
        raise UnableToRerate(_("Say why usage is priced anew: it stays with the run."))
    if not rerate_runs.selected_accounts(selection, after=0, limit=1):
        raise UnableToRerate(_("Nothing of this kind was used in the period."))
    queue.nudge(TASK)
    return RerateRun.objects.create(
        selection=selection.as_json(),
        reason=reason.strip()[:200],
        request_id=request_id,
        asked_by=actor,
        asked_at=now,
    )


@transaction.atomic
def start_undoing(
    *, run_id: int, reason: str, request_id: str, actor: str, now: datetime
) -> RerateRun:
    """Ask for a run that puts back what another changed; it is seen and approved like any."""
    earlier = RerateRun.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    run = _locked(run_id, State.APPLIED)
    if run.undone_by.exclude(state=State.CANCELLED).exists():
        raise UnableToRerate(_("A run that undoes it is there already."))
    queue.nudge(TASK)
    return RerateRun.objects.create(
        selection=run.selection,
        reason=reason.strip()[:200] or run.reason,
        undoes=run,
        request_id=request_id,
        asked_by=actor,
        asked_at=now,
    )


def go_on_rerating(*, run_id: int, now: datetime, progress: Progress | None = None) -> RerateRun:
    """
    Compute a preview, or apply what was approved, to the end.

    Killed anywhere and called again it goes on with the next range. Two at once share the ranges.
    """
    run = RerateRun.objects.get(pk=run_id)
    shelf = Shelf()
    while run.state in {State.DRAFT, State.APPROVED}:
        run = do_range(run_id, shelf, now=now)
        if progress:
            progress(run.done, run.accounts)
    if run.state == State.APPLIED and run.batch_id:
        post_batch(batch_id=run.batch_id, now=now)
    return run


def go_on_reratings(*, now: datetime) -> int:
    """Go on with all runs that have something to do; return how many were brought to an end."""
    done = 0
    for run_id in rerate_runs.working_rerate_runs():
        try:
            go_on_rerating(run_id=run_id, now=now)
        except UnableToRerate:
            # Usage is being priced: the next call goes on.
            continue
        done += 1
    return done


def approve_rerating(
    *, run_id: int, limit: Decimal, business_date: date, actor: str, now: datetime
) -> RerateRun | Approval:
    """
    Let a previewed run be applied; beyond the limit (sum of all differences, whatever their sign)
    a second person is asked instead.
    """
    with transaction.atomic():
        run = _locked(run_id, State.PREVIEWED)
        size = rerate_runs.total_of_run(run_id).size
        if run.approval_id:
            raise UnableToRerate(_("It waits for a second person already."))
        if size <= limit:
            return _approve(run, business_date=business_date, actor=actor, now=now)
        approval = kernel.request_approval(
            kind=APPROVAL_KIND,
            comment=run.reason,
            requested_by=actor,
            now=now,
            amount=size,
            data={"run_id": run_id},
        )
        RerateRun.objects.filter(pk=run_id).update(approval_id=approval.pk)
        return approval


@transaction.atomic
def approve_asked_rerating(
    *, approval_id: int, business_date: date, actor: str, now: datetime
) -> RerateRun:
    """Approve a run as the second person; raises kernel's UnableToDecide."""
    approval = kernel.approve(approval_id=approval_id, actor=actor, now=now)
    if approval.kind != APPROVAL_KIND:
        raise UnableToRerate(_("This approval is not a re-rating."))
    run = _locked(approval.data["run_id"], State.PREVIEWED)
    if run.asked_by == actor:
        raise UnableToRerate(_("Somebody else has to decide: you asked for it yourself."))
    return _approve(run, business_date=business_date, actor=actor, now=now)


@transaction.atomic
def refuse_asked_rerating(*, approval_id: int, actor: str, now: datetime) -> RerateRun:
    """Refuse a run as the second person: it is cancelled."""
    approval = kernel.refuse(approval_id=approval_id, actor=actor, now=now)
    return _cancel(_locked(approval.data["run_id"], State.PREVIEWED), actor=actor, now=now)


@transaction.atomic
def cancel_rerating(*, run_id: int, actor: str, now: datetime) -> RerateRun:
    """Give up a run that nothing is applied of; an approval that is asked for is refused."""
    run = _locked(run_id, State.DRAFT, State.PREVIEWED)
    waiting = Approval.objects.filter(pk=run.approval_id or 0, state=Approval.State.PENDING)
    for approval in waiting:
        change_state(
            model=Approval, ids=[approval.pk], to=Approval.State.REFUSED, at=now, actor=actor
        )
    return _cancel(run, actor=actor, now=now)


def _cancel(run: RerateRun, *, actor: str, now: datetime) -> RerateRun:
    change_state(model=RerateRun, ids=[run.pk], to=State.CANCELLED, at=now, actor=actor)
    return RerateRun.objects.get(pk=run.pk)


def _locked(run_id: int, *states: str) -> RerateRun:
    run = RerateRun.objects.select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.state not in states:
        raise UnableToRerate(_("The run has gone on meanwhile: look at it again."))
    return run


def _approve(run: RerateRun, *, business_date: date, actor: str, now: datetime) -> RerateRun:
    batch = UsageBatch.objects.create(business_date=business_date, opened_at=now)
    lines = RerateLine.objects.filter(run=run).count()
    RerateRun.objects.filter(pk=run.pk).update(
        batch=batch, approved_by=actor, approved_at=now, cursor=0, done=0, accounts=lines
    )
    change_state(model=RerateRun, ids=[run.pk], to=State.APPROVED, at=now, actor=actor)
    queue.nudge(TASK)
    return RerateRun.objects.get(pk=run.pk)


def rest_of_rerating(*, run_id: int, request_id: str, actor: str, now: datetime) -> RerateRun:
    """Ask for a new run over the accounts that had changed since a run's preview."""
    run = RerateRun.objects.get(pk=run_id)
    stale = RerateLine.objects.filter(run=run, outcome=RerateLine.Outcome.STALE)
    accounts = tuple(stale.order_by("account_id").values_list("account_id", flat=True)[:10_000])
    if not accounts or run.undoes_id:
        raise UnableToRerate(_("Nothing was left out."))
    plain = {**run.selection, "account_ids": list(accounts)}
    return start_rerating(
        selection=Selection.from_json(plain),
        reason=run.reason,
        request_id=request_id,
        actor=actor,
        now=now,
    )


__all__ = [
    "APPROVAL_KIND",
    "UnableToRerate",
    "approve_asked_rerating",
    "approve_rerating",
    "cancel_rerating",
    "go_on_rerating",
    "go_on_reratings",
    "refuse_asked_rerating",
    "rest_of_rerating",
    "start_rerating",
    "start_undoing",
]
