"""
What the set-up page asks for, as values.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Company:
    """The operator's legal entity; field names as in `accounts.LegalEntity`."""

    name: str
    full_name: str
    inn: str
    kpp: str
    ogrn: str
    address: str
    bank_name: str
    bank_bic: str
    bank_account: str
    correspondent_account: str
    phone: str
    email: str
    director: str
    contract_prefix: str


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """The first plan: a fee per month, prices per minute by class, minutes included."""

    code: str
    name_ru: str
    name_en: str
    service: str
    account_kind: str
    fee: Decimal
    local_price: Decimal
    long_distance_price: Decimal
    international_price: Decimal
    sms_price: Decimal
    minutes: int
    tax_category: str


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers that can be given out, first to last, both included, of equal length."""

    kind: str
    first: str
    last: str

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(self.last) - int(self.first) + 1


@dataclass(frozen=True, slots=True)
class Source:
    """The first switch that writes usage files."""

    code: str
    name: str
    format: str


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a new operator needs to begin."""

    company: Company
    plan: FirstPlan
    source: Source
    numbers: tuple[NumberRange, ...]
    holidays: tuple[tuple[date, str], ...]
    tax_percent: Decimal
    bill_prefix: str
    home_region: str
    time_zone: str
