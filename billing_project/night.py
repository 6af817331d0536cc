"""
The night: one business day closed, step by step (decision C3).

`run` is the same for the command and for the schedule: steps are planned as JobRun pieces, and whoever
runs claims pieces, so that a command and a worker started together share the work. Every step may be
killed at any point and run again. The steps themselves are in `billing_project.night_steps`.
"""

import os
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Protocol

from billing_project.kernel import jobs
from billing_project.kernel.models import JobRun

JOB: Final = "nightly"
#: How long to wait between looks at a step that somebody else is working at.
WAIT_SECONDS: Final = 0.5

Summary = dict[str, Any]


class UnableToFinishNight(Exception):
    """A step failed; what it had done is kept, and the next run goes on from there."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a step needs to know: the day being closed, where files are, the moment it began."""

    business_date: date
    now: datetime
    folder: Path | None = None
    actor: str = "system:nightly"
    began: float = field(default_factory=time.monotonic)

    @property
    def moment(self) -> datetime:
        """The present moment: `now` and the time the night has taken since."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)


class Advance(Protocol):
    """Steps report progress through this."""

    def __call__(self, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, its work over a range of accounts, and how the day is cut into ranges."""

    name: str
    work: Callable[[Night, JobRun, Advance], Summary]
    ranges: Callable[[], list[tuple[int, int]]] | None = None


class Watcher(Protocol):
    """Is told how the night goes; the command draws it."""

    def step_began(self, *, step: Step, position: int, pieces: int) -> None: ...

    def advanced(self, *, done: int, total: int) -> None: ...

    def step_ended(self, *, step: Step, report: "StepReport") -> None: ...


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step came to, over all its pieces."""

    step: str
    seconds: float
    summary: Summary


@dataclass(slots=True)
class NightReport:
    """What a night came to."""

    business_date: date
    steps: list[StepReport] = field(default_factory=list)

    def summary_of(self, step: str) -> Summary:
        """Return the summary of a step, empty if it has not run."""
        return next((report.summary for report in self.steps if report.step == step), {})


class Silent:
    """A watcher that looks away."""

    def step_began(self, *, step: Step, position: int, pieces: int) -> None:
        """Ignore."""

    def advanced(self, *, done: int, total: int) -> None:
        """Ignore."""

    def step_ended(self, *, step: Step, report: StepReport) -> None:
        """Ignore."""


def run(*, night: Night, steps: Sequence[Step], watcher: Watcher | None = None) -> NightReport:
    """
    Close the business day: every step in turn, pieces claimed one by one.

    Raises UnableToFinishNight when a piece fails; the pieces done stay done.
    """
    watcher = watcher or Silent()
    report = NightReport(night.business_date)
    for position, step in enumerate(steps):
        ranges = step.ranges() if step.ranges else [(0, jobs.LAST_ACCOUNT)]
        pieces = jobs.plan_pieces(
            job=JOB,
            business_date=night.business_date,
            step=step.name,
            position=position,
            ranges=ranges,
        )
        watcher.step_began(step=step, position=position, pieces=len(pieces))
        began = time.monotonic()
        _work_through(night, step, watcher)
        report.steps.append(_report(night, step, seconds=time.monotonic() - began))
        watcher.step_ended(step=step, report=report.steps[-1])
    return report


def _work_through(night: Night, step: Step, watcher: Watcher) -> None:
    """Claim pieces until none is left, then wait for those that others hold."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    while True:
        piece = jobs.claim_piece(
            job=JOB, business_date=night.business_date, step=step.name, worker=worker
        )
        if piece is not None:
            _do(night, step, piece=piece, watcher=watcher)
            continue
        open_states = set(
            JobRun.objects.filter(job=JOB, business_date=night.business_date, step=step.name)
            .exclude(state=JobRun.State.DONE)
            .values_list("state", flat=True)
        )
        if not open_states:
            return
        if JobRun.State.FAILED in open_states:
            message = f"Step {step.name} of {night.business_date} failed in another process"
            raise UnableToFinishNight(message)
        time.sleep(WAIT_SECONDS)


def _do(night: Night, step: Step, *, piece: JobRun, watcher: Watcher) -> None:
    with jobs.beating(piece) as progress:

        def advance(done: int, total: int) -> None:
            progress.rows_done, progress.rows_total = done, total
            jobs.beat(piece, rows_done=done, rows_total=total)
            watcher.advanced(done=done, total=total)

        try:
            summary = step.work(night, piece, advance)
        except Exception as error:
            jobs.fail_piece(piece, error=traceback.format_exc())
            message = f"Step {step.name} of {night.business_date} failed: {error}"
            raise UnableToFinishNight(message) from error
    jobs.finish_piece(
        piece, rows_done=progress.rows_done, rows_total=progress.rows_total, summary=summary
    )


def _report(night: Night, step: Step, *, seconds: float) -> StepReport:
    pieces = JobRun.objects.filter(job=JOB, business_date=night.business_date, step=step.name)
    total: Summary = {}
    for summary in pieces.order_by("piece").values_list("summary", flat=True):
        total = added(total, summary)
    return StepReport(step=step.name, seconds=seconds, summary=total)


def added(left: Summary, right: Summary) -> Summary:
    """Add the figures of two summaries, key by key; nested tables too."""
    result = dict(left)
    for key, value in right.items():
        if isinstance(value, dict):
            result[key] = added(result.get(key, {}), value)
        elif isinstance(value, int):
            result[key] = result.get(key, 0) + value
        elif key in result and _is_money(value):
            result[key] = str(Decimal(result[key]) + Decimal(value))
        else:
            result[key] = value
    return result


def _is_money(value: object) -> bool:
    """Whether a figure is an amount: amounts are kept as text, since JSON has no decimals."""
    try:
        Decimal(str(value))
    except InvalidOperation:
        return False
    return True
