"""
Models that price a quantity as a whole: one small file each, amount and explanation together.

A model's `price(quantity)` gives a Breakdown: the exact amount and the parts it is made of. What
is around it (units converted, a spend limit, a running total) is in `charge.py`.
"""

from tariffs.domain.price_models.breakdown import Breakdown, Part, PriceModel

__all__ = ["Breakdown", "Part", "PriceModel"]
