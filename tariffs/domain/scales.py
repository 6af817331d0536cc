"""
In what parts of money prices are whole numbers.
"""

from collections.abc import Iterable
from decimal import Decimal
from math import gcd, lcm

from tariffs.domain.deck import Rate, ZoneTerms


def price_scale(rates: Iterable[Rate], terms: ZoneTerms) -> int:
    """
    Return the smallest number that makes every price per unit and every amount whole.

    >>> price_scale([Rate("any", Decimal("1.50"), unit=60)], ZoneTerms(max_cost=Decimal("2.5")))
    40
    """
    found = {Decimal(surcharge.amount).as_integer_ratio()[1] for surcharge in terms.surcharges}
    if terms.max_cost is not None:
        found.add(terms.max_cost.as_integer_ratio()[1])
    for rate in rates:
        found.add(rate.connection_fee.as_integer_ratio()[1])
        for step in rate.steps_under(terms):
            whole, parts = step.price.as_integer_ratio()
            found.add(parts * step.unit // gcd(whole, step.unit))
    return lcm(*found)
