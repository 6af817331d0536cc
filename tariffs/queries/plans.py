"""
Plans and their versions: by id, and what is on sale.
"""

from datetime import date

from django.db.models import Q

from tariffs.models import PlanVersion


def get_plan_version(version_id: int) -> PlanVersion:
    """Return a version with its plan; PlanVersion.DoesNotExist if there is none."""
    return PlanVersion.objects.select_related("plan").get(pk=version_id)


def list_plans_on_sale(
    *,
    on: date,
    service: str = "",
    account_kind: str = "",
    audience: str = "",
) -> list[PlanVersion]:
    """
    Return the latest version on sale of each plan, with plan and allowances, cheapest first.

    `audience` is person or company; plans for everybody are in both.
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
    found = versions.select_related("plan").prefetch_related("allowances")
    return sorted(found, key=lambda version: (version.fee, version.plan.code))
