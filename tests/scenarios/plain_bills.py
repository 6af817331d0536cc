"""
What a bill should say: lines, their tax per rate on the sum, spread kopeck by kopeck, and totals.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

from tests.scenarios.plain_fees import KOPECK, rounded
from tests.scenarios.plain_services import ZERO

VAT_RISES = date(2026, 1, 1)
MONEY_IN = {"PAYMENT", "PAYMENT_REVERSAL"}
MOVED = {"ADJUSTMENT", "WRITE_OFF", "BONUS_USE", "CREDIT_NOTE", "DEBIT_NOTE"}
LINE_KIND = {"FEE": "fee", "FEE_CREDIT": "fee", "USAGE": "usage"}


def vat_on(day: date) -> int:
    return 20 if day < VAT_RISES else 22


@dataclass
class Entry:
    """A movement; with `percent` None it is not taxed. `about` tells lines of a kind apart."""

    day: date
    kind: str
    amount: Decimal
    service: str = ""
    about: str = ""
    percent: int | None = None
    included: bool = True
    count: int = 1
    billed: bool = False

    @property
    def line_kind(self) -> str:
        kind = self.kind.split("_")[0] if self.kind.startswith("USAGE") else self.kind
        return "adjustment" if self.kind in MOVED else LINE_KIND.get(kind, "one_off")


@dataclass
class Line:
    """A line of a bill: `amount` as charged; `credited` is what notes took from it."""

    kind: str
    service: str
    about: str
    amount: Decimal
    percent: int
    included: bool
    count: int
    tax: Decimal = ZERO
    credited: Decimal = ZERO
    credited_tax: Decimal = ZERO

    @property
    def key(self) -> tuple[object, ...]:
        return (self.kind, self.service, self.about, self.percent, self.amount, self.count)

    @property
    def gross(self) -> Decimal:
        return self.amount if self.included else self.amount + self.tax

    @property
    def left(self) -> Decimal:
        return self.gross - self.credited

    @property
    def left_tax(self) -> Decimal:
        return self.tax - self.credited_tax


@dataclass
class Bill:
    """`paper` is the consolidated one that it is on."""

    account: str
    first: date
    until: date
    issued: date
    opening: Decimal
    lines: list[Line]
    payments: Decimal
    is_void: bool = False
    replaces: "Bill | None" = None
    paper: "Paper | None" = None

    @property
    def sold(self) -> list[Line]:
        return [line for line in self.lines if line.kind != "adjustment"]

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.sold), ZERO)

    @property
    def gross(self) -> Decimal:
        return sum((line.gross for line in self.sold), ZERO)

    @property
    def adjustments(self) -> Decimal:
        return -sum((line.amount for line in self.lines if line.kind == "adjustment"), ZERO)

    @property
    def closing(self) -> Decimal:
        return self.opening + self.gross - self.payments - self.adjustments

    @property
    def figures(self) -> tuple[object, ...]:
        sums = (self.opening, self.gross - self.tax, self.tax, self.gross)
        rest = (self.payments, self.adjustments, self.closing)
        return (self.first, self.until, self.issued, *sums, *rest)


def tax_of(lines: list[Line]) -> None:
    """
    Write the tax of lines in the order in which they stand on the bill.

    Per rate the tax is that of the sum; each line's own is cut to the kopeck, and what is missing
    goes to those most was cut from.
    """
    groups: dict[tuple[int, bool], list[Line]] = defaultdict(list)
    for line in lines:
        if line.percent and line.kind != "adjustment":
            groups[line.percent, line.included].append(line)
    for (percent, included), group in groups.items():
        exact = [exact_tax(line.amount, percent, included=included) for line in group]
        whole = sum((line.amount for line in group), ZERO)
        cut = [tax.quantize(KOPECK, ROUND_DOWN) for tax in exact]
        missing = rounded(exact_tax(whole, percent, included=included)) - sum(cut, ZERO)
        step = KOPECK if missing > 0 else -KOPECK
        order = sorted(range(len(group)), key=lambda i: ((cut[i] - exact[i]) * step, i))
        for place in order[: int(missing / step)]:
            cut[place] += step
        for line, tax in zip(group, cut, strict=True):
            line.tax = tax


def exact_tax(amount: Decimal, percent: int, *, included: bool) -> Decimal:
    return amount * percent / (100 + percent if included else 100)


@dataclass
class Paper:
    """A consolidated bill: the sums of bills of one payer and cycle end."""

    payer: str
    until: date
    parts: list[Bill]

    @property
    def figures(self) -> tuple[object, ...]:
        sums = [part.figures[3:] for part in self.parts]
        first = min(part.first for part in self.parts)
        return (self.payer, first, self.until, *(sum(column) for column in zip(*sums, strict=True)))
