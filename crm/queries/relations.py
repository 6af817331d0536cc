"""
What the card says of who belongs to whom, and of identity documents.
"""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.models import Contract, Customer, HouseholdMember, IdentityDocument
from accounts.models.relations import CompanyUnit
from accounts.queries import find_accounts, relations
from accounts.queries.relations import UnitView
from invoicing.models import ConsolidatedBill
from invoicing.queries import consolidated


@dataclass(frozen=True, slots=True)
class Relations:
    """A company's units, a unit's place, a household's members, a person's household; documents."""

    units: list[UnitView] = field(default_factory=list)
    unit: CompanyUnit | None = None
    contracts: tuple[Contract, ...] = ()
    members: tuple[HouseholdMember, ...] = ()
    membership: HouseholdMember | None = None
    papers: tuple[ConsolidatedBill, ...] = ()
    documents: tuple[IdentityDocument, ...] = ()


def get_relations(customer: Customer) -> Relations:
    """Return what belongs to the card of a customer of this kind, in a few queries."""
    if customer.kind == Customer.Kind.COMPANY:
        unit = relations.find_unit(customer.pk)
        return Relations(
            units=relations.list_units(customer.pk),
            unit=unit,
            contracts=tuple(list_contracts(unit.company_id)) if unit else (),
            papers=tuple(consolidated.list_consolidated([customer.pk], limit=12)),
        )
    if customer.kind == Customer.Kind.HOUSEHOLD:
        return Relations(members=tuple(relations.list_members(customer.pk)))
    return Relations(
        membership=relations.find_membership(customer.pk),
        documents=tuple(list_documents(customer.pk)),
    )


def list_documents(customer_id: int) -> "QuerySet[IdentityDocument]":
    """List the documents that were not removed, oldest first, without what stands in them."""
    rows = IdentityDocument.objects.filter(customer_id=customer_id, removed_at__isnull=True)
    return rows.defer("sealed").order_by("added_at", "pk")


def find_unit(customer_id: int) -> CompanyUnit | None:
    """Return the customer's place in a company, or None."""
    return relations.find_unit(customer_id)


def find_member(household_id: int, person_id: int) -> HouseholdMember | None:
    """Return who the person is in the household now, or None."""
    return relations.list_members(household_id).filter(person_id=person_id).first()


def find_document(document_id: int) -> IdentityDocument | None:
    """Return a document that was not removed with its customer, or None."""
    rows = IdentityDocument.objects.select_related("customer").defer("sealed")
    return rows.filter(pk=document_id, removed_at__isnull=True).first()


def list_places(unit: CompanyUnit) -> list[tuple[int, str]]:
    """List where a unit may hang: its company and the units that aren't beneath it."""
    beneath = {view.customer_id for view in relations.list_units(unit.customer_id)}
    beneath.add(unit.customer_id)
    return [
        (unit.company_id, unit.company.name),
        *(
            (view.customer_id, f"{'— ' * view.depth}{view.name}")
            for view in relations.list_units(unit.company_id)
            if view.customer_id not in beneath
        ),
    ]


def find_people(text: str) -> list[Customer]:
    """List private persons whose account number, phone or name this is, at most ten."""
    ids = list(dict.fromkeys(found.customer_id for found in find_accounts(text, limit=20)))
    people = Customer.objects.filter(kind=Customer.Kind.PERSON).in_bulk(ids)
    return [people[pk] for pk in ids if pk in people][:10]


def list_contracts(company_id: int) -> "QuerySet[Contract]":
    """List the open contracts of a company: its units' accounts are opened under them."""
    return Contract.objects.filter(customer_id=company_id, closed_on__isnull=True).order_by("pk")
