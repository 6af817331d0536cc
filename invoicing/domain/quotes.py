"""
A change of plan, told before it is agreed: when, what it costs now, the next fee, what changes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import cycle_of
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
    """The offer, binding once it is scheduled. `first_days` are those the next fee covers."""

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
        for key in ("cost_now", "fee_before", "next_fee", "effective_on", "next_fee_until"):
            plain[key] = str(plain[key])
        plain["differences"] = [asdict(one) for one in self.differences]
        return plain


def quote_change(*, before: PlanTerms, after: PlanTerms, on: date, cycle_day: int) -> Quote:
    """
    Return the quote of a change at the start of the next cycle.

    Nothing is paid now: the present cycle stays as it was charged.
    """
    effective_on = cycle_of(on, cycle_day=cycle_day).end
    period = next_period(starts_on=effective_on, cycle_day=cycle_day, terms=after.fee)
    return Quote(
        effective_on=effective_on,
        cost_now=ZERO,
        fee_before=before.fee.fee,
        next_fee=fee_of(period, cycle_day=cycle_day, terms=after.fee),
        next_fee_until=period.end,
        fee_period=after.fee.fee_period,
        plan_version_id=after.plan_version_id,
        name_ru=after.name_ru,
        name_en=after.name_en,
        differences=tuple(_differences(before, after)),
    )


def _differences(before: PlanTerms, after: PlanTerms) -> list[Difference]:
    old = {**before.included, "speed": before.speed_kbps or 0}
    new = {**after.included, "speed": after.speed_kbps or 0}
    return [
        Difference(what, old.get(what, 0), new.get(what, 0))
        for what in sorted(old.keys() | new.keys())
        if old.get(what, 0) != new.get(what, 0)
    ]
