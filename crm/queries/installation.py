"""
Is there an operator here yet?
"""

from datetime import date
from decimal import Decimal

from accounts.models import LegalEntity
from tariffs import queries as tariffs_queries


def is_set_up() -> bool:
    """Return whether a legal entity exists: the set-up's last step writes it."""
    return LegalEntity.objects.exists()


def default_entity() -> LegalEntity | None:
    """Return the legal entity that signs contracts unless another is chosen."""
    return LegalEntity.objects.order_by("-is_default", "pk").first()


def standard_tax_percent(on: date) -> Decimal | None:
    """Return the percent of VAT in force, if the table knows one."""
    try:
        return tariffs_queries.get_tax_percent(category="standard", on=on)
    except tariffs_queries.UnknownTaxRate:
        return None
