"""
A case as values of the catalogue: one deck, its zones and allowances, and one record.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from tariffs.domain.deck import Allowance, Deck, Zone


@dataclass(frozen=True, slots=True)
class Purse:
    """What an allowance, or a balance of money, is called in the case; `scale` of its units are 1."""

    name: str
    allowance: Allowance
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Case:
    """
    One record to be priced by a deck.

    `number` is in digits. `unit_scale` units of the record are one of the case's; `minor` units of
    money are 1 (0: the exact answer tells how many). `zone_names` and `rate_names` lead back.
    """

    deck: Deck
    zones: tuple[Zone, ...]
    started_at: int
    number: str
    quantity: int
    zone_names: dict[int, str] = field(default_factory=dict)
    rate_names: dict[str, str] = field(default_factory=dict)
    allowances: tuple[Purse, ...] = ()
    balances: tuple[Fraction, ...] = ()
    balance_names: tuple[str, ...] = ()
    balance_priorities: tuple[int, ...] = ()
    unit_scale: int = 1
    is_prepaid: bool = False
