"""
Pieces of jobs on JobRun rows: planned, claimed, worked at, finished; safe to kill at any point.

A command and a worker may work at one job at the same time: each claims pieces by guarded update.
Whether a worker is alive is asked of the database's clock, never of business time, so that
machines with different clocks agree; these moments are no argument of any business decision.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Event, Thread
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg2.extras import Json

from billing_project.kernel.models import JobRun

#: A piece whose heart was silent for so long may be claimed by somebody else.
TAKEOVER_SECONDS: Final[int] = settings.TAKEOVER_SECONDS
#: How often the heart of a long piece beats.
BEAT_SECONDS: Final = max(1, TAKEOVER_SECONDS // 6)
#: The end of the last range of accounts: accounts opened meanwhile belong to it.
LAST_ACCOUNT: Final = 2**63 - 1

PLAN: Final = """
    INSERT INTO kernel_jobrun (job, business_date, step, position, piece, account_from, account_to,
        state, worker, rows_total, rows_done, attempts, error, summary)
    SELECT %s, %s, %s, %s, number - 1, low, high, 'pending', '', 0, 0, 0, '', '{}'
      FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS r (low, high, number)
     WHERE NOT EXISTS (
        SELECT 1 FROM kernel_jobrun WHERE job = %s AND business_date = %s AND step = %s)
"""
REVIVE: Final = """
    UPDATE kernel_jobrun SET state = 'pending'
     WHERE job = %s AND business_date = %s AND step = %s AND state = 'failed'
"""
CLAIM: Final = """
    UPDATE kernel_jobrun SET state = 'running', worker = %s, attempts = attempts + 1, error = '',
           started_at = clock_timestamp(), heartbeat_at = clock_timestamp(), rows_done = 0
     WHERE id = (
        SELECT id FROM kernel_jobrun
         WHERE job = %s AND business_date = %s AND step = %s
           AND (state = 'pending' OR state = 'running'
                AND heartbeat_at < clock_timestamp() - make_interval(secs => %s))
         ORDER BY piece LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *
"""
# The attempt is part of the guard: a worker that slept through a takeover must not finish it.
MINE: Final = "WHERE id = %s AND worker = %s AND attempts = %s AND state = 'running'"
BEAT: Final = f"""
    UPDATE kernel_jobrun SET heartbeat_at = clock_timestamp(), rows_done = %s, rows_total = %s {MINE}
"""
FINISH: Final = f"""
    UPDATE kernel_jobrun SET state = 'done', finished_at = clock_timestamp(),
           rows_done = %s, rows_total = %s, summary = %s {MINE}
"""
FAIL: Final = f"""
    UPDATE kernel_jobrun SET state = 'failed', finished_at = clock_timestamp(), error = %s {MINE}
"""
ERROR_LENGTH: Final = 4000


class PieceLost(Exception):
    """The piece's heart was silent too long, and somebody else claimed it."""


def plan_pieces(
    *,
    job: str,
    business_date: date,
    step: str,
    position: int = 0,
    ranges: Sequence[tuple[int, int]] = ((0, LAST_ACCOUNT),),
) -> list[JobRun]:
    """
    Write the step's pieces, one per half-open range of accounts; return all of them.

    A step that was planned before keeps its pieces (end the last range with LAST_ACCOUNT), and
    those that failed wait again.
    """
    name: list[Any] = [job, business_date, step]
    lows, highs = [low for low, _high in ranges], [high for _low, high in ranges]
    with transaction.atomic(), connection.cursor() as cursor:
        lock = f"{job} {business_date} {step}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
        cursor.execute(PLAN, [*name, position, lows, highs, *name])
        cursor.execute(REVIVE, name)
    return list(
        JobRun.objects.filter(job=job, business_date=business_date, step=step).order_by("piece")
    )


def claim_piece(
    *,
    job: str,
    business_date: date,
    step: str,
    worker: str,
    takeover_seconds: float = TAKEOVER_SECONDS,
) -> JobRun | None:
    """
    Claim a piece that waits, or whose worker's heart stopped; None when there is none.

    Call it outside a transaction: others see the claim once it is committed.
    """
    params = [worker, job, business_date, step, takeover_seconds]
    claimed = list(JobRun.objects.raw(CLAIM, params))
    return claimed[0] if claimed else None


def beat(piece: JobRun, *, rows_done: int = 0, rows_total: int = 0) -> None:
    """Show life and progress; raise PieceLost when the piece is somebody else's by now."""
    _update_mine(BEAT, piece, values=[rows_done, rows_total])


def finish_piece(
    piece: JobRun,
    *,
    rows_done: int = 0,
    rows_total: int | None = None,
    summary: dict[str, Any] | None = None,
) -> None:
    """Mark the piece done; raise PieceLost when it is somebody else's by now."""
    total = rows_done if rows_total is None else rows_total
    _update_mine(FINISH, piece, values=[rows_done, total, Json(summary or {})])


def fail_piece(piece: JobRun, *, error: str) -> None:
    """Mark the piece failed, with its last lines of error; it waits for the next start."""
    _update_mine(FAIL, piece, values=[error[-ERROR_LENGTH:]])


def _update_mine(statement: str, piece: JobRun, *, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, piece.pk, piece.worker, piece.attempts])
        if cursor.rowcount != 1:
            raise PieceLost(_("%(piece)s was claimed by somebody else.") % {"piece": piece})


@dataclass(slots=True)
class Progress:
    """What the heart reports: the work sets `rows_done` as it goes."""

    rows_done: int = 0
    rows_total: int = 0


@contextmanager
def beating(piece: JobRun, *, every: float = BEAT_SECONDS) -> Iterator[Progress]:
    """
    Beat from a thread with its own connection while the work is inside long transactions.

    A short piece never opens that connection.
    """
    progress, stop = Progress(), Event()
    thread = Thread(target=_beat_until, args=(piece, progress, stop), kwargs={"every": every})
    thread.daemon = True
    thread.start()
    try:
        yield progress
    finally:
        stop.set()
        thread.join()


def _beat_until(piece: JobRun, progress: Progress, stop: Event, *, every: float) -> None:
    try:
        while not stop.wait(every):
            beat(piece, rows_done=progress.rows_done, rows_total=progress.rows_total)
    except PieceLost:
        # The work finds out when it finishes the piece; its effects are idempotent.
        return
    finally:
        connection.close()


REOPEN: Final = """
    UPDATE kernel_jobrun SET state = 'pending'
     WHERE job = %s AND business_date = %s AND state = 'done'
"""


def reopen(*, job: str, business_date: date) -> int:
    """Let the finished pieces of a job run once more (their work is idempotent); return how many."""
    with connection.cursor() as cursor:
        cursor.execute(REOPEN, [job, business_date])
        return int(cursor.rowcount)
