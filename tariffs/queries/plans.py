"""
Plans and their versions: by id, what is on sale to whom, who would be moved, rules of moves.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from tariffs.domain.eligibility import Buyer, judge
from tariffs.domain.moves import Rule, Timing
from tariffs.models import MoveRule, PlanVersion
from tariffs.queries.offers import conditions_of


@dataclass(frozen=True, slots=True)
class MoveDue:
    """
    A version that takes over the subscribers of `former_ids`, earlier versions of its plan.

    From `earliest_on` on; `is_renewal`: at the start of each one's next cycle from then on.
    `notice_days` must pass between telling a subscriber and the move.
    """

    plan_version_id: int
    former_ids: tuple[int, ...]
    earliest_on: date
    notice_days: int
    is_renewal: bool


def get_plan_version(version_id: int) -> PlanVersion:
    """Return a version with its plan; PlanVersion.DoesNotExist if there is none."""
    return PlanVersion.objects.select_related("plan").get(pk=version_id)


def list_plans_on_sale(
    *,
    on: date,
    service: str = "",
    account_kind: str = "",
    audience: str = "",
    buyer: Buyer | None = None,
) -> list[PlanVersion]:
    """
    Return the latest version on sale of each plan, with plan and allowances, cheapest first.

    `audience` is person or company; plans for everybody are in both. With a buyer only what may
    be sold to them is there.
    """
    versions = (
        PlanVersion.objects.filter(
            published_at__isnull=False, on_sale_from__lte=on, plan__is_archived=False
        )
        .filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on))
        .order_by("plan_id", "-number")
        .distinct("plan_id")
    )
    if service:
        versions = versions.filter(plan__service=service)
    if account_kind:
        versions = versions.filter(plan__account_kind__in=["", account_kind])
    if audience:
        versions = versions.filter(plan__audience__in=["all", audience])
    found = list(versions.select_related("plan").prefetch_related("allowances"))
    if buyer is not None:
        found = [version for version in found if not judge(conditions_of(version), buyer=buyer)]
    return sorted(found, key=lambda version: (version.fee, version.plan.code))


def is_on_sale(version: PlanVersion, *, on: date) -> bool:
    """Whether the version is the one of its plan that is sold on the day."""
    return version.pk in {
        latest.pk for latest in list_plans_on_sale(on=on, service=version.plan.service)
    }


def list_moves_due(*, on: date) -> list[MoveDue]:
    """
    Return the published versions that take over the subscribers of earlier ones, by plan.

    Of several versions of a plan that do so only the latest counts: nobody is moved twice.
    """
    taking = (
        PlanVersion.objects.filter(published_at__isnull=False)
        .filter(Q(effect="renewal", on_sale_from__lte=on) | Q(effect="move"))
        .order_by("plan_id", "-number")
        .distinct("plan_id")
    )
    moves = [find_move(version) for version in taking]
    return [move for move in moves if move.former_ids]


def find_move(version: PlanVersion) -> MoveDue:
    """Return whom a version takes over and from when; without `former_ids`, nobody."""
    former = PlanVersion.objects.filter(
        plan_id=version.plan_id, number__lt=version.number, published_at__isnull=False
    )
    is_keeping = version.effect == PlanVersion.Effect.KEEP
    return MoveDue(
        plan_version_id=version.pk,
        former_ids=()
        if is_keeping
        else tuple(former.order_by("number").values_list("id", flat=True)),
        earliest_on=version.moves_on or version.on_sale_from,
        notice_days=version.notice_days,
        is_renewal=version.effect == PlanVersion.Effect.RENEWAL,
    )


def list_move_rules() -> list[Rule]:
    """Return the move matrix for `tariffs.domain.moves.decide`."""
    return [
        Rule(
            from_plan=row.from_plan_id,
            to_plan=row.to_plan_id,
            is_allowed=row.is_allowed,
            fee_up=row.fee_up,
            fee_down=row.fee_down,
            timing=Timing(row.timing),
            on_date=row.on_date,
            min_days=row.min_days,
        )
        for row in MoveRule.objects.order_by("id")
    ]
