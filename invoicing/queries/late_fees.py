"""
Late fees: which days are counted, what they came to, why.
"""

from datetime import date
from decimal import Decimal

from django.db.models import Max, Min, Sum

from billing_project.kernel.money import ZERO
from invoicing.models import LateFee, LateFeeDay, LateFeeRule


def first_rule_day() -> date | None:
    """Return when the first rule began; None without rules."""
    found: date | None = LateFeeRule.objects.aggregate(first=Min("active_from"))["first"]
    return found


def list_counted(*, account_from: int, account_to: int) -> set[date]:
    """Return the days that are counted for all accounts of a half-open range."""
    rows = LateFeeDay.objects.filter(account_from__lte=account_from, account_to__gte=account_to)
    return set(rows.values_list("day", flat=True))


def sum_of_bill(bill_id: int) -> tuple[Decimal, date | None]:
    """Return what being late with a bill was charged with so far, and for which day last."""
    found = LateFee.objects.filter(bill_id=bill_id).aggregate(total=Sum("amount"), day=Max("day"))
    return found["total"] or ZERO, found["day"]


def list_days(account_id: int, *, limit: int = 62) -> list[LateFee]:
    """Return the days of late fees of an account, newest first, with bill and rule."""
    rows = LateFee.objects.filter(account_id=account_id).select_related("bill", "rule")
    return list(rows.order_by("-day", "-bill_id")[:limit])
