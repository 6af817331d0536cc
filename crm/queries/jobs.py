"""
The nightly work as the job page shows it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet

from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import JobRun
from billing_project.kernel.queries import StepProgress

NIGHT: Final = "nightly"
#: Summaries are JSON: sums of money travel in them as texts.
_SUM: Final = re.compile(r"-?\d+\.\d\d")


class Figure(NamedTuple):
    """A figure of a step's summary: its name (with the names it stands within) and value."""

    path: tuple[str, ...]
    value: Any

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number, to be written with its thousands apart."""
        return isinstance(self.value, int)

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum of money."""
        return isinstance(self.value, Decimal)


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its finer percentage and its figures."""

    progress: StepProgress
    percent: int
    state: str
    seconds: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Night:
    """One business day's work: its steps, and whether it moves still."""

    business_date: date
    steps: tuple[Step, ...]
    is_moving: bool


@dataclass(frozen=True, slots=True)
class NightInBrief:
    """A line of the list of nights."""

    business_date: date
    state: str
    pieces: int
    done: int
    started_at: datetime | None
    finished_at: datetime | None


def list_nights(*, limit: int = 14) -> list[NightInBrief]:
    """List the latest nights, newest first."""
    rows = (
        JobRun.objects.filter(job=NIGHT)
        .values("business_date")
        .annotate(
            pieces=Count("pk"),
            done=Count("pk", filter=Q(state=JobRun.State.DONE)),
            failed=Count("pk", filter=Q(state=JobRun.State.FAILED)),
            running=Count("pk", filter=Q(state=JobRun.State.RUNNING)),
            began=Min("started_at"),
            ended=Max("finished_at"),
        )
        .order_by("-business_date")[:limit]
    )
    return [
        NightInBrief(
            business_date=row["business_date"],
            state=_state(row["pieces"], row["done"], row["failed"], row["running"]),
            pieces=row["pieces"],
            done=row["done"],
            started_at=row["began"],
            finished_at=row["ended"] if row["done"] == row["pieces"] else None,
        )
        for row in rows
    ]


def latest_day() -> date | None:
    """Return the business day of the newest night, or None before the first."""
    runs = JobRun.objects.filter(job=NIGHT)
    return runs.order_by("-business_date").values_list("business_date", flat=True).first()


def get_night(business_date: date) -> Night:
    """Return the steps of a night with their progress and figures; no steps: it never ran."""
    pieces = JobRun.objects.filter(job=NIGHT, business_date=business_date)
    figures = _figures(pieces)
    steps = tuple(
        _step(progress, figures.get(progress.step, {}))
        for progress in kernel_queries.list_steps(job=NIGHT, business_date=business_date)
    )
    return Night(
        business_date=business_date,
        steps=steps,
        is_moving=any(step.state in {"running", "waiting"} for step in steps),
    )


def list_troubled_pieces(business_date: date) -> "QuerySet[JobRun]":
    """Return the pieces that failed or were tried more than once."""
    pieces = JobRun.objects.filter(job=NIGHT, business_date=business_date)
    return pieces.filter(Q(state=JobRun.State.FAILED) | Q(attempts__gt=1)).order_by(
        "position", "piece"
    )


def _step(progress: StepProgress, figures: Mapping[str, Any]) -> Step:
    percent = progress.percent
    if progress.rows_total and progress.done < progress.pieces:
        percent = min(99, max(percent, 100 * progress.rows_done // progress.rows_total))
    ended = progress.finished_at
    seconds = round((ended - progress.started_at).total_seconds()) if _both(progress) else None  # type: ignore[operator]
    return Step(
        progress=progress,
        percent=percent,
        state=_state(progress.pieces, progress.done, progress.failed, progress.running),
        seconds=seconds,
        figures=tuple(_flat(figures)),
    )


def _both(progress: StepProgress) -> bool:
    return progress.started_at is not None and progress.finished_at is not None


def _state(pieces: int, done: int, failed: int, running: int) -> str:  # noqa: PLR0917
    if failed:
        return "failed"
    if done == pieces:
        return "done"
    return "running" if running or done else "waiting"


def _figures(pieces: "QuerySet[JobRun]") -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for step, summary in pieces.order_by("piece").values_list("step", "summary"):
        found[step] = _added(found.get(step, {}), summary)
    return found


def _added(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    total = dict(left)
    for name, value in right.items():
        if isinstance(value, dict):
            total[name] = _added(total.get(name, {}), value)
        elif isinstance(value, int) and not isinstance(value, bool):
            total[name] = total.get(name, 0) + value
        elif isinstance(value, str) and _SUM.fullmatch(value):
            total[name] = total.get(name, Decimal(0)) + Decimal(value)
        else:
            total[name] = value
    return total


def _flat(figures: Mapping[str, Any], within: tuple[str, ...] = ()) -> list[Figure]:
    lines: list[Figure] = []
    for name, value in figures.items():
        path = (*within, name)
        lines += _flat(value, path) if isinstance(value, dict) else [Figure(path, value)]
    return lines
