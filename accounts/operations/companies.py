"""
The tree of a company: branches and departments, each a customer of its own.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import CompanyUnit, Customer
from accounts.operations.people import customer_search_text
from accounts.queries.relations import count_live_accounts, depth_of, find_unit, list_above
from billing_project.kernel.operations import record_event

#: A company, its branches, their departments, and two levels more.
DEEPEST: Final = 5


class UnableToChangeUnit(Exception):
    """The tree can't be so: `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def add_unit(
    *,
    parent_id: int,
    name: str,
    kind: str,
    now: datetime,
    actor: str,
    kpp: str = "",
    cost_centre: str = "",
    is_billed_apart: bool = False,
) -> Customer:
    """
    Add a branch or department beneath a company or one of its units; it has the company's INN.

    Raises UnableToChangeUnit: no company, too deep, no name.
    """
    company = _lock_company(parent_id)
    name = " ".join(name.split())
    if not name:
        raise UnableToChangeUnit("name", _("A unit needs a name."))
    if depth_of(parent_id) + 1 > DEEPEST:
        raise UnableToChangeUnit("parent", _too_deep())
    unit = Customer(
        kind=Customer.Kind.COMPANY,
        name=name,
        inn=company.inn,
        kpp=kpp.strip(),
        language=company.language,
        time_zone=company.time_zone,
        region=company.region,
        created_at=now,
    )
    unit.search_text = customer_search_text(unit)
    unit.save(force_insert=True)
    CompanyUnit.objects.create(
        customer=unit,
        parent_id=parent_id,
        company=company,
        kind=kind,
        cost_centre=cost_centre.strip(),
        is_billed_apart=is_billed_apart,
    )
    _tell("unit.added", unit, now=now, actor=actor, parent=parent_id, name=name)
    return unit


@transaction.atomic
def change_unit(
    *,
    customer_id: int,
    parent_id: int,
    kind: str,
    cost_centre: str,
    is_billed_apart: bool,
    now: datetime,
    actor: str,
) -> CompanyUnit:
    """Move a unit within its company, or change its terms. Raises UnableToChangeUnit."""
    company = _lock_company(customer_id)
    unit = find_unit(customer_id)
    if unit is None:
        raise UnableToChangeUnit("parent", _("The company itself is no unit."))
    if parent_id != unit.parent_id:
        _check_move(unit, parent_id, company=company)
    before = {"parent": unit.parent_id, "cost_centre": unit.cost_centre}
    unit.parent_id, unit.kind = parent_id, kind
    unit.cost_centre, unit.is_billed_apart = cost_centre.strip(), is_billed_apart
    unit.save(update_fields=["parent", "kind", "cost_centre", "is_billed_apart"])
    _tell("unit.changed", unit.customer, now=now, actor=actor, parent=parent_id, before=before)
    return unit


@transaction.atomic
def remove_unit(*, customer_id: int, now: datetime, actor: str) -> None:
    """Take a unit without units and open accounts out of the tree; its history stays."""
    _lock_company(customer_id)
    unit = find_unit(customer_id)
    if unit is None:
        raise UnableToChangeUnit("parent", _("The company itself is no unit."))
    if CompanyUnit.objects.filter(parent_id=customer_id).exists():
        raise UnableToChangeUnit("parent", _("The unit has units of its own: move them first."))
    if count_live_accounts(customer_id):
        raise UnableToChangeUnit("parent", _("The unit has open accounts: close them first."))
    _tell("unit.removed", unit.customer, now=now, actor=actor, parent=unit.parent_id)
    unit.delete()


def _check_move(unit: CompanyUnit, parent_id: int, *, company: Customer) -> None:
    other = find_unit(parent_id)
    if parent_id != company.pk and (other is None or other.company_id != company.pk):
        raise UnableToChangeUnit("parent", _("A unit moves within its company only."))
    if unit.customer_id in {parent_id, *list_above(parent_id)}:
        raise UnableToChangeUnit("parent", _("A unit can't be beneath itself."))
    if depth_of(parent_id) + _height(unit.customer_id) > DEEPEST:
        raise UnableToChangeUnit("parent", _too_deep())


def _height(customer_id: int) -> int:
    """How many levels there are from the unit down, itself included."""
    children = CompanyUnit.objects.filter(parent_id=customer_id).values_list(
        "customer_id", flat=True
    )
    return 1 + max((_height(child) for child in children), default=0)


def _lock_company(customer_id: int) -> Customer:
    """Lock the root of the tree the customer is in: its changes come one after the other."""
    unit = find_unit(customer_id)
    root_id = unit.company_id if unit else customer_id
    company = Customer.objects.select_for_update(no_key=True).get(pk=root_id)
    if company.kind != Customer.Kind.COMPANY:
        raise UnableToChangeUnit("parent", _("Only companies have branches and departments."))
    return company


def _too_deep() -> str:
    return _("The tree would be deeper than %(levels)s levels.") % {"levels": DEEPEST}


def _tell(kind: str, unit: Customer, *, now: datetime, actor: str, **data: object) -> None:
    record_event(kind=kind, customer_id=unit.pk, happened_at=now, actor=actor, data=data)
