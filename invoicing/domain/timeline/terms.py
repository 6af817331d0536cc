"""
What is agreed before anything happens: plans, conventions; and the lines that come of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.cycles import Unit
from invoicing.domain.proration import Convention

ADVANCE: Final = "advance"
ARREARS: Final = "arrears"
RECURRING: Final = "recurring"
CREDIT: Final = "credit"
USAGE: Final = "usage"
#: What unused time that was paid for becomes: a line below zero whose surplus stays on the account,
#: or a note of its own that the next invoices take from.
SAME_INVOICE: Final = "same_invoice"
CREDIT_NOTE: Final = "credit_note"


@dataclass(frozen=True, slots=True)
class Plan:
    """A price per so many units of time, billed in advance or in arrears."""

    price: Decimal
    unit: Unit = Unit.MONTH
    count: int = 1
    timing: str = ADVANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    An account's plans by code, and its conventions.

    `steps_back`: see `CycleRule`. `is_last_day_billed`: the day of termination is charged.
    `gives_back`: unused time is credited at all. `tells_zero`: charges of nothing are lines too.
    `tax_rate` is added to prices, 0.20 = 20 %.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    convention: Convention = field(default_factory=Convention)
    steps_back: bool = False
    is_last_day_billed: bool = False
    credit_document: str = SAME_INVOICE
    gives_back: bool = True
    tells_zero: bool = False
    tax_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Item:
    """A line: what of which service for which time; a credit is below zero."""

    service: str
    kind: str
    amount: Decimal
    period: Period | None = None


@dataclass(slots=True)
class Stretch:
    """
    A service on one plan with one anchor, from `start` up to `end` (None = open).

    Time billed in one `epoch` covers no other: it begins anew where a change credits what overlaps.
    `is_closing`: its last part is billed on its last day, before the day is over.
    """

    plan: str
    start: date
    anchor: int | str
    anchored_on: date
    end: date | None = None
    epoch: int = 0
    is_closing: bool = False


@dataclass(slots=True)
class Charged:
    """A recurring charge that was billed, and what of it has been given back."""

    number: int
    service: str
    plan: str
    epoch: int
    period: Period
    cycle: Period
    price: Decimal
    amount: Decimal
    timing: str
    credited: list[Period] = field(default_factory=list)
    given_back: Decimal = ZERO
    adjusted: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What may still be given back."""
        return max(ZERO, self.amount - self.given_back - self.adjusted)
