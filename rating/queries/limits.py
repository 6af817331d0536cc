"""
Spending guards and allowances as people see them: how much is spent, how much is left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, Sum

from billing_project.kernel.periods import month_of
from rating.domain.spending import GuardAnswer, judge_guard, period_number
from rating.models import AllowanceGroup, AllowanceGroupMember, PricedUsage, SpendingGuard


@dataclass(frozen=True, slots=True)
class GuardView:
    """A guard and what it says of the month of the day asked for."""

    guard: SpendingGuard
    answer: GuardAnswer


def month_moments(on: date) -> tuple[datetime, datetime]:
    """Return when the calendar month of a day begins and ends, in the operator's zone."""
    month = month_of(on)
    return day_begins(month.start), day_begins(month.end)


def day_begins(day: date) -> datetime:
    """Return the moment at which a day begins, in the operator's zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.TIME_ZONE))


def spent_in_month(*, account_id: int, subscription_id: int, on: date) -> Decimal:
    """Return what a service's usage of the month costs, as priced until now."""
    first, end = month_moments(on)
    rows = PricedUsage.objects.filter(
        account_id=account_id,
        subscription_id=subscription_id,
        started_at__gte=first,
        started_at__lt=end,
    )
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or Decimal("0.00")


def judge_guard_of(*, account_id: int, subscription_id: int, on: date) -> GuardAnswer | None:
    """Return what the service's guard says of the month; None without a guard."""
    guard = SpendingGuard.objects.filter(subscription_id=subscription_id).first()
    if guard is None:
        return None
    spent = spent_in_month(account_id=account_id, subscription_id=subscription_id, on=on)
    return _judged(guard, spent=spent, on=on)


def guards_of(subscription_ids: Iterable[int], *, on: date) -> dict[int, GuardView]:
    """Return the guards of some services by service: a query, and one more per guard."""
    guards = SpendingGuard.objects.filter(subscription_id__in=list(subscription_ids))
    return {
        guard.subscription_id: GuardView(
            guard,
            _judged(
                guard,
                spent=spent_in_month(
                    account_id=guard.account_id, subscription_id=guard.subscription_id, on=on
                ),
                on=on,
            ),
        )
        for guard in guards
    }


def _judged(guard: SpendingGuard, *, spent: Decimal, on: date) -> GuardAnswer:
    month = period_number(on.replace(day=1))
    more = guard.allowed_more if guard.allowed_month == month else Decimal("0.00")
    return judge_guard(spent=spent, amount=guard.amount, allowed_more=more)


def find_group(subscription_id: int, *, at: datetime) -> AllowanceGroup | None:
    """Return the group whose allowances the service shares at a moment, as owner or member."""
    own = AllowanceGroup.objects.filter(owner_id=subscription_id).first()
    if own is not None:
        return own
    member = (
        AllowanceGroupMember.objects.filter(subscription_id=subscription_id, active_from__lte=at)
        .filter(Q(active_to=None) | Q(active_to__gt=at))
        .select_related("group")
        .first()
    )
    return member.group if member else None


def list_members(group_id: int, *, at: datetime) -> list[AllowanceGroupMember]:
    """Return who shares the group's allowances at a moment, with their services."""
    rows = AllowanceGroupMember.objects.filter(group_id=group_id, active_from__lte=at)
    rows = rows.filter(Q(active_to=None) | Q(active_to__gt=at))
    return list(rows.select_related("subscription").order_by("pk"))
