"""
One thing done to many suspended records: asked for, approved, carried out in portions, undone.

A portion and the run's cursor are written in one transaction, so a run that was killed goes on
where it stood, and two workers take turns.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_project.kernel import operations as kernel
from billing_project.kernel import queue
from billing_project.kernel.models import Approval
from rating import queries
from rating.domain.corrections import Rule
from rating.domain.selections import Limits, Selection
from rating.models import SuspenseRecord, SuspenseRun
from rating.models.suspense_runs import APPROVAL_KIND
from rating.operations.suspense import writing_off
from rating.operations.suspense.correcting import check_rule, correct_portion
from rating.operations.suspense.reading import UnableToRecycle
from rating.operations.suspense.recycling import recycle

log = logging.getLogger(__name__)

#: The task that carries out what is too much for one request.
TASK: Final = "usage.follow_up"
#: Records of one portion: one transaction. Pricing loads the whole catalogue for each.
PORTIONS: Final = {
    SuspenseRun.Kind.CORRECT: 5_000,
    SuspenseRun.Kind.RECYCLE: 20_000,
    SuspenseRun.Kind.WRITE_OFF: 5_000,
}
#: Up to so many the person who asks waits for; more are for the workers.
AT_ONCE: Final = 500

FIX: Final = """
    INSERT INTO rating_suspenserunrecord (run_id, record_id, before, after)
    SELECT %s, s.id, '', '' FROM ({selected}) AS s ORDER BY s.id
"""
UNDO: Final = """
    UPDATE rating_suspenserecord r SET corrected = x.before
      FROM rating_suspenserunrecord x
     WHERE x.run_id = %s AND r.id = x.record_id AND x.after <> ''
       AND r.state = 'waiting' AND r.corrected = x.after
"""
CHANGED: Final = "SELECT count(*) FROM rating_suspenserunrecord WHERE run_id = %s AND after <> ''"


class UnableToRun(Exception):
    """Nothing is selected, no reason is given, or the work can't be undone any more."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done to which records, and why; a form sent twice has one `request_id`."""

    kind: SuspenseRun.Kind
    selection: Selection
    request_id: str
    note: str = ""
    rule: Rule | None = None


def start_run(
    *, order: Order, now: datetime, actor: str, limits: Limits | None = None
) -> SuspenseRun:
    """
    Fix the records of an order and begin with them; few are done when this answers.

    The same `request_id` answers with what it began first. Giving up more than `limits` waits for
    a second person (an Approval of kind APPROVAL_KIND with the run's id). Raises UnableToRun,
    UnableToCorrect.
    """
    earlier = queries.find_run_by_request(order.request_id)
    if earlier:
        return earlier
    _check(order)
    try:
        run = _write(order, now=now, actor=actor, limits=limits)
    except IntegrityError:
        # A double click: the other request was first.
        earlier = queries.find_run_by_request(order.request_id)
        if earlier is None:
            raise
        return earlier
    return _begin(run, now=now)


def approve_write_off(*, approval_id: int, now: datetime, actor: str) -> SuspenseRun:
    """Let a write-off that waits for approval begin; raises the kernel's UnableToDecide."""
    with transaction.atomic():
        run = _run_of(kernel.approve(approval_id=approval_id, actor=actor, now=now))
        _move(run, SuspenseRun.State.WAITING, now=now, actor=actor)
    return _begin(run, now=now)


@transaction.atomic
def refuse_write_off(*, approval_id: int, now: datetime, actor: str) -> SuspenseRun:
    """Refuse a write-off that waits for approval; its records wait on."""
    run = _run_of(kernel.refuse(approval_id=approval_id, actor=actor, now=now))
    _move(run, SuspenseRun.State.REFUSED, now=now, actor=actor)
    return run


def carry_out(*, run_id: int, now: datetime) -> SuspenseRun:
    """Go on with a run to its end, or until it meets trouble; `trouble` of the run says which."""
    try:
        while _advance(run_id, now):
            pass
    except UnableToRecycle as error:
        SuspenseRun.objects.filter(pk=run_id).update(trouble=str(error)[:200])
    return SuspenseRun.objects.get(pk=run_id)


def drain_runs(*, now: datetime) -> int:
    """Carry out all that waits; return how many runs were looked at. One in trouble stops no other."""
    runs = queries.waiting_runs()
    for run_id in runs:
        try:
            carry_out(run_id=run_id, now=now)
        except Exception as error:  # a file gone, a format that fails: the next run may be sound
            log.exception("work %s on suspended records", run_id)
            SuspenseRun.objects.filter(pk=run_id).update(trouble=str(error)[:200])
    return len(runs)


@transaction.atomic
def undo_run(*, run_id: int, reason: str, now: datetime, actor: str) -> SuspenseRun:
    """
    Undo a correction (lines not priced or corrected anew since) or a write-off; stops it if at work.

    Raises UnableToRun. `outcome` gets `restored` and `kept`.
    """
    run = SuspenseRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.kind == SuspenseRun.Kind.RECYCLE or run.state not in {"done", "waiting"}:
        raise UnableToRun(_("This can't be undone."))
    if not reason.strip():
        raise UnableToRun(_("Say why it is undone."))
    if run.kind == SuspenseRun.Kind.CORRECT:
        undone = _undo_correction(run)
    else:
        undone = writing_off.take_back_run(run, actor=actor, reason=reason, now=now)
    run.outcome = {**run.outcome, **undone}
    run.trouble = ""
    run.save(update_fields=["outcome", "trouble"])
    _move(run, SuspenseRun.State.UNDONE, now=now, actor=actor, reason=reason)
    return run


