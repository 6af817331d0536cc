"""
Coupons on the fees of an invoice, over its life, and the tax of what is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from billing_project.kernel.money import ZERO, round_money
from invoicing.domain.proration import Convention

FIXED: Final = "fixed"
PERCENT: Final = "percent"
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Fee:
    """A line before tax; `tax_rate` 0.20 = 20 %."""

    code: str
    amount: Decimal
    tax_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Coupon:
    """Takes `value`, an amount or a percent, of the fees named, of all if none is."""

    code: str
    kind: str
    value: Decimal
    fees: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Discounted:
    """
    Fees with their coupons: what each coupon took, and the exact share of each fee; both round only
    where they are shown.
    """

    fees: tuple[Fee, ...]
    used: tuple[tuple[str, Fraction], ...]
    shares: Mapping[str, Fraction]

    @property
    def gross(self) -> Decimal:
        """The fees before coupons."""
        return sum((fee.amount for fee in self.fees), ZERO)

    @property
    def taken(self) -> Decimal:
        """What all coupons took."""
        return round_money(sum((amount for _code, amount in self.used), NOTHING))

    @property
    def subtotal(self) -> Decimal:
        """Without tax."""
        return self.gross - self.taken

    def share_of(self, fee: Fee, amount: Decimal) -> Fraction:
        """Return what coupons took of a part of a fee."""
        return self.shares[fee.code] * Fraction(amount) / Fraction(fee.amount or 1)

    def tax_of(self, fee: Fee) -> Fraction:
        """The exact tax of a fee after coupons."""
        return (Fraction(fee.amount) - self.shares[fee.code]) * Fraction(fee.tax_rate)

    def tax(self, convention: Convention, *, after_coupons: bool = True) -> Decimal:
        """Return the invoice's tax: the exact taxes of its fees, rounded as a sum."""
        if after_coupons:
            return convention.rounded(sum(map(self.tax_of, self.fees), NOTHING))
        exact = (Fraction(fee.amount) * Fraction(fee.tax_rate) for fee in self.fees)
        return convention.rounded(sum(exact, NOTHING))


def apply_coupons(
    fees: Sequence[Fee], coupons: Sequence[Coupon], *, convention: Convention
) -> Discounted:
    """
    Take coupons in their order, each of what the ones before left, pro rata over its fees.

    >>> found = apply_coupons([Fee("F", Decimal(1))], [Coupon("A", FIXED, Decimal("0.10")),
    ...     Coupon("B", PERCENT, Decimal(20))], convention=Convention())
    >>> found.used
    (('A', Fraction(1, 10)), ('B', Fraction(9, 50)))
    """
    left = {fee.code: Fraction(fee.amount) for fee in fees}
    used: list[tuple[str, Fraction]] = []
    for coupon in coupons:
        eligible = [code for code in left if coupon.fees is None or code in coupon.fees]
        eligible = [code for code in eligible if left[code] > 0]
        base = sum((left[code] for code in eligible), NOTHING)
        if not base:
            continue
        taken = min(Fraction(_worth(coupon, base, convention)), base)
        used.append((coupon.code, taken))
        for code in eligible:
            left[code] -= taken * left[code] / base
    shares = {fee.code: Fraction(fee.amount) - left[fee.code] for fee in fees}
    return Discounted(tuple(fees), tuple(used), shares)


def _worth(coupon: Coupon, base: Fraction, convention: Convention) -> Decimal:
    if coupon.kind == FIXED:
        return coupon.value
    return convention.rounded(base * Fraction(coupon.value) / 100)


@dataclass(slots=True)
class CouponLife:
    """
    A coupon over several invoices. One for once keeps what an invoice didn't use, up to its amount;
    one that recurs is worth the same each of its `periods` (None = always), nothing is carried over.
    """

    kind: str
    value: Decimal
    is_once: bool = False
    periods: int | None = None
    remaining: Decimal | None = None

    def __post_init__(self) -> None:
        if self.is_once:
            self.periods = None if self.kind == FIXED else 1
            self.remaining = self.value if self.kind == FIXED else None

    def take(self, invoice: Decimal, *, convention: Convention) -> Decimal:
        """Return what an invoice gets, never more than itself."""
        if self.remaining is not None:
            taken = min(self.remaining, invoice)
            self.remaining -= taken
            return taken
        if self.periods == 0:
            return ZERO
        if self.periods is not None:
            self.periods -= 1
        if self.kind == FIXED:
            return min(self.value, invoice)
        return convention.rounded(Fraction(invoice) * Fraction(self.value) / 100)
