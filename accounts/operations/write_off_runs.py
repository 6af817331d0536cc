"""
Old debts of closed accounts written off together: selected, looked at, approved, posted.

What is posted is what was selected, and never more than is still owed. Posting goes by ranges of
accounts on JobRun rows; killed anywhere and run again it changes nothing twice.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.domain.kinds import Kind
from accounts.models import WriteOffRun
from accounts.operations.posting import post_many
from accounts.operations.second_person import UnableToCorrect, check_reason
from accounts.queries.accounts import list_account_ranges
from billing_project.kernel import jobs, queue
from billing_project.kernel import operations as kernel
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import Approval, JobRun

#: `Approval.kind` of a run that waits; the task that posts approved runs; the step of its pieces.
APPROVAL_KIND: Final = "write_off_run"
TASK: Final = "money.write_off"
STEP: Final = "write_off"

SELECT: Final = """
    INSERT INTO accounts_writeoffline (run_id, account_id, amount)
    SELECT %(run)s, a.id, -b.money
      FROM accounts_account a JOIN accounts_accountbalance b ON b.account_id = a.id
     WHERE a.closed_on < %(closed_before)s AND b.money < 0
       AND (%(most)s::numeric IS NULL OR -b.money <= %(most)s)
       AND NOT EXISTS (
        SELECT 1 FROM accounts_writeoffline l JOIN accounts_writeoffrun r ON r.id = l.run_id
         WHERE l.account_id = a.id AND r.state IN ('previewed', 'approved'))
     ORDER BY a.id
    ON CONFLICT (account_id, run_id) DO NOTHING
"""
TOTALS: Final = """
    UPDATE accounts_writeoffrun r SET (accounts, amount) = (
        SELECT count(*), coalesce(sum(l.amount), 0) FROM accounts_writeoffline l WHERE l.run_id = r.id)
     WHERE r.id = %s
"""
LOCK: Final = """
    SELECT b.account_id FROM accounts_accountbalance b
     WHERE b.account_id IN (SELECT account_id FROM accounts_writeoffline
                             WHERE run_id = %(run)s AND account_id >= %(low)s AND account_id < %(high)s)
     ORDER BY b.account_id FOR NO KEY UPDATE
"""
# Who paid meanwhile, or was opened again, is given no more than is still owed, or nothing.
WRITE: Final = """
    INSERT INTO accounts_writeoff (account_id, amount, reason, request_id, run_id, approval_id,
        business_date, written_at, actor)
    SELECT l.account_id, least(l.amount, -b.money), r.reason, 'run:' || r.id, r.id, r.approval_id,
           r.business_date, %(now)s, r.asked_by
      FROM accounts_writeoffline l
      JOIN accounts_writeoffrun r ON r.id = l.run_id
      JOIN accounts_accountbalance b ON b.account_id = l.account_id
      JOIN accounts_account a ON a.id = l.account_id
     WHERE l.run_id = %(run)s AND l.account_id >= %(low)s AND l.account_id < %(high)s
       AND b.money < 0 AND a.closed_on < r.closed_before
     ORDER BY l.account_id
    ON CONFLICT (account_id, request_id) DO NOTHING
    RETURNING id
"""
EVENTS: Final = """
    SELECT w.account_id, a.customer_id, NULL::bigint, w.written_at,
           jsonb_build_object('amount', w.amount::text, 'reason', w.reason)
      FROM accounts_writeoff w JOIN accounts_account a ON a.id = w.account_id
     WHERE w.id = ANY(%s) ORDER BY w.account_id
"""
POST: Final = """
    SELECT w.account_id, w.id, w.amount, w.business_date, NULL::bigint,
           jsonb_build_object('reason', w.reason, 'run_id', w.run_id)
      FROM accounts_writeoff w
     WHERE w.run_id = %(run)s AND w.account_id >= %(low)s AND w.account_id < %(high)s
