"""
What can be sold to an account, and the numbers to go with it.
"""

from datetime import date
from typing import Final

from accounts import queries as accounts_queries
from accounts.models import Account, Customer, PoolNumber
from crm.queries.history.words import is_russian, money
from tariffs import queries as tariffs_queries
from tariffs.models import PlanVersion

#: Numbers offered at once; a beginning typed in narrows them.
OFFERED: Final = 15


def list_plans(*, account: Account, on: date, service: str = "") -> list[PlanVersion]:
    """Return what is on sale for this account, cheapest first."""
    is_company = account.customer.kind == Customer.Kind.COMPANY
    return tariffs_queries.list_plans_on_sale(
        on=on,
        service=service,
        account_kind=account.kind,
        audience="company" if is_company else "person",
    )


def plan_label(version: PlanVersion) -> str:
    """Return a plan as a choice: name, service, fee."""
    name = version.plan.name_ru if is_russian() else version.plan.name_en
    fee = f"{money(version.fee, 'RUB')} {version.get_fee_period_display()}"
    return f"{name} · {version.plan.get_service_display()} · {fee}"


def list_numbers(*, on: date, chosen: str = "") -> list[PoolNumber]:
    """
    Return some free numbers of each kind.

    `chosen` (kind:value) stays among them, as others may have taken those before it meanwhile.
    """
    numbers = [
        number
        for kind in (PoolNumber.Kind.MSISDN, PoolNumber.Kind.FIXED)
        for number in accounts_queries.list_free_numbers(kind=kind, limit=OFFERED, on=on)
    ]
    kind, _colon, value = chosen.partition(":")
    if value and not any((row.kind, row.value) == (kind, value) for row in numbers):
        numbers += PoolNumber.objects.filter(kind=kind, value=value)
    return numbers
