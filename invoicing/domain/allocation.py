"""
What of a debt is open of which bill: the balance says how much, this says where.

Money goes first to what the payer chose it for; the rest pays what was due first. So the debt is what
was charged after the last bill, and then the youngest of what nothing was chosen for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing_project.kernel.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """
    Something charged with a day to pay it by: what a bill charges for a service (0 = for none), its
    late fees, or a part of an instalment plan. `charged` with notes taken off, never below zero.

    The order of the fields is the order of payment.
    """

    due_on: date
    period_end: date
    bill_id: int = 0
    is_late_fee: bool = False
    service_id: int = 0
    plan_id: int = 0
    number: int = 0
    charged: Decimal

    @property
    def order(self) -> tuple[date, date, int, bool, int, int]:
        """What is paid first: what was due first, of a bill the services before late fees."""
        place = (self.bill_id, self.is_late_fee, self.service_id, self.number)
        return (self.due_on, self.period_end, *place)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Money that the payer chose a bill, a plan or a service for: exactly one is not 0."""

    amount: Decimal
    bill_id: int = 0
    plan_id: int = 0
    service_id: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """What is open of something owed, and what of it was paid by choice."""

    owed: Owed
    chosen: Decimal
    open: Decimal


@dataclass(frozen=True, slots=True)
class Allocation:
    """A debt in its places: charged after the last bill, open of what was, older than all of it."""

    unbilled: Decimal = ZERO
    items: list[Open] = field(default_factory=list)
    older: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The debt."""
        return self.unbilled + self.older + sum((one.open for one in self.items), ZERO)


def allocate(
    debt: Decimal, *, unbilled: Decimal, owed: Iterable[Owed], chosen: Sequence[Chosen] = ()
) -> Allocation:
    """
    Return where a debt is; its parts add up to it.

    Choices that find nothing left count as money like any other. Where less is paid than was chosen
    (money went elsewhere since), what was chosen is open again, the youngest first.

    >>> day = date(2026, 1, 1)
    >>> bills = [Owed(due_on=day, period_end=day, bill_id=n, charged=Decimal(50)) for n in (1, 2)]
    >>> [one.open for one in allocate(Decimal(50), unbilled=ZERO, owed=bills).items]
    [Decimal('0.00'), Decimal('50.00')]
    >>> choice = [Chosen(Decimal(30), bill_id=2)]
    >>> [one.open for one in allocate(Decimal(50), unbilled=ZERO, owed=bills, chosen=choice).items]
    [Decimal('30.00'), Decimal('20.00')]
    """
    items = sorted(owed, key=lambda one: one.order)
    taken = _take_chosen(items, chosen)
    new = min(debt, max(unbilled, ZERO))
    rest = debt - new
    rooms = [item.charged - part for item, part in zip(items, taken, strict=True)]
    first = _fill_youngest(rooms, rest)
    rest -= sum(first, ZERO)
    again = _fill_youngest(taken, rest)
    rest -= sum(again, ZERO)
    parts = zip(items, taken, first, again, strict=True)
    return Allocation(
        unbilled=new,
        items=[Open(item, part, ZERO + one + two) for item, part, one, two in parts],
        older=rest,
    )


def _take_chosen(items: Sequence[Owed], chosen: Sequence[Chosen]) -> list[Decimal]:
    """Return what of each item was chosen to be paid: bills and plans first, then services."""
    taken = [ZERO] * len(items)
    for name in ("bill_id", "plan_id", "service_id"):
        sums: dict[int, Decimal] = {}
        for choice in chosen:
            if target := getattr(choice, name):
                sums[target] = sums.get(target, ZERO) + choice.amount
        for place, item in enumerate(items):
            left = sums.get(getattr(item, name), ZERO)
            part = max(ZERO, min(left, item.charged - taken[place]))
            taken[place] += part
            if part:
                sums[getattr(item, name)] = left - part
    return taken


def _fill_youngest(rooms: Sequence[Decimal], amount: Decimal) -> list[Decimal]:
    """Spread an amount over rooms, the last of them first."""
    return list(_fill(rooms[::-1], amount))[::-1]


def _fill(rooms: Sequence[Decimal], amount: Decimal) -> Iterator[Decimal]:
    for room in rooms:
        part = max(ZERO, min(room, amount))
        amount -= part
        yield part


def unbilled_part(debt: Decimal, *, closing: Decimal | None, paid_since: Decimal) -> Decimal:
    """
    Return what of a debt was charged after the last bill: it is not due yet.

    `closing` is what that bill asked for, None without a bill; `paid_since` what was paid, and credited
    by notes, after it.

    >>> unbilled_part(Decimal(500), closing=Decimal(300), paid_since=Decimal(100))
    Decimal('300')
    """
    if closing is None:
        return debt
    return max(debt - max(closing - paid_since, ZERO), ZERO)
