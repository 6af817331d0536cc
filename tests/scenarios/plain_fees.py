"""
What recurring fees should come to, day by day in plain Decimal: an independent second opinion.

A run is the days of one cycle on which nothing changed; each costs its part of the fee, rounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

DAY = timedelta(days=1)
KOPECK = Decimal("0.01")


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def cycle_start(day: date, cycle_day: int) -> date:
    """The last day on or before `day` on which a cycle begins."""
    while True:
        last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - DAY
        if day.day == min(cycle_day, last.day):
            return day
        day -= DAY


def cycle_end(day: date, cycle_day: int) -> date:
    day += DAY
    while cycle_start(day, cycle_day) != day:
        day += DAY
    return day


@dataclass(frozen=True)
class Terms:
    """The fee of a plan, package or pause."""

    fee: Decimal
    period: str = "month"
    proration: str = "actual"

    def of(self, days: int, cycle_days: int) -> Decimal:
        if self.period == "once":
            return rounded(self.fee)
        if self.period == "day":
            return rounded(self.fee * days)
        if days >= cycle_days:
            return rounded(self.fee)
        base = 30 if self.proration == "fixed_30" else cycle_days
        return rounded(min(self.fee, self.fee * days / base))


@dataclass
class Rest:
    """Days of a pause in [first, until)."""

    first: date
    until: date | None
    terms: Terms = field(default_factory=lambda: Terms(Decimal(0)))
    free_days: int = 0
    keeps_packages: bool = False


@dataclass
class Held:
    """A package (or plan) in [first, until)."""

    terms: Terms
    first: date
    until: date | None = None


@dataclass
class PlainService:
    """The history of a service, and what it should have cost up to its last day."""

    cycle_day: int
    begins: date
    plans: list[Held]
    packages: list[Held] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)
    last_day: date | None = None

    @property
    def end(self) -> date:
        assert self.last_day is not None
        return self.last_day + DAY

    def plan_fees(self) -> Decimal:
        plans = sorted(self.plans, key=lambda held: held.first)
        total = Decimal(0)
        for held, following in zip(plans, [*plans[1:], None], strict=True):
            until = min(self.end, following.first) if following else self.end
            total += self._cost(held.terms, held.first, until, self.rests)
        return total

    def package_fees(self) -> Decimal:
        rests = [rest for rest in self.rests if not rest.keeps_packages]
        return sum(
            (
                held.terms.of(1, 1)
                if held.terms.period == "once"
                else self._cost(
                    held.terms, held.first, min(self.end, held.until or self.end), rests
                )
                for held in self.packages
            ),
            Decimal(0),
        )

    def pause_fees(self) -> Decimal:
        total = Decimal(0)
        for rest in self.rests:
            first = rest.first + rest.free_days * DAY
            total += self._cost(rest.terms, first, min(self.end, rest.until or self.end), [])
        return total

    def _cost(self, terms: Terms, first: date, until: date, rests: Iterable[Rest]) -> Decimal:
        total = Decimal(0)
        for start, end in self._runs(first, until, list(rests)):
            whole = cycle_end(start, self.cycle_day) - cycle_start(start, self.cycle_day)
            if terms.period == "day":
                total += sum((terms.of(1, 1) for _day in range((end - start).days)), Decimal(0))
            else:
                total += terms.of((end - start).days, whole.days)
        return total

    def _runs(self, first: date, until: date, rests: list[Rest]) -> Iterator[tuple[date, date]]:
        """Days that count, cut where a cycle or a pause begins or ends."""
        edges = {rest.first for rest in rests} | {rest.until for rest in rests}
        run: date | None = None
        day = first
        while day < until:
            rested = any(r.first <= day and (r.until is None or day < r.until) for r in rests)
            is_edge = day in edges or cycle_start(day, self.cycle_day) == day
            if run is not None and (rested or is_edge):
                yield run, day
                run = None
            if run is None and not rested:
                run = day
            day += DAY
        if run is not None:
            yield run, until
