"""
What an outage is worth: so many percent of the daily fee for each hour or day begun.
"""

from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO, round_money

MINUTES: Final = {"hour": 60, "day": 1440}
_DAY: Final = 1440


def compensation(
    *, daily_fee: Decimal, minutes: int, unit: str, percent: Decimal, from_minutes: int
) -> Decimal:
    """
    Return what is given for so many minutes without service; never more than the days' fee.

    `invoicing.queries.compensation` has its twin in SQL; a test proves them equal.

    >>> compensation(daily_fee=Decimal(10), minutes=61, unit="hour", percent=Decimal(5),
    ...              from_minutes=60)
    Decimal('1.00')
    """
    if minutes < from_minutes or minutes <= 0 or daily_fee <= 0:
        return ZERO
    begun = -(-minutes // MINUTES[unit])
    days = -(-minutes // _DAY)
    return round_money(min(daily_fee * percent / 100 * begun, daily_fee * days))
