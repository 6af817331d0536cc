"""
Dated data of the state and names: tax percents, names of zones.
"""

from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from tariffs.models import TaxRate, Zone


class UnknownTaxRate(LookupError):
    """No tax rate of the category is in force that day."""


def get_tax_percent(*, category: str, on: date) -> Decimal:
    """Return the percent of a tax category on a day; raise UnknownTaxRate if none is in force."""
    rate = (
        TaxRate.objects.filter(category=category, valid_from__lte=on)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on))
        .first()
    )
    if rate is None:
        message = _("No rate of tax “%(category)s” is in force on %(day)s.")
        raise UnknownTaxRate(message % {"category": category, "day": on})
    return rate.percent


def zone_names(*, language: str) -> dict[int, str]:
    """Return the names of all zones in Russian (ru) or English (en), by id."""
    name = "name_ru" if language == "ru" else "name_en"
    return dict(Zone.objects.annotate(name=Coalesce(name, "code")).values_list("id", "name"))