def _check(order: Order) -> None:
    if order.selection.state != SuspenseRecord.State.WAITING:
        raise UnableToRun(_("Only records that wait can be worked on."))
    if order.kind != SuspenseRun.Kind.RECYCLE and not order.note.strip():
        raise UnableToRun(_("Say why: it stays with the records."))
    if order.kind == SuspenseRun.Kind.CORRECT:
        if order.rule is None:
            raise UnableToRun(_("A correction needs a rule."))
        check_rule(order.rule)


@transaction.atomic
def _write(order: Order, *, now: datetime, actor: str, limits: Limits | None) -> SuspenseRun:
    today = timezone.localtime(now).date()
    _count, at_stake = queries.estimate(order.selection, today=today)
    run = SuspenseRun.objects.create(
        kind=order.kind,
        selection=order.selection.as_json(),
        rule=order.rule.as_json() if order.rule else {},
        note=order.note[:200],
        request_id=order.request_id,
        asked_by=actor,
        asked_at=now,
        at_stake=at_stake,
    )
    run.total = _fix(run, order.selection)
    if not run.total:
        raise UnableToRun(_("No record that waits is selected."))
    run.save(update_fields=["total"])
    if order.kind == SuspenseRun.Kind.WRITE_OFF and _is_beyond(run, limits):
        _ask(run, now=now)
    return run


def _fix(run: SuspenseRun, selection: Selection) -> int:
    """Note which records are meant: those that come later are not."""
    sql, params = queries.selected(selection).order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(FIX.format(selected=sql), [run.pk, *params])
        return int(cursor.rowcount)


def _is_beyond(run: SuspenseRun, limits: Limits | None) -> bool:
    if limits is None:
        return False
    return run.total > limits.records or (run.at_stake or 0) > limits.money


def _ask(run: SuspenseRun, *, now: datetime) -> None:
    asked = SuspenseRun.State.ASKED
    kernel.change_state(model=SuspenseRun, to=asked, ids=[run.pk], at=now, actor=run.asked_by)
    run.refresh_from_db(fields=["state"])
    kernel.request_approval(
        kind=APPROVAL_KIND,
        amount=run.at_stake,
        comment=run.note,
        data={"run_id": run.pk, "records": run.total},
        requested_by=run.asked_by,
        now=now,
    )


def _run_of(approval: Approval) -> SuspenseRun:
    if approval.kind != APPROVAL_KIND:
        raise UnableToRun(_("This approval is about something else."))
    return SuspenseRun.objects.select_for_update(no_key=True).get(pk=approval.data["run_id"])


def _begin(run: SuspenseRun, *, now: datetime) -> SuspenseRun:
    if run.state != SuspenseRun.State.WAITING:
        return run
    if run.total <= AT_ONCE:
        return carry_out(run_id=run.pk, now=now)
    queue.nudge(TASK)
    return run


@transaction.atomic
def _advance(run_id: int, now: datetime) -> bool:
    """Do the next portion; return whether there is more. False too while another worker does it."""
    rows = SuspenseRun.objects.select_for_update(no_key=True, skip_locked=True)
    run = rows.filter(pk=run_id, state=SuspenseRun.State.WAITING).first()
    if run is None:
        return False
    ids = queries.next_of_run(run, limit=PORTIONS[SuspenseRun.Kind(run.kind)])
    if ids:
        run.outcome = dict(Counter(run.outcome) + Counter(_work(run, ids, now)))
        run.done += len(ids)
        run.cursor = ids[-1]
    run.trouble = ""
    run.save(update_fields=["outcome", "done", "cursor", "trouble"])
    if run.done < run.total:
        return True
    _move(run, SuspenseRun.State.DONE, now=now, actor=run.asked_by)
    return False


def _work(run: SuspenseRun, ids: Sequence[int], now: datetime) -> dict[str, int]:
    if run.kind == SuspenseRun.Kind.CORRECT:
        return correct_portion(run, ids)
    if run.kind == SuspenseRun.Kind.WRITE_OFF:
        return writing_off.write_off_portion(run, ids, now)
    return _recycle_portion(run, ids, now)


def _recycle_portion(run: SuspenseRun, ids: Sequence[int], now: datetime) -> dict[str, int]:
    waiting = [record.pk for record in queries.suspended_by_ids(ids) if record.state == "waiting"]
    gone = {"gone": len(ids) - len(waiting)}
    if not waiting:
        return gone
    recycled = recycle(record_ids=waiting, actor=run.asked_by, now=now)
    return {
        "priced": len(recycled.priced),
        "closed": len(recycled.closed),
        "waiting": len(recycled.waiting),
        **gone,
    }


def _undo_correction(run: SuspenseRun) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(UNDO, [run.pk])
        restored = int(cursor.rowcount)
        cursor.execute(CHANGED, [run.pk])
        return {"restored": restored, "kept": int(cursor.fetchone()[0]) - restored}


def _move(run: SuspenseRun, to: str, *, now: datetime, actor: str, reason: str = "") -> None:
    if not kernel.change_state(
        model=SuspenseRun, ids=[run.pk], to=to, at=now, actor=actor, reason=reason[:200]
    ):
        raise UnableToRun(_("Somebody else was faster."))
    run.refresh_from_db(fields=["state"])
    if to != SuspenseRun.State.WAITING:
        run.finished_at = now
        run.save(update_fields=["finished_at"])
