"""
What a person types in for a new deck or plan version, before it is checked and published.

Zones are named by their codes, bands by theirs, amounts are Decimals of the currency.
"""

from dataclasses import dataclass
from decimal import Decimal

from tariffs.domain.deck import DAY


@dataclass(frozen=True, slots=True)
class BandDraft:
    """
    Tariff time: weekdays 1 (Monday) to 7, none = all; seconds of the local day, to ≤ from wraps.

    `on_holidays`: any, only or never.
    """

    code: str
    name_ru: str
    name_en: str
    weekdays: tuple[int, ...] = ()
    from_second: int = 0
    to_second: int = DAY
    on_holidays: str = "any"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class TermsDraft:
    """Counting rules of a zone; without a zone, of all that have none of their own."""

    zone_code: str = ""
    first_increment: int = 60
    next_increment: int = 60
    free_units: int = 0
    min_units: int = 0
    grace_units: int = 0


@dataclass(frozen=True, slots=True)
class RateDraft:
    """Price per `unit` in a band: of a zone, of a class of zones, or of everything else."""

    band_code: str
    price: Decimal
    zone_code: str = ""
    zone_class: str = ""
    unit: int = 60
    connection_fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class AllowanceDraft:
    """
    Included volume a period: seconds, messages, bytes; or money, in minor units. No classes = all
    but international. The words are those of `tariffs.models.Allowance`.
    """

    usage_kind: str
    amount: int
    zone_classes: tuple[str, ...] = ()
    priority: int = 0
    step: int = 0
    zone_ids: tuple[int, ...] = ()
    is_money: bool = False
    factor: Decimal = Decimal(1)
    recurrence: str = "month"
    rollover: str = "none"
    rollover_cap: int | None = None
    rollover_if_paid: bool = False
    is_shared: bool = False
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class BundlePartDraft:
    """One part of a bundle: the code of a plan or of a package, and its discount."""

    plan_code: str = ""
    package_code: str = ""
    discount_percent: Decimal = Decimal(0)
    discount_amount: Decimal = Decimal(0)
