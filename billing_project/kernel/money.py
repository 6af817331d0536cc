"""
Money: an amount with its currency, and the one function that rounds.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

ZERO: Final = Decimal("0.00")
#: Digits after the point of a currency's minor unit.
MINOR_DIGITS: Final = {"RUB": 2, "USD": 2, "EUR": 2, "KZT": 2, "BYN": 2}
#: Rounding modes a plan may name. All work on the size, so a refund mirrors its charge.
MODES: Final = ("half_up", "half_even", "up", "down")
_ROUNDINGS: Final = dict(
    zip(MODES, (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEILING, ROUND_FLOOR), strict=True)
)


class UnableToCompute(ValueError):
    """Amounts of different currencies were mixed."""


def round_money(
    amount: Decimal | Fraction,
    *,
    currency: str = "RUB",
    mode: str = "half_up",
    digits: int | None = None,
) -> Decimal:
    """
    Round to the currency's minor unit, or so many digits: the only rounding of money in the product.

    `mode` is half_up (half away from zero), half_even (half to the even digit), up (away from zero)
    or down (towards zero). A fraction is rounded from its exact value.

    >>> round_money(Decimal("2.675"))
    Decimal('2.68')
    >>> round_money(Decimal("-2.675"))
    Decimal('-2.68')
    >>> round_money(Decimal("2.671"), mode="up")
    Decimal('2.68')
    >>> round_money(Fraction(2, 3), digits=4)
    Decimal('0.6667')
    """
    places = MINOR_DIGITS[currency] if digits is None else digits
    if isinstance(amount, Fraction):
        return _round_fraction(amount, places, mode)
    size = abs(amount).quantize(Decimal(1).scaleb(-places), rounding=_ROUNDINGS[mode])
    return -size if amount < 0 and size else size


def _round_fraction(amount: Fraction, places: int, mode: str) -> Decimal:
    whole, rest = divmod(abs(amount.numerator) * 10**places, amount.denominator)
    half = 2 * rest - amount.denominator
    is_up = {
        "half_up": half >= 0,
        "half_even": half > 0 or (half == 0 and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    size = Decimal(whole + is_up).scaleb(-places)
    return -size if amount < 0 and size else size


def spread(total: Decimal, *, weights: list[Decimal], currency: str = "RUB") -> list[Decimal]:
    """
    Spread a rounded total over weights by largest remainder; the parts add up exactly.

    Weights may be of both signs (a credit among charges): each part is within one minor unit of its
    exact share. Where they add up to zero there are no shares: the first part takes the total.

    >>> spread(Decimal("0.10"), weights=[Decimal(1), Decimal(1), Decimal(1)])
    [Decimal('0.04'), Decimal('0.03'), Decimal('0.03')]
    """
    whole = sum(weights, Decimal(0))
    if not weights:
        return []
    if whole == 0:
        return [total] + [ZERO] * (len(weights) - 1)
    return round_together([total * weight / whole for weight in weights], total, currency=currency)


def round_together(exact: list[Decimal], total: Decimal, *, currency: str = "RUB") -> list[Decimal]:
    """
    Round amounts so that they add up to a total: their own sum, rounded.

    Each comes out within one minor unit; what cutting off leaves over goes to those it took most
    from, one unit each.
    """
    unit = Decimal(1).scaleb(-MINOR_DIGITS[currency])
    parts = [round_money(share, currency=currency, mode="down") for share in exact]
    missing = total - sum(parts, ZERO)
    step = unit if missing > 0 else -unit
    order = sorted(range(len(parts)), key=lambda i: ((parts[i] - exact[i]) * step, i))
    for position in order[: int(missing / step)]:
        parts[position] += step
    return parts


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency. Adding different currencies is refused."""

    amount: Decimal
    currency: str = "RUB"

    def __add__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def rounded(self, mode: str = "half_up") -> "Money":
        """Return the amount rounded to the minor unit."""
        return Money(round_money(self.amount, currency=self.currency, mode=mode), self.currency)

    def _check(self, other: "Money") -> None:
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} don't add up"
            raise UnableToCompute(message)
