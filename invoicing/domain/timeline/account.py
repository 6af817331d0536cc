"""
An account: services whose plans change, pause and end, and the runs that bill them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from billing_project.kernel.money import ZERO
from invoicing.domain.cycles import cycle_at
from invoicing.domain.timeline.difference import (
    ONE_DAY,
    Service,
    charge_due,
    give_back,
    rule_of,
)
from invoicing.domain.timeline.papers import Paper, papers_of
from invoicing.domain.timeline.terms import USAGE, Charged, Item, Stretch, Terms


class UnableToMove(ValueError):
    """The event asks for what isn't there: a service, a pause, a charge."""


@dataclass(slots=True)
class Account:
    """
    What happened so far. `credit` is money that next invoices take; `owed` what documents and
    adjustments add up to, before payments; `paid` payments less refunds.
    """

    terms: Terms
    services: dict[str, Service] = field(default_factory=dict)
    waiting: list[Item] = field(default_factory=list)
    credit: Decimal = ZERO
    owed: Decimal = ZERO
    paid: Decimal = ZERO

    def subscribe(
        self,
        service: str,
        plan: str,
        *,
        on: date,
        anchor: int | str,
        anchored_on: date | None = None,
        charged_from: date | None = None,
    ) -> date:
        """Begin a service; return the moment from which it is charged."""
        start = charged_from or on
        began = Stretch(plan, start, anchor, anchored_on or on)
        self.services.setdefault(service, Service(service)).stretches.append(began)
        return start

    def change_plan(
        self,
        service: str,
        plan: str,
        *,
        on: date,
        at_end_of_period: bool = False,
        anchor: int | str | None = None,
    ) -> date:
        """
        Change the plan; return when: that day is the new plan's.

        It takes the place of what was to change later; a cycle day that was to change stays so.
        """
        last = self._stretches(service)[-1]
        moment = self._end_of_period(service, on) if at_end_of_period else on
        self._cut(service, moment)
        self.services[service].stretches.append(
            Stretch(
                plan,
                moment,
                last.anchor if anchor is None else anchor,
                last.anchored_on,
                epoch=last.epoch,
            )
        )
        return moment

    def cancel(self, service: str, *, on: date, at_end_of_period: bool = False) -> date:
        """End a service; return when. Its last day is billed where that is the convention."""
        if at_end_of_period:
            moment = self._end_of_period(service, on)
            self._cut(service, moment)
            return moment
        is_billed = self.terms.is_last_day_billed
        self._cut(service, on + ONE_DAY if is_billed else on)
        self._stretches(service)[-1].is_closing = is_billed
        return on

    def set_cycle_day(
        self, service: str, day: int, *, effective: date, credits_overlap: bool = False
    ) -> None:
        """
        Begin cycles on another day. Billed time is not billed again: only the gap is charged; with
        `credits_overlap` it is given back, and a cycle begins anew.
        """
        stretches: list[Stretch] = []
        for old in self._stretches(service):
            if old.end is not None and old.end <= effective:
                stretches.append(old)
                continue
            if old.start < effective:
                stretches.append(replace(old, end=effective, is_closing=False))
            moved = max(effective, old.start)
            epoch = old.epoch + credits_overlap
            stretches.append(replace(old, start=moved, anchor=day, epoch=epoch))
        self.services[service].stretches = stretches

    def pause(self, service: str, *, since: date) -> None:
        """Stop billing from a moment, which may be past."""
        self._stretches(service)
        self.services[service].pauses.append((since, None))

    def resume(self, service: str, *, at: date) -> None:
        """Go on billing; cycles of a cycle day begin anew."""
        pauses = self.services[service].pauses if service in self.services else []
        if not pauses or pauses[-1][1] is not None:
            message = f"{service} is not paused"
            raise UnableToMove(message)
        pauses[-1] = (pauses[-1][0], at)

    def use(self, service: str, amount: Decimal) -> None:
        """Add usage, or a one-off charge, to the next invoice."""
        self.waiting.append(Item(service, USAGE, amount))

    def adjust(self, number: int, amount: Decimal) -> None:
        """Write off a part of a charge; it becomes credit, and can't be given back again."""
        charge = next((one for one in self.charged() if one.number == number), None)
        if charge is None or amount > charge.left:
            message = f"charge {number} has no {amount} left to adjust"
            raise UnableToMove(message)
        charge.adjusted += amount
        self.credit += amount
        self.owed -= amount

    def pay(self, amount: Decimal) -> None:
        """Take a payment; below zero a refund."""
        self.paid += amount

    def bill_run(self, *, on: date) -> tuple[list[Item], list[Paper]]:
        """Bill what is due by a moment and was not; nothing new gives no document."""
        items, self.waiting = self.waiting, []
        for service in self.services.values():
            items += give_back(service, self.terms)
            items += charge_due(service, self.terms, on=on, number=len(list(self.charged())) + 1)
        papers = papers_of(items, credit=self.credit, terms=self.terms) if items else []
        for paper in papers:
            self.owed += paper.owed
            self.credit += paper.credit_change
        return items, papers

    def charged(self) -> Iterator[Charged]:
        """Yield the recurring charges billed so far, service by service."""
        for service in self.services.values():
            yield from service.charged

    def _stretches(self, service: str) -> list[Stretch]:
        if service not in self.services:
            message = f"there is no service {service}"
            raise UnableToMove(message)
        return self.services[service].stretches

    def _cut(self, service: str, moment: date) -> None:
        """End a service; what was to begin later does not."""
        first, *later = self._stretches(service)
        kept = [first, *(one for one in later if one.start < moment)]
        kept[-1].end = moment if kept[-1].end is None else min(kept[-1].end, moment)
        self.services[service].stretches = kept

    def _end_of_period(self, service: str, on: date) -> date:
        first, *later = self._stretches(service)
        running = [first, *(one for one in later if one.start <= on)][-1]
        return cycle_at(rule_of(running, self.terms), on, since=running.start).end
