"""
Comparisons of two versions over a month's real usage. They read, count and keep what came out.

A comparison is one JobRun piece: it shows its progress, may be killed anywhere and is begun again,
and never writes priced usage, counters or the ledger.
"""

import traceback
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from billing_project.kernel import jobs, queue
from billing_project.kernel.models import JobRun
from rating.domain.allowances import no_counters
from rating.domain.engine import price_columns
from rating.domain.whatif import Tally
from rating.models import Comparison
from rating.queries import whatif as queries
from rating.queries.whatif import JOB, BothCatalogues
from tariffs import queries as tariffs_queries
from tariffs.models import PlanVersion, RateDeckVersion

TASK: Final = "usage.compare"
#: Up to so many services are compared at once, in the request that asks.
FEW_SERVICES: Final = 300
RANGE_ACCOUNTS: Final = 50_000


class UnableToCompare(Exception):
    """The versions can't be compared; `field` says which of the two is the reason."""

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def request_comparison(
    *,
    kind: str,
    old_version_id: int,
    new_version_id: int,
    first: date,
    end: date,
    actor: str,
    now: datetime,
) -> Comparison:
    """
    Ask what [first, end) would have cost with the new version in place of the old one.

    `kind` is plan or deck. The work is done by `run_comparisons`, in a worker; a small one is done
    by `compare_now`.
    """
    if old_version_id == new_version_id:
        raise UnableToCompare(_("Choose two different versions."), field="new_version")
    if kind == Comparison.Kind.PLAN:
        _check_plans(old_version_id, new_version_id)
    else:
        _check_decks(old_version_id, new_version_id)
    comparison = Comparison.objects.create(
        kind=kind,
        old_version_id=old_version_id,
        new_version_id=new_version_id,
        first=first,
        end=end,
        requested_by=actor,
        requested_at=now,
    )
    jobs.plan_pieces(job=JOB, business_date=end, step=str(comparison.pk))
    queue.nudge(TASK)
    return comparison


def _check_plans(old_id: int, new_id: int) -> None:
    rows = PlanVersion.objects.select_related("plan").in_bulk([old_id, new_id])
    if rows[old_id].published_at is None:
        raise UnableToCompare(_("Nobody used the old version: it is a draft."), field="old_version")
    if rows[old_id].plan.service != rows[new_id].plan.service:
        raise UnableToCompare(_("The plans are for different services."), field="new_version")


def _check_decks(old_id: int, new_id: int) -> None:
    rows = RateDeckVersion.objects.select_related("deck").in_bulk([old_id, new_id])
    if rows[old_id].published_at is None:
        raise UnableToCompare(_("Nobody used the old version: it is a draft."), field="old_version")
    if rows[old_id].deck.usage_kind != rows[new_id].deck.usage_kind:
        raise UnableToCompare(_("The decks price different kinds of usage."), field="new_version")
    if not tariffs_queries.load_deck(new_id).rates:
        raise UnableToCompare(_("The new version has no prices yet."), field="new_version")


def retry_comparison(*, comparison_id: int) -> None:
    """Let a comparison that failed be done again."""
    comparison = Comparison.objects.get(pk=comparison_id)
    with transaction.atomic():
        jobs.plan_pieces(job=JOB, business_date=comparison.end, step=str(comparison.pk))
        queue.nudge(TASK)


def run_comparisons(*, worker: str, now: datetime) -> int:
    """Do all comparisons that wait, or whose worker died; return how many. Not in a transaction."""
    return sum(
        compare_now(comparison_id=comparison.pk, worker=worker, now=now)
        for comparison in queries.list_unfinished()
    )


def compare_now(*, comparison_id: int, worker: str, now: datetime) -> bool:
    """Do one comparison; False if somebody else has it, or it failed (then its run says why)."""
    comparison = Comparison.objects.get(pk=comparison_id)
    piece = jobs.claim_piece(
        job=JOB, business_date=comparison.end, step=str(comparison_id), worker=worker
    )
    if piece is None:
        return False
    try:
        with jobs.beating(piece) as progress:
            result = _compare(comparison, progress)
    except Exception:  # whatever it is, the screen must say it
        jobs.fail_piece(piece, error=traceback.format_exc())
        return False
    _keep(comparison, piece, result, now=now)
    return True


def _compare(comparison: Comparison, progress: jobs.Progress) -> dict[str, Any]:
    both = queries.load_both(comparison)
    tally = Tally()
    ranges = accounts_queries.list_account_ranges(size=RANGE_ACCOUNTS)
    progress.rows_total = queries.count_month(
        comparison.kind, comparison.old_version_id, first=comparison.first, end=comparison.end
    )
    for low, high in ranges:
        _compare_range(comparison, both, tally, low=low, high=high)
        progress.rows_done = tally.subscriptions
    return tally.summarise()


def _compare_range(
    comparison: Comparison, both: BothCatalogues, tally: Tally, *, low: int, high: int
) -> None:
    """Price a range's month both ways, each from counters in which nothing is used yet."""
    month = queries.read_month(comparison, low=low, high=high)
    services = [month.usage.subscriber_key]
    if len(month.usage):
        old, new = (
            price_columns(month.usage, catalogue=catalogue, counters=no_counters())[0]
            for catalogue in both.of_accounts(low, high)
        )
        tally.add_usage(old, new, quantity=month.usage.quantity, stored=month.stored)
    if comparison.kind == Comparison.Kind.PLAN:
        fees = both.fees(comparison.old_version_id, low=low, high=high)
        tally.add_fees(fees)
        services.append(fees.subscription_id)
    tally.close_range(np.concatenate(services))


@transaction.atomic
def _keep(comparison: Comparison, piece: JobRun, result: dict[str, Any], *, now: datetime) -> None:
    jobs.finish_piece(
        piece, rows_done=result["subscriptions"], summary={"records": result["records"]}
    )
    comparison.result = result
    comparison.finished_at = now
    comparison.save(update_fields=["result", "finished_at"])