"""


def preview_write_off_run(
    *,
    closed_before: date,
    most: Decimal | None,
    reason: str,
    request_id: str,
    now: datetime,
    actor: str,
) -> WriteOffRun:
    """
    Select debts of accounts closed before the day, each of at most `most`; nothing is posted.

    An account that waits in another run is left to that. The same `request_id`: the same run.
    """
    check_reason(reason)
    with transaction.atomic():
        run, is_new = WriteOffRun.objects.get_or_create(
            request_id=request_id,
            defaults={
                "closed_before": closed_before,
                "most": most,
                "reason": reason,
                "asked_by": actor,
                "asked_at": now,
            },
        )
        if is_new:
            values: dict[str, Any] = {"run": run.pk, "closed_before": closed_before, "most": most}
            with connection.cursor() as cursor:
                cursor.execute(SELECT, values)
                cursor.execute(TOTALS, [run.pk])
    run.refresh_from_db()
    return run


@transaction.atomic
def approve_write_off_run(
    *, run_id: int, limit: Decimal, business_date: date, now: datetime, actor: str
) -> WriteOffRun | Approval:
    """
    Let a selected run be posted; a total above `limit` asks a second person, who calls this too.

    Raises UnableToCorrect, kernel's UnableToDecide.
    """
    run = _previewed(run_id)
    if not run.accounts:
        raise UnableToCorrect(_("Nothing was selected."))
    if run.approval is not None:
        kernel.approve(approval_id=run.approval.pk, actor=actor, now=now)
    elif run.amount > limit:
        run.approval = kernel.request_approval(
            kind=APPROVAL_KIND,
            amount=run.amount,
            comment=run.reason,
            data={"run_id": run.pk},
            requested_by=actor,
            now=now,
        )
        run.save(update_fields=["approval"])
        return run.approval
    WriteOffRun.objects.filter(pk=run_id).update(
        business_date=business_date, approved_by=actor, approved_at=now
    )
    kernel.change_state(
        model=WriteOffRun, ids=[run_id], to=WriteOffRun.State.APPROVED, at=now, actor=actor
    )
    jobs.plan_pieces(job=_job(run_id), business_date=business_date, step=STEP, ranges=_ranges())
    queue.nudge(TASK)
    return WriteOffRun.objects.get(pk=run_id)


@transaction.atomic
def cancel_write_off_run(*, run_id: int, now: datetime, actor: str) -> WriteOffRun:
    """Give a selected run up; what waits for approval is refused with it, by another than who asked."""
    run = _previewed(run_id)
    if run.approval is not None:
        kernel.refuse(approval_id=run.approval.pk, actor=actor, now=now)
    kernel.change_state(
        model=WriteOffRun, ids=[run_id], to=WriteOffRun.State.CANCELLED, at=now, actor=actor
    )
    run.refresh_from_db()
    return run


def post_write_off_runs(*, now: datetime, worker: str) -> int:
    """Post what is approved, piece by piece; return the debts written off."""
    runs = WriteOffRun.objects.filter(state=WriteOffRun.State.APPROVED).order_by("pk")
    return sum(_post_run(run, now=now, worker=worker) for run in runs)


def _post_run(run: WriteOffRun, *, now: datetime, worker: str) -> int:
    assert run.business_date is not None  # noqa: S101 - set by the approval
    name: dict[str, Any] = {"job": _job(run.pk), "business_date": run.business_date, "step": STEP}
    jobs.plan_pieces(**name, ranges=_ranges())
    written = 0
    while piece := jobs.claim_piece(**name, worker=worker):
        written += _post_piece(run, piece, now=now)
    steps = kernel_queries.list_steps(job=_job(run.pk), business_date=run.business_date)
    if all(step.done == step.pieces for step in steps):
        kernel.change_state(
            model=WriteOffRun,
            ids=[run.pk],
            to=WriteOffRun.State.DONE,
            at=now,
            actor=run.approved_by,
        )
    return written


def _post_piece(run: WriteOffRun, piece: JobRun, *, now: datetime) -> int:
    try:
        with jobs.beating(piece):
            done = _post_range(run.pk, piece.account_from, piece.account_to, now=now)
    except Exception as error:
        # It waits for the next start of the task.
        jobs.fail_piece(piece, error=str(error))
        raise
    jobs.finish_piece(piece, rows_done=done)
    return done


@transaction.atomic
def _post_range(run_id: int, low: int, high: int, *, now: datetime) -> int:
    values: dict[str, Any] = {"run": run_id, "low": low, "high": high, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, values)
        cursor.execute(WRITE, values)
        new = [row[0] for row in cursor.fetchall()]
    actor = WriteOffRun.objects.values_list("asked_by", flat=True).get(pk=run_id)
    kernel.record_events(kind="debt.written_off", source_sql=EVENTS, params=[new], actor=actor)
    return post_many(source_sql=POST, params=values, kind=Kind.WRITE_OFF, now=now, actor=actor)


def _previewed(run_id: int) -> WriteOffRun:
    run: WriteOffRun | None = (
        WriteOffRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("approval")
        .filter(pk=run_id)
        .first()
    )
    if run is None or run.state != WriteOffRun.State.PREVIEWED:
        raise UnableToCorrect(_("This was decided already."))
    return run


def _job(run_id: int) -> str:
    return f"write_off:{run_id}"


def _ranges() -> list[tuple[int, int]]:
    ranges = list_account_ranges()
    return [*ranges[:-1], (ranges[-1][0], jobs.LAST_ACCOUNT)] if ranges else []
