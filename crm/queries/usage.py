"""
Usage files, suspended records and work on them as the CRM lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet, Sum

from accounts.models import Account
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.models import Approval, StateChange
from crm.queries import staff
from rating import queries as rating_queries
from rating.models import SuspenseRecord, SuspenseRun, UsageFile, UsageSource
from rating.models.suspense_runs import APPROVAL_KIND
from rating.operations.suspense.trials import Trial
from tariffs import queries as tariffs_queries
from tariffs.models import Plan, PlanVersion

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class FileTotals:
    """Sums over all files: every record is somewhere."""

    files: int
    records: int
    priced: int
    duplicates: int
    not_charged: int
    suspended: int


@dataclass(frozen=True, slots=True)
class Work:
    """A run on suspended records with the name of who asked, and its approval if it has one."""

    run: SuspenseRun
    asked_by: str
    approval: Approval | None = None

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 * self.run.done // self.run.total if self.run.total else 0

    @property
    def outcome(self) -> list[tuple[str, int]]:
        """What became of the records, by its code."""
        return list(self.run.outcome.items())

    @property
    def can_be_undone(self) -> bool:
        """Whether undoing it means anything."""
        return self.run.kind != "recycle" and self.run.state in {"waiting", "done"}


@dataclass(frozen=True, slots=True)
class Change:
    """A move of a record from state to state, by whom and why."""

    fact: StateChange
    actor: str


@dataclass(frozen=True, slots=True)
class NamedTrial:
    """What pricing would make of a record, with the names people know."""

    trial: Trial
    account: Account | None
    zone: str
    plan: Plan | None


def list_sources() -> list[tuple[int, str]]:
    """Return the sources of usage by name."""
    return list(UsageSource.objects.order_by("name").values_list("pk", "name"))


def find_suspended(record_id: int) -> SuspenseRecord | None:
    """Return one suspended record with its file, in whatever state."""
    return SuspenseRecord.objects.filter(pk=record_id).select_related("file__source").first()


def find_file(file_id: int) -> UsageFile | None:
    """Return a usage file."""
    return UsageFile.objects.filter(pk=file_id).select_related("source").first()


def list_files(*, before: int | None = None, limit: int = PAGE) -> "QuerySet[UsageFile]":
    """Return files, newest first, with ids below `before`."""
    files = UsageFile.objects.select_related("source").order_by("-pk")
    return (files if before is None else files.filter(pk__lt=before))[:limit]


def sum_files() -> FileTotals:
    """Return the totals over all files."""
    names = ("records", "priced", "duplicates", "not_charged", "suspended")
    sums = UsageFile.objects.aggregate(files=Count("pk"), **{name: Sum(name) for name in names})
    return FileTotals(**{name: value or 0 for name, value in sums.items()})


@dataclass(frozen=True, slots=True)
class Incomplete:
    """What a source has not delivered: gaps in its numbers, parts of records that wait."""

    source: UsageSource
    gaps: list[rating_queries.Gap]
    parts: int
    since: datetime | None


def list_incomplete() -> list[Incomplete]:
    """Return the sources that something is missing from; two queries a source."""
    found = []
    for source in UsageSource.objects.order_by("name"):
        gaps = rating_queries.list_gaps(source.pk, limit=PAGE)
        parts, since = rating_queries.count_waiting_parts(source.pk)
        if gaps or parts:
            found.append(Incomplete(source, gaps, parts, since))
    return found


def list_work(*, limit: int = 20) -> list[Work]:
    """Return the newest work on suspended records."""
    return _named(rating_queries.list_runs(limit=limit))


def list_asked() -> list[Work]:
    """Return the write-offs that wait for a second person, oldest first."""
    return _named(rating_queries.list_asked_runs())


def list_work_on(record_id: int) -> list[Work]:
    """Return the work that had to do with one record."""
    return _named(rating_queries.list_runs_of(record_id))


def find_work(run_id: int) -> Work | None:
    """Return one piece of work; with its approval while it waits for one."""
    run = rating_queries.find_run(run_id)
    return _named([run])[0] if run else None


def list_changes(record_id: int) -> list[Change]:
    """Return how a record went from state to state, newest first."""
    label = SuspenseRecord._meta.label_lower
    facts = kernel_queries.list_state_changes(model=label, object_id=record_id)[::-1]
    names = staff.names_of(fact.actor for fact in facts)
    return [Change(fact, names.get(fact.actor, fact.actor)) for fact in facts]


def name_trials(trials: Iterable[Trial], *, language: str) -> list[NamedTrial]:
    """Return trials with account, zone and plan by name; three queries."""
    found = list(trials)
    accounts = Account.objects.select_related("customer").in_bulk(
        {trial.account_id for trial in found if trial.account_id}
    )
    zones = tariffs_queries.zone_names(language=language)
    versions = PlanVersion.objects.select_related("plan").in_bulk(
        {trial.plan_version_id for trial in found if trial.plan_version_id}
    )
    return [
        NamedTrial(
            trial,
            accounts.get(trial.account_id),
            zones.get(trial.zone_id, ""),
            versions[trial.plan_version_id].plan if trial.plan_version_id in versions else None,
        )
        for trial in found
    ]


def _named(runs: list[SuspenseRun]) -> list[Work]:
    names = staff.names_of(run.asked_by for run in runs)
    is_asked = any(run.state == SuspenseRun.State.ASKED for run in runs)
    asked = list(kernel_queries.list_approvals(kind=APPROVAL_KIND)) if is_asked else []
    approvals = {approval.data["run_id"]: approval for approval in asked}
    return [Work(run, names.get(run.asked_by, run.asked_by), approvals.get(run.pk)) for run in runs]
