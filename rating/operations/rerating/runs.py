"""
Runs of re-rating: seen first, approved, applied in ranges of accounts, each in one transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing_project.kernel import operations as kernel
from billing_project.kernel import queue
from billing_project.kernel.models import Approval
from billing_project.kernel.operations import change_state
from rating import queries
from rating.domain.rerating import Selection
from rating.models import RerateLine, RerateRun, UsageBatch
from rating.operations import writing
from rating.operations.batches import EVERYTHING, SOURCE_LOCK
from rating.operations.order import note_span
from rating.operations.posting import post_batch
from rating.operations.rerating import undoing
from rating.operations.rerating.looking import AccountChange, Look, look_at
from rating.operations.rerating.pricing import Outcome
from rating.operations.rerating.writing import write_outcome
from rating.queries import rerate_runs
from tariffs.domain.deck import UsageKind

#: `Approval.kind` of a run that waits for a second person.
APPROVAL_KIND: Final = "rerating"
TASK: Final = "usage.rerate"
#: Accounts worked on in one transaction.
AT_ONCE: Final = 1_000
CENTS: Final = Decimal("0.01")
State = RerateRun.State
#: Told how many accounts are done, of how many.
Progress = Callable[[int, int], None]


class UnableToRerate(Exception):
    """Nothing is selected, the run is not in the state for it, or usage is being priced."""


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


@dataclass(slots=True)
class _Shelf:
    """The catalogue, read once for all ranges that one call works on."""

    catalogue: queries.Catalogue | None = None

    def take(self, run: RerateRun) -> queries.Catalogue:
        if self.catalogue is None:
            # A window may begin with the month of its first record, or with a week before it.
            first = Selection.from_json(run.selection).first.replace(day=1) - timedelta(days=7)
            self.catalogue = queries.load_catalogue(on_or_after=first)
        return self.catalogue


def go_on_rerating(*, run_id: int, now: datetime, progress: Progress | None = None) -> RerateRun:
    """
    Compute a preview, or apply what was approved, to the end.

    Killed anywhere and called again it goes on with the next range. Two at once share the ranges.
    """
    run = RerateRun.objects.get(pk=run_id)
    shelf = _Shelf()
    while run.state in {State.DRAFT, State.APPROVED}:
        run = _do_range(run_id, shelf, now=now)
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


@transaction.atomic
def _do_range(run_id: int, shelf: _Shelf, *, now: datetime) -> RerateRun:
    """Do the next range of accounts in the state the run is in, or end that state."""
    run = RerateRun.objects.select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.state == State.DRAFT:
        _preview_range(run, shelf, now=now)
    elif run.state == State.APPROVED:
        _apply_range(run, shelf, now=now)
    return RerateRun.objects.get(pk=run_id)


def _preview_range(run: RerateRun, shelf: _Shelf, *, now: datetime) -> None:
    accounts = _next_accounts(run)
    if not accounts:
        RerateRun.objects.filter(pk=run.pk).update(previewed_at=now, accounts=run.done)
        change_state(model=RerateRun, ids=[run.pk], to=State.PREVIEWED, at=now, actor=run.asked_by)
        return
    known = set(
        RerateLine.objects.filter(run=run, account_id__in=accounts).values_list(
            "account_id", flat=True
        )
    )
    changes = _changes(run, shelf, [one for one in accounts if one not in known])
    RerateLine.objects.bulk_create(
        (_line(run, change) for change in changes.values() if change.changed or change.failed),
        ignore_conflicts=True,
    )
    _advance(run, accounts)


def _next_accounts(run: RerateRun) -> list[int]:
    if run.undoes is not None and run.undoes.batch_id:
        rows = rerate_runs.accounts_written_by(run.undoes.batch_id, after=run.cursor, limit=AT_ONCE)
        return [account for account, _written, _in_force in rows]
    selection = Selection.from_json(run.selection)
    return rerate_runs.selected_accounts(selection, after=run.cursor, limit=AT_ONCE)


def _advance(run: RerateRun, accounts: list[int]) -> None:
    done = run.done + len(accounts)
    RerateRun.objects.filter(pk=run.pk).update(
        cursor=accounts[-1], done=done, accounts=max(run.accounts, done)
    )


def _changes(run: RerateRun, shelf: _Shelf, accounts: list[int]) -> dict[int, AccountChange]:
    if run.undoes is not None:
        return undoing.look_back(run.undoes.batch_id or 0, accounts)
    return _look(run, shelf, accounts).changes if accounts else {}


def _look(run: RerateRun, shelf: _Shelf, accounts: list[int]) -> Look:
    selection = Selection.from_json(run.selection)
    return look_at(selection, accounts, catalogue=shelf.take(run))


def _line(run: RerateRun, change: AccountChange) -> RerateLine:
    old, new = change.old * CENTS, change.new * CENTS
    return RerateLine(
        run=run,
        account_id=change.account_id,
        records=change.records,
        changed=change.changed,
        failed=change.failed,
        old_amount=old,
        new_amount=new,
        difference=new - old,
        seen=change.seen,
    )


def _apply_range(run: RerateRun, shelf: _Shelf, *, now: datetime) -> None:
    lines = RerateLine.objects.filter(run=run, account_id__gt=run.cursor).order_by("account_id")
    part = list(lines.select_for_update(no_key=True, of=("self",))[:AT_ONCE])
    if not part:
        _finish(run, now=now)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, EVERYTHING])
        if not cursor.fetchone()[0]:
            raise UnableToRerate(_("Usage is being priced just now: it goes on afterwards."))
    writing.lock_open_batch(run.batch_id or 0)
    waiting = [line for line in part if line.outcome == RerateLine.Outcome.PREVIEWED]
    applied, stale = _apply(run, shelf, waiting)
    for to, ids in ((RerateLine.Outcome.APPLIED, applied), (RerateLine.Outcome.STALE, stale)):
        RerateLine.objects.filter(run=run, account_id__in=ids).update(outcome=to)
    RerateRun.objects.filter(pk=run.pk).update(
        cursor=part[-1].account_id, done=F("done") + len(part)
    )


def _apply(run: RerateRun, shelf: _Shelf, lines: list[RerateLine]) -> tuple[set[int], set[int]]:
    """Write what is as it was seen; return the accounts that were written, and those that weren't."""
    wanted = {line.account_id: line for line in lines}
    if not wanted:
        return set(), set()
    if run.undoes is not None:
        return _put_back(run, wanted)
    look = _look(run, shelf, sorted(wanted))
    stale = look.linked(_moved(run, wanted, look.changes))
    applied = look.linked(set(wanted)) - stale
    outcome: Outcome | None = look.outcome
    if stale:
        # Priced again without them: their counters must stay as well.
        rest = sorted(set(wanted) - stale)
        outcome = _look(run, shelf, rest).outcome if rest else None
    if outcome is not None:
        write_outcome(outcome, batch_id=run.batch_id or 0, catalogue=shelf.take(run))
    return applied, stale


