"""
The operator as subscribers know it.
"""

from dataclasses import dataclass

from accounts.models import LegalEntity


@dataclass(frozen=True, slots=True)
class Operator:
    """Name and ways to reach people."""

    name: str = "Retel"
    phone: str = ""
    email: str = ""
    address: str = ""


def get_operator() -> Operator:
    """Return the default legal entity's face; a nameless one on an empty installation."""
    row = LegalEntity.objects.order_by("-is_default", "pk").first()
    if row is None:
        return Operator()
    return Operator(name=row.name, phone=row.phone, email=row.email, address=row.address)
