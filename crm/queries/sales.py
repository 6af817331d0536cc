"""
What can be sold to an account, and the numbers to go with it.
"""

from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.models import Account, Customer, PoolNumber, Subscription
from crm.queries.history.words import is_russian, money
from invoicing import queries as invoicing_queries
from tariffs import queries as tariffs_queries
from tariffs.models import PlanVersion

#: Numbers offered at once; a beginning typed in narrows them.
OFFERED: Final = 15
#: As `accounts.operations.end_service` lets numbers rest.
NUMBER_RESTS_DAYS: Final = 180


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


def list_other_plans(*, service: Subscription, on: date) -> list[PlanVersion]:
    """Return the plans on sale that the service may change to."""
    plans = list_plans(account=service.account, on=on, service=service.service)
    try:
        present = invoicing_queries.get_plan_on(service.pk, on=on).pk
    except PlanVersion.DoesNotExist:
        present = 0
    return [version for version in plans if version.pk != present]


def termination_terms(*, service: Subscription, on: date) -> str:
    """Say what is given back if the service ends on that day, and when its number is free again."""
    back = invoicing_queries.quote_termination(subscription_id=service.pk, on=on)
    told = _(
        "Today is the last day that is charged; %(amount)s of the fee is given back. "
        "The service ends at once and for good, its number rests %(days)s days."
    )
    return told % {"amount": money(back, service.account.currency), "days": NUMBER_RESTS_DAYS}