def _moved(
    run: RerateRun, wanted: dict[int, RerateLine], changes: dict[int, AccountChange]
) -> set[int]:
    """Return the accounts of which the rows, or what comes out, are not what was seen."""
    others = set(changes) - set(wanted)
    known = {
        line.account_id: line for line in RerateLine.objects.filter(run=run, account_id__in=others)
    } | wanted
    moved = set()
    for account, line in known.items():
        change = changes.get(account)
        if change is None or (change.seen, change.new * CENTS) != (line.seen, line.new_amount):
            moved.add(account)
    return moved


def _put_back(run: RerateRun, wanted: dict[int, RerateLine]) -> tuple[set[int], set[int]]:
    undone = run.undoes.batch_id or 0 if run.undoes else 0
    changes = undoing.look_back(undone, sorted(wanted))
    failed = {account for account, change in changes.items() if change.failed}
    stale = _moved(run, wanted, changes) | failed
    applied = set(wanted) - stale
    if applied:
        undoing.put_back(
            undone, sorted(applied), batch_id=run.batch_id or 0, zone=settings.TIME_ZONE
        )
    return applied, stale


def _finish(run: RerateRun, *, now: datetime) -> None:
    """Close the run and its batch; posting follows, and is caught up by the night if it doesn't."""
    batch = writing.lock_open_batch(run.batch_id or 0)
    batch.summary = _summary(batch.pk)
    batch.save(update_fields=["summary"])
    note_span(batch.pk)
    actor = run.approved_by
    change_state(model=UsageBatch, ids=[batch.pk], to=UsageBatch.State.PRICED, at=now, actor=actor)
    RerateRun.objects.filter(pk=run.pk).update(applied_at=now)
    change_state(model=RerateRun, ids=[run.pk], to=State.APPLIED, at=now, actor=actor)


def _summary(batch_id: int) -> dict[str, Any]:
    """Return the report of a batch that only priced again."""
    totals = queries.totals_of(batch_id)
    counts = ("files", "records", "priced", "duplicates", "not_charged", "suspended")
    return {
        **dict.fromkeys(counts, 0),
        "suspense": {},
        "amounts": {UsageKind(kind).code: str(amount) for kind, _rows, amount in totals},
        "refused": {},
    }


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
