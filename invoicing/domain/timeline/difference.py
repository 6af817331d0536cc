"""
What should be billed minus what was: credits for time no longer used, charges for time not billed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period
from invoicing.domain.cycles import CycleRule, cycle_at
from invoicing.domain.proration import price_of, share_of
from invoicing.domain.timeline.spans import OpenSpan, active, without
from invoicing.domain.timeline.terms import (
    ADVANCE,
    CREDIT,
    RECURRING,
    Charged,
    Item,
    Stretch,
    Terms,
)

ONE_DAY: Final = timedelta(days=1)
NINE: Final = 9


@dataclass(slots=True)
class Service:
    """A service's stretches, pauses, and charges so far."""

    code: str
    stretches: list[Stretch] = field(default_factory=list)
    pauses: list[OpenSpan] = field(default_factory=list)
    charged: list[Charged] = field(default_factory=list)

    def is_of(self, charge: Charged, stretch: Stretch) -> bool:
        """Whether a charge covers time of a stretch's plan and epoch."""
        return (charge.plan, charge.epoch) == (stretch.plan, stretch.epoch)


def rule_of(stretch: Stretch, terms: Terms) -> CycleRule:
    """Return the cycles of a stretch."""
    plan = terms.plans[stretch.plan]
    return CycleRule(
        plan.unit, plan.count, stretch.anchor, stretch.anchored_on, steps_back=terms.steps_back
    )


def give_back(service: Service, terms: Terms) -> Iterator[Item]:
    """
    Credit billed time that is not used after all, each moment once; time over too, if it was said
    later that it was paused.

    Never more than is left of the charge after earlier credits and adjustments.
    """
    for charge in service.charged:
        for part in without(charge.period, _used(service, charge) + charge.credited):
            worth = price_of(charge.price, part, cycle=charge.cycle, convention=terms.convention)
            amount = min(worth, charge.left)
            charge.credited.append(part)
            charge.given_back += amount
            if terms.gives_back and amount:
                yield Item(service.code, CREDIT, -amount, part)


def _used(service: Service, charge: Charged) -> list[Period]:
    return [
        Period(start, end or charge.period.end)
        for stretch in service.stretches
        if service.is_of(charge, stretch)
        for start, end in _active(service, stretch)
        if start < charge.period.end
    ]


def _active(service: Service, stretch: Stretch) -> list[OpenSpan]:
    return active((stretch.start, stretch.end), service.pauses)


def charge_due(service: Service, terms: Terms, *, on: date, number: int) -> Iterator[Item]:
    """
    Charge what is due by a moment and was not billed: in advance what has begun, in arrears what
    is over. New charges are numbered from `number` on.
    """
    for stretch in service.stretches:
        plan = terms.plans[stretch.plan]
        for period, cycle in _due(service, stretch, terms=terms, on=on):
            for part in without(period, _covered(service, stretch)):
                amount = price_of(plan.price, part, cycle=cycle, convention=terms.convention)
                charge = Charged(
                    number=number,
                    service=service.code,
                    plan=stretch.plan,
                    epoch=stretch.epoch,
                    period=part,
                    cycle=cycle,
                    price=plan.price,
                    amount=amount,
                    timing=plan.timing,
                )
                service.charged.append(charge)
                number += 1
                if amount or terms.tells_zero:
                    yield Item(service.code, RECURRING, amount, part)


def _due(
    service: Service, stretch: Stretch, *, terms: Terms, on: date
) -> Iterator[tuple[Period, Period]]:
    """Yield the parts of a stretch that are due, each with its cycle."""
    rule = rule_of(stretch, terms)
    is_advance = terms.plans[stretch.plan].timing == ADVANCE
    for since, until in _active(service, stretch):
        start = since
        while until is None or start < until:
            cycle = cycle_at(rule, start, since=since)
            end = cycle.end if until is None else min(until, cycle.end)
            # A service that ends today is billed for today.
            is_last = stretch.is_closing and end == until and end <= on + ONE_DAY
            if start > on if is_advance else end > on and not is_last:
                break
            yield Period(start, end), cycle
            start = end


def _covered(service: Service, stretch: Stretch) -> list[Period]:
    return [
        part
        for charge in service.charged
        if service.is_of(charge, stretch)
        for part in without(charge.period, charge.credited)
    ]


def cycles_billed(charged: Sequence[Charged], terms: Terms) -> Decimal:
    """Return how many cycles the charges make up, credits left aside; each share to nine digits."""
    shares = (share_of(one.period, one.cycle, terms.convention) for one in charged)
    return sum((round_money(share, digits=NINE) for share in shares), ZERO)
