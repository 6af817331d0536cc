"""
A change of plan, told before it is agreed: when, what it costs now, the next fee, what changes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from accounts.domain.calendars import Calendar
from billing_project.kernel.money import ZERO
from invoicing.domain.proration import FeeTerms, fee_of, next_period


class Refusal(StrEnum):
    """Why a change of plan isn't possible; translated where it is shown."""

    ENDED = "ended"
    SAME_PLAN = "same_plan"
    NOT_ON_SALE = "not_on_sale"
    OTHER_SERVICE = "other_service"
    OTHER_ACCOUNT = "other_account"
    OTHER_AUDIENCE = "other_audience"
    ALREADY_SCHEDULED = "already_scheduled"
    OTHER_CUSTOMER = "other_customer"
    OTHER_REGION = "other_region"
    OTHER_CREDIT_CLASS = "other_credit_class"
    ONLY_NEW = "only_new"
    FORBIDDEN_MOVE = "forbidden_move"
    TOO_EARLY = "too_early"
    NOT_ENOUGH_MONEY = "not_enough_money"
    BEFORE_RULE = "before_rule"
    TOO_FAR = "too_far"


#: Fields of a quote that are amounts and days.
AS_TEXT: Final = (
    *("cost_now", "fee_before", "next_fee", "effective_on", "next_fee_until"),
    *("move_fee", "settlement"),
)


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """
    What a subscriber gets on a plan version. `included` maps what is included (`voice`,
    `voice:local`, `data`) to seconds, messages or bytes a month.
    """

    plan_version_id: int
    name_ru: str
    name_en: str
    fee: FeeTerms
    included: Mapping[str, int]
    speed_kbps: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other on the new plan: included volume, or speed; 0 = none."""

    what: str
    before: int
    after: int

    @property
    def is_gain(self) -> bool:
        """Whether the new plan gives more of it."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Quote:
    """
    The offer, binding once it is scheduled.

    `cost_now` is charged when it is agreed: the fee of the move, and for a change at once the
    `settlement`, the difference for days that are charged already (below zero: given back). A change
    on a later day settles such days then. The next fee covers days up to `next_fee_until`.
    """

    effective_on: date
    cost_now: Decimal
    fee_before: Decimal
    next_fee: Decimal
    next_fee_until: date
    fee_period: str
    plan_version_id: int
    name_ru: str
    name_en: str
    differences: tuple[Difference, ...]
    move_fee: Decimal = ZERO
    settlement: Decimal = ZERO

    @property
    def lost(self) -> list[Difference]:
        """What there is less of."""
        return [one for one in self.differences if not one.is_gain]

    @property
    def gained(self) -> list[Difference]:
        """What there is more of."""
        return [one for one in self.differences if one.is_gain]

    def as_json(self) -> dict[str, Any]:
        """Return plain values, amounts and days as text."""
        plain = asdict(self)
        for key in AS_TEXT:
            plain[key] = str(plain[key])
        plain["differences"] = [asdict(one) for one in self.differences]
        return plain


@dataclass(frozen=True, slots=True)
class Move:
    """
    When a change takes effect, and what it costs: the fee of the move, the settlement of days that
    are charged already. `next_fee_from` is the first day that isn't charged yet.
    """

    effective_on: date
    fee: Decimal = ZERO
    settlement: Decimal = ZERO
    next_fee_from: date | None = None


def quote_change(
    *, before: PlanTerms, after: PlanTerms, on: date, calendar: Calendar, move: Move | None = None
) -> Quote:
    """
    Return the quote of a change; without a move, free at the start of the next cycle.

    The present cycle stays as it was charged, unless the change takes effect in it.
    """
    move = move or Move(calendar.cycle_on(on).days.end)
    first = after.fee.first_day(move.effective_on)
    starts_on = max(first, move.next_fee_from or first)
    period = next_period(starts_on=starts_on, calendar=calendar, terms=after.fee)
    settled_now = move.settlement if move.effective_on == on else ZERO
    return Quote(
        effective_on=move.effective_on,
        cost_now=move.fee + settled_now,
        fee_before=before.fee.fee,
        next_fee=fee_of(period, calendar=calendar, terms=after.fee),
        next_fee_until=period.end,
        fee_period=after.fee.fee_period,
        plan_version_id=after.plan_version_id,
        name_ru=after.name_ru,
        name_en=after.name_en,
        differences=tuple(_differences(before, after)),
        move_fee=move.fee,
        settlement=move.settlement,
    )


def _differences(before: PlanTerms, after: PlanTerms) -> list[Difference]:
    old = {**before.included, "speed": before.speed_kbps or 0}
    new = {**after.included, "speed": after.speed_kbps or 0}
    return [
        Difference(what, old.get(what, 0), new.get(what, 0))
        for what in sorted(old.keys() | new.keys())
        if old.get(what, 0) != new.get(what, 0)
    ]
