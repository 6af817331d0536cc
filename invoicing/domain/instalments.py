"""
A debt in parts by percent, each with its day; what was paid of them, and what is overdue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from billing_project.kernel.money import ZERO, round_money, round_together, spread
from billing_project.kernel.periods import add_months
from invoicing.domain.receivables import oldest_first


@dataclass(slots=True)
class Instalment:
    """A part of a debt: paid with money, and credited by notes."""

    code: str
    amount: Decimal
    due: date | None = None
    paid: Decimal = ZERO
    credited: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What is left."""
        return self.amount - self.paid - self.credited

    def is_overdue(self, on: date) -> bool:
        """Whether its day is past and something is open."""
        return self.due is not None and self.due < on and self.open > 0


def split_debt(amount: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """
    Split a debt by percents; the parts add up to it as far as the percents do.

    >>> split_debt(Decimal("100.00"), [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")])
    [Decimal('33.33'), Decimal('33.33'), Decimal('33.34')]
    """
    exact = [Fraction(amount) * Fraction(percent) / 100 for percent in percents]
    total = round_money(sum(exact, Fraction(0)))
    return round_together([round_money(one, digits=12) for one in exact], total)


def pay_instalments(
    instalments: Sequence[Instalment], amount: Decimal, *, by_note: bool = False
) -> list[Decimal]:
    """
    Spread money, or a note, over what is open, in order; return what each got.

    What all together don't need is left over.
    """
    parts = list(oldest_first([one.open for one in instalments], amount))
    for one, part in zip(instalments, parts, strict=True):
        if by_note:
            one.credited += part
        else:
            one.paid += part
    return parts


def take_back(instalments: Sequence[Instalment], parts: Sequence[Decimal]) -> None:
    """Undo a payment by what each got of it."""
    for one, part in zip(instalments, parts, strict=True):
        one.paid -= part


class DebtState(StrEnum):
    """What people are told of a debt in parts."""

    PAID = "Paid"
    OVERDUE = "Overdue"
    PARTLY_PAID = "Partly Paid"
    UNPAID = "Unpaid"


def state_of(instalments: Sequence[Instalment], *, on: date) -> DebtState:
    """Return the state of a debt on a day."""
    if all(one.open <= 0 for one in instalments):
        return DebtState.PAID
    if any(one.is_overdue(on) for one in instalments):
        return DebtState.OVERDUE
    has_paid = any(one.paid or one.credited for one in instalments)
    return DebtState.PARTLY_PAID if has_paid else DebtState.UNPAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What plans a legal entity agrees to; `self_service_most` None: not without an agent."""

    most_parts: int = 12
    most_days: int = 366
    first_percent: Decimal = ZERO
    fee: Decimal = ZERO
    grace_days: int = 0
    self_service_most: Decimal | None = None


class Obstacle(StrEnum):
    """Why a plan can't be agreed so."""

    NO_DEBT = "no_debt"
    MORE_THAN_DEBT = "more_than_debt"
    PARTS = "parts"
    DAYS = "days"
    TOO_LONG = "too_long"
    FIRST = "first"
    NOT_ALONE = "not_alone"
    TOO_MUCH_ALONE = "too_much_alone"
    BROKEN_BEFORE = "broken_before"


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A part as it is proposed."""

    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who asks: what is owed, whether a plan was broken of late, whether an agent agrees to it."""

    debt: Decimal
    has_broken: bool = False
    is_alone: bool = False


def propose(
    debt: Decimal, *, parts: int, first_on: date, first: Decimal | None = None
) -> list[PlannedPart]:
    """
    Return a debt in monthly parts, together the debt to the kopeck; `first` sets the first one apart.

    >>> [str(part.amount) for part in propose(Decimal("100.00"), parts=3, first_on=date(2026, 1, 31))]
    ['33.34', '33.33', '33.33']
    >>> [part.due_on.day for part in propose(Decimal(90), parts=3, first_on=date(2026, 1, 31))]
    [31, 28, 31]
    """
    days = [add_months(first_on, step) for step in range(parts)]
    if first is None:
        amounts = spread(debt, weights=[Decimal(1)] * parts)
    elif parts == 1:
        amounts = [debt]
    else:
        amounts = [first, *spread(debt - first, weights=[Decimal(1)] * (parts - 1))]
    return [PlannedPart(day, amount) for day, amount in zip(days, amounts, strict=True)]


def find_obstacle(
    parts: Sequence[PlannedPart], *, terms: Terms, who: Applicant, on: date
) -> Obstacle | None:
    """Return why the parts can't be agreed; None if they can."""
    checks = (
        (who.debt <= 0, Obstacle.NO_DEBT),
        (who.is_alone and terms.self_service_most is None, Obstacle.NOT_ALONE),
        (who.is_alone and who.has_broken, Obstacle.BROKEN_BEFORE),
        (_is_badly_cut(parts, terms), Obstacle.PARTS),
        (not _days_follow(parts, on=on), Obstacle.DAYS),
    )
    found = next((obstacle for is_wrong, obstacle in checks if is_wrong), None)
    return found or _find_in_sums(parts, terms=terms, who=who, on=on)


def _find_in_sums(
    parts: Sequence[PlannedPart], *, terms: Terms, who: Applicant, on: date
) -> Obstacle | None:
    total = sum((part.amount for part in parts), ZERO)
    most = who.debt if terms.self_service_most is None else terms.self_service_most
    checks = (
        (total > who.debt, Obstacle.MORE_THAN_DEBT),
        (who.is_alone and total > most, Obstacle.TOO_MUCH_ALONE),
        (parts[0].amount < round_money(total * terms.first_percent / 100), Obstacle.FIRST),
        (parts[-1].due_on > on + timedelta(days=terms.most_days), Obstacle.TOO_LONG),
    )
    return next((obstacle for is_wrong, obstacle in checks if is_wrong), None)


def _is_badly_cut(parts: Sequence[PlannedPart], terms: Terms) -> bool:
    amounts = [part.amount for part in parts]
    is_counted = 1 <= len(amounts) <= terms.most_parts
    return not is_counted or any(one <= 0 or one != round_money(one) for one in amounts)


def _days_follow(parts: Sequence[PlannedPart], *, on: date) -> bool:
    days = [on - timedelta(days=1), *(part.due_on for part in parts)]
    return all(before < after for before, after in pairwise(days))


class PlanState(StrEnum):
    """What became of a plan."""

    ACTIVE = "active"
    KEPT = "kept"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a plan, and what of it is not worked as debt."""

    state: PlanState
    frozen: Decimal


def judge_plan(
    parts: Sequence[tuple[date, Decimal]], *, on: date, grace_days: int, may_break: bool
) -> Outcome:
    """
    Return what became of a plan by its parts (pay until, open) on the morning of a day.

    A part that is open longer than its day and the days of grace breaks the plan; what may still be
    paid in time is frozen.

    >>> judge_plan([(date(2026, 1, 5), Decimal(7))], on=date(2026, 1, 6), grace_days=0,
    ...     may_break=True).state.value
    'broken'
    """
    if all(left <= 0 for _day, left in parts):
        return Outcome(PlanState.KEPT, ZERO)
    grace = timedelta(days=grace_days)
    is_late = [left > 0 and day + grace < on for day, left in parts]
    if may_break and any(is_late):
        return Outcome(PlanState.BROKEN, ZERO)
    frozen = [left for (_day, left), late in zip(parts, is_late, strict=True) if not late]
    return Outcome(PlanState.ACTIVE, sum(frozen, ZERO))


def take_over(
    amount: Decimal, open_items: Sequence[tuple[int | None, Decimal]]
) -> dict[int | None, Decimal]:
    """
    Return what a plan over an amount takes over of each bill, in the order of payment.

    `open_items` are (bill, open); bill 0 is what no bill explains, None what is on no bill yet.

    >>> take_over(Decimal(7), [(0, Decimal(1)), (3, Decimal(4)), (None, Decimal(9))])
    {0: Decimal('1'), 3: Decimal('4'), None: Decimal('2')}
    """
    taken: dict[int | None, Decimal] = {}
    parts = oldest_first([left for _bill, left in open_items], amount)
    for (bill_id, _left), part in zip(open_items, parts, strict=True):
        if part > 0:
            taken[bill_id] = taken.get(bill_id, Decimal(0)) + part
    return taken
