"""
Households: people who live together, one of whom pays.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.domain.households import Role
from accounts.models import Customer, HouseholdMember
from accounts.operations.people import customer_search_text
from accounts.queries.relations import find_membership
from billing_project.kernel.operations import record_event


class UnableToChangeHousehold(Exception):
    """The household can't be so: `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class _Said:
    """When, who did it, for whom."""

    now: datetime
    actor: str
    on_behalf_of: str


@transaction.atomic
def create_household(
    *, owner_id: int, name: str, now: datetime, actor: str, on_behalf_of: str = ""
) -> Customer:
    """Make a household with its owner in it. Raises UnableToChangeHousehold."""
    owner = _lock_person(owner_id)
    name = " ".join(name.split())
    if not name:
        raise UnableToChangeHousehold("name", _("A household needs a name."))
    household = Customer(
        kind=Customer.Kind.HOUSEHOLD,
        name=name,
        phone=owner.phone,
        email=owner.email,
        region=owner.region,
        address=owner.address,
        language=owner.language,
        time_zone=owner.time_zone,
        created_at=now,
    )
    household.search_text = customer_search_text(household)
    household.save(force_insert=True)
    said = _Said(now, actor, on_behalf_of)
    record_event(
        kind="customer.created",
        customer_id=household.pk,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        data={"name": name},
    )
    _join(household, owner, Role.OWNER, said=said)
    return household


@transaction.atomic
def add_person(
    *,
    household_id: int,
    person_id: int,
    role: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> HouseholdMember:
    """Take a person in. Raises UnableToChangeHousehold: in one already, or the role is taken."""
    household = _lock_household(household_id)
    person = _lock_person(person_id)
    said = _Said(now, actor, on_behalf_of)
    return _join(household, person, Role(role), said=said)


@transaction.atomic
def change_role(
    *,
    household_id: int,
    person_id: int,
    role: str,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> HouseholdMember:
    """
    Give a member another role; a new owner's predecessor becomes a user.

    The only owner can't become something else without a successor.
    """
    household = _lock_household(household_id)
    member = _member(household, person_id)
    if member.role == role:
        return member
    if member.role == Role.OWNER:
        message = _("A household has an owner: make another member the owner instead.")
        raise UnableToChangeHousehold("role", message)
    said = _Said(now, actor, on_behalf_of)
    _leave(member, said=said)
    if role == Role.OWNER:
        former = household.members.get(left_at__isnull=True, role=Role.OWNER)
        _leave(former, said=said)
        _join(household, former.person, Role.USER, said=said)
    return _join(household, member.person, Role(role), said=said)


@transaction.atomic
def remove_person(
    *, household_id: int, person_id: int, now: datetime, actor: str, on_behalf_of: str = ""
) -> None:
    """Let a member go; the owner goes last."""
    household = _lock_household(household_id)
    member = _member(household, person_id)
    others = household.members.filter(left_at__isnull=True).exclude(pk=member.pk)
    if member.role == Role.OWNER and others.exists():
        message = _("The owner goes last: make another member the owner first.")
        raise UnableToChangeHousehold("role", message)
    _leave(member, said=_Said(now, actor, on_behalf_of))


def _join(household: Customer, person: Customer, role: Role, *, said: _Said) -> HouseholdMember:
    earlier = find_membership(person.pk)
    if earlier is not None:
        message = _("%(name)s is in «%(household)s» already.")
        values = {"name": person.name, "household": earlier.household.name}
        raise UnableToChangeHousehold("person", message % values)
    try:
        with transaction.atomic():
            member = HouseholdMember.objects.create(
                household=household,
                person=person,
                role=role,
                joined_at=said.now,
                actor=said.actor,
            )
    except IntegrityError as error:
        message = _("The household has a payer already: take that role from them first.")
        raise UnableToChangeHousehold("role", message) from error
    _tell("household.joined", member, said=said)
    return member


def _leave(member: HouseholdMember, *, said: _Said) -> None:
    member.left_at = said.now
    member.save(update_fields=["left_at"])
    _tell("household.left", member, said=said)


def _tell(kind: str, member: HouseholdMember, *, said: _Said) -> None:
    for customer_id in (member.household_id, member.person_id):
        record_event(
            kind=kind,
            customer_id=customer_id,
            happened_at=said.now,
            actor=said.actor,
            on_behalf_of=said.on_behalf_of,
            data={
                "name": member.person.name,
                "household": member.household.name,
                "role": str(member.role),
            },
        )


def _member(household: Customer, person_id: int) -> HouseholdMember:
    rows = household.members.select_related("person", "household")
    member: HouseholdMember | None = rows.filter(person_id=person_id, left_at__isnull=True).first()
    if member is None:
        raise UnableToChangeHousehold("person", _("This person is not in the household any more."))
    return member


def _lock_household(household_id: int) -> Customer:
    household = Customer.objects.select_for_update(no_key=True).get(pk=household_id)
    if household.kind != Customer.Kind.HOUSEHOLD:
        raise UnableToChangeHousehold("person", _("This customer is no household."))
    return household


def _lock_person(person_id: int) -> Customer:
    person = Customer.objects.select_for_update(no_key=True).get(pk=person_id)
    if person.kind != Customer.Kind.PERSON:
        raise UnableToChangeHousehold("person", _("Only people are members of a household."))
    return person
