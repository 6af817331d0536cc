"""
Models that price a quantity as a whole: one small file each, amount and explanation together.

A model's `price(quantity)` gives a Breakdown: the exact amount and the parts it is made of. What
is around it (units converted, free units, spend limits, a running total) is in `charge.py`;
`registry.py` reads both out of the terms that a catalogue stores.
"""

from tariffs.domain.price_models.breakdown import Breakdown, Part, PriceModel
from tariffs.domain.price_models.charge import BrokenCharge, Charge
from tariffs.domain.price_models.registry import read_charge
from tariffs.domain.price_models.terms import UnableToReadModel

__all__ = [
    "Breakdown",
    "BrokenCharge",
    "Charge",
    "Part",
    "PriceModel",
    "UnableToReadModel",
    "read_charge",
]
