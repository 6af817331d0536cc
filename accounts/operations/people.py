"""
Customers: people and companies, and how to reach them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.domain.identifiers import UnreadablePhone, read_phone
from accounts.domain.numbering import is_inn
from accounts.domain.searching import search_text
from accounts.models import Customer
from billing_project.kernel.operations import record_event


class UnableToWriteCustomer(Exception):
    """A field can't be taken as it is: `field` names it, the text says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How to reach a customer; phone in any notation."""

    phone: str = ""
    email: str = ""
    region: str = ""
    address: str = ""
    language: str = "ru"
    time_zone: str = "Europe/Moscow"


def create_person(
    *,
    last_name: str,
    first_name: str,
    now: datetime,
    actor: str,
    middle_name: str = "",
    birth_date: date | None = None,
    inn: str = "",
    **contact: str,
) -> Customer:
    """
    Write a private person; `contact` are the fields of Contact (phone, email, address …).

    Raises UnableToWriteCustomer for a phone, INN or e-mail that can't be right.
    """
    names = [" ".join(part.split()) for part in (last_name, first_name, middle_name)]
    if not names[0] or not names[1]:
        raise UnableToWriteCustomer("last_name", _("Last and first name are needed."))
    draft = Customer(
        kind=Customer.Kind.PERSON,
        name=" ".join(filter(None, names)),
        last_name=names[0],
        first_name=names[1],
        middle_name=names[2],
        birth_date=birth_date,
        inn=_inn(inn, lengths={12}),
        created_at=now,
    )
    return _create(draft, Contact(**contact), now=now, actor=actor)


def create_company(
    *,
    name: str,
    inn: str,
    now: datetime,
    actor: str,
    kpp: str = "",
    **contact: str,
) -> Customer:
    """Write a company or sole trader; like `create_person`, the INN is needed."""
    name = " ".join(name.split())
    if not name or not inn:
        field = "inn" if name else "name"
        raise UnableToWriteCustomer(field, _("A company needs its name and its INN."))
    draft = Customer(
        kind=Customer.Kind.COMPANY,
        name=name,
        inn=_inn(inn, lengths={10, 12}),
        kpp=kpp.strip(),
        created_at=now,
    )
    return _create(draft, Contact(**contact), now=now, actor=actor)


@transaction.atomic
def edit_contact(
    *,
    customer_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    phone: str | None = None,
    email: str | None = None,
    region: str | None = None,
    address: str | None = None,
    language: str | None = None,
) -> Customer:
    """Change how to reach the customer; None leaves a field as it is."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    wanted = {
        "phone": None if phone is None else _phone(phone),
        "email": None if email is None else _email(email),
        "region": region,
        "address": address,
        "language": language,
    }
    changed = {
        field: value
        for field, value in wanted.items()
        if value is not None and value != getattr(customer, field)
    }
    if not changed:
        return customer
    before = {field: getattr(customer, field) for field in changed}
    for field, value in changed.items():
        setattr(customer, field, value)
    customer.search_text = customer_search_text(customer)
    customer.save(update_fields=[*changed, "search_text"])
    _announce(
        "customer.changed",
        customer,
        {"now": now, "actor": actor, "on_behalf_of": on_behalf_of},
        data={"before": before, "after": changed},
    )
    return customer


def customer_search_text(customer: Customer) -> str:
    """Return what the customer is found by; bulk writers of customers set `search_text` to it."""
    return search_text(
        customer.name, customer.phone, customer.inn, customer.address, customer.email
    )


@transaction.atomic
def _create(draft: Customer, contact: Contact, *, now: datetime, actor: str) -> Customer:
    draft.phone = _phone(contact.phone)
    draft.email = _email(contact.email)
    draft.region, draft.address = contact.region.strip(), " ".join(contact.address.split())
    draft.language, draft.time_zone = contact.language, contact.time_zone
    draft.search_text = customer_search_text(draft)
    draft.save(force_insert=True)
    _announce("customer.created", draft, {"now": now, "actor": actor}, data={"name": draft.name})
    return draft


def _announce(kind: str, customer: Customer, when: dict[str, Any], *, data: dict[str, Any]) -> None:
    record_event(
        kind=kind,
        customer_id=customer.pk,
        happened_at=when["now"],
        actor=when["actor"],
        on_behalf_of=when.get("on_behalf_of", ""),
        data=data,
    )


def _phone(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return read_phone(text)
    except UnreadablePhone:
        message = _("“%(text)s” is no telephone number.") % {"text": text}
        raise UnableToWriteCustomer("phone", message) from None


def _email(text: str) -> str:
    text = text.strip()
    try:
        if text:
            validate_email(text)
    except ValidationError as error:
        raise UnableToWriteCustomer("email", " ".join(error.messages)) from None
    return text


def _inn(text: str, *, lengths: set[int]) -> str:
    text = text.strip()
    if text and (len(text) not in lengths or not is_inn(text)):
        raise UnableToWriteCustomer("inn", _("The check digits of this INN are wrong."))
    return text
