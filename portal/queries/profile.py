"""
What we know about the subscriber.
"""

from dataclasses import dataclass
from datetime import date

from accounts.models import Contract, Customer


@dataclass(frozen=True, slots=True)
class Profile:
    """The subscriber as in the contract; `contracts` are numbers with the day of signing."""

    name: str
    phone: str
    email: str
    address: str
    contracts: tuple[tuple[str, date], ...]


def get_profile(customer_id: int) -> Profile:
    """Return the customer with their contracts: two queries."""
    customer = Customer.objects.get(pk=customer_id)
    contracts = Contract.objects.filter(customer_id=customer_id).order_by("signed_on", "pk")
    return Profile(
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        address=customer.address,
        contracts=tuple(contracts.values_list("number", "signed_on")),
    )
