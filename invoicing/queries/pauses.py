"""
Pauses of services: what one would cost, what stands in its way, what was agreed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from accounts.domain.calendars import Calendar
from accounts.models import PausedDays, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO, round_money
from billing_project.kernel.periods import Period
from invoicing.domain.proration import FeeTerms, part_price
from invoicing.models import Pause
from invoicing.queries.plans import get_plan_on
from invoicing.queries.splits import EVERYTHING, PLAN, Cut, quote_given_back
from tariffs.domain.pauses import (
    Decision,
    PauseRefusal,
    Refused,
    Request,
    days_by_year,
    decide,
    find_rule,
)
from tariffs.queries import list_pause_rules

OPEN: Final = (Pause.State.SCHEDULED, Pause.State.RUNNING)
AS_TEXT: Final = ("starts_on", "ends_on", "fee", "total", "given_back")


class UnableToPause(Exception):
    """The service can't rest so; `refused` says which rules stand in the way and until when."""

    def __init__(self, refused: Iterable[Refused]) -> None:
        self.refused = list(refused)
        super().__init__(" ".join(describe_refused(one) for one in self.refused))


@dataclass(frozen=True, slots=True)
class PauseQuote:
    """
    The terms of a pause, binding once it is agreed: days in [starts_on, ends_on), open without end.

    `total` is what all of a pause with an end costs. `given_back` is what is given back at its
    start of fees that are charged already; None if it starts later, and isn't known yet. With
    `is_now` the service stops at once.
    """

    starts_on: date
    ends_on: date | None
    is_now: bool
    is_open: bool
    free_days: int
    fee: Decimal
    fee_period: str
    keeps_packages: bool
    total: Decimal | None
    given_back: Decimal | None

    def as_json(self) -> dict[str, Any]:
        """Return plain values, amounts and days as text."""
        return {
            key: str(value) if key in AS_TEXT and value is not None else value
            for key, value in asdict(self).items()
        }


def describe_refused(refused: Refused) -> str:
    """Return which rule stands in the way, and when it won't."""
    words = {
        PauseRefusal.FORBIDDEN: _("Services on this plan can't be paused."),
        PauseRefusal.NOT_ACTIVE: _("Only a service that works can be paused."),
        PauseRefusal.ALREADY: _("A pause is agreed already. Cancel or end it first."),
        PauseRefusal.PAST: _("A pause begins tomorrow at the earliest."),
        PauseRefusal.TOO_FAR: _("A pause is agreed at most %(limit)s days ahead."),
        PauseRefusal.TOO_SHORT: _("A pause lasts at least %(limit)s days."),
        PauseRefusal.TOO_LONG: _("A pause lasts at most %(limit)s days."),
        PauseRefusal.TOO_SOON: _("Between two pauses there are at least %(limit)s days."),
        PauseRefusal.YEAR_USED_UP: _("Days of pauses left this year: %(limit)s."),
        PauseRefusal.IN_DEBT: _("First pay the debt of %(limit)s."),
    }[refused.why] % {"limit": refused.limit}
    if refused.possible_on is None:
        return words
    return " ".join(
        [words, _("It is possible from %(day)s.") % {"day": f"{refused.possible_on:%d.%m.%Y}"}]
    )


def get_pause_quote(
    *, subscription_id: int, on: date, starts_on: date | None = None, until: date | None = None
) -> PauseQuote:
    """
    Return the terms of a pause that is asked for on a day: at once, or from `starts_on`.

    Raises UnableToPause with every rule that stands in the way.
    """
    subscription = Subscription.objects.select_related("account").get(pk=subscription_id)
    is_now = starts_on is None
    decision = _decide(subscription, on=on, starts_on=starts_on or on + _DAY, until=until)
    if decision.refused:
        raise UnableToPause(decision.refused)
    rule = decision.rule
    what = PLAN if rule.keeps_packages else EVERYTHING
    cut = Cut(subscription_id, decision.starts_on, what=what)
    return PauseQuote(
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        is_now=is_now,
        is_open=until is None,
        free_days=decision.free_days,
        fee=rule.fee,
        fee_period=rule.fee_period,
        keeps_packages=rule.keeps_packages,
        total=_total(decision, calendar=calendar_of(subscription.account)),
        given_back=quote_given_back(cut) if is_now else None,
    )


_DAY: Final = timedelta(days=1)


def _decide(
    subscription: Subscription, *, on: date, starts_on: date, until: date | None
) -> Decision:
    plan = get_plan_on(subscription.pk, on=on).plan
    money = accounts_queries.get_balance(subscription.account_id).money
    request = Request(
        on=on,
        starts_on=starts_on,
        until=until,
        is_active=subscription.state == Subscription.State.ACTIVE,
        is_agreed=find_pause(subscription.pk) is not None,
        rested=days_rested(subscription.pk, before=on),
        last_ended_on=_last_ended_on(subscription.pk),
        debt=max(ZERO, -money),
    )
    rule = find_rule(list_pause_rules(), plan_id=plan.pk, service=subscription.service)
    return decide(rule, request)


def days_rested(subscription_id: int, *, before: date) -> Mapping[int, int]:
    """Return how many days a service has rested in each year; one that rests now, up to a day."""
    found: dict[int, int] = {}
    for row in PausedDays.objects.filter(subscription_id=subscription_id):
        for year, days in days_by_year(row.first, row.until or max(row.first, before)).items():
            found[year] = found.get(year, 0) + days
    return found


def _last_ended_on(subscription_id: int) -> date | None:
    rows = PausedDays.objects.filter(subscription_id=subscription_id)
    found: date | None = rows.aggregate(latest=Max("until"))["latest"]
    return found


def _total(decision: Decision, *, calendar: Calendar) -> Decimal | None:
    if decision.ends_on is None:
        return None
    first = decision.starts_on + decision.free_days * _DAY
    if first >= decision.ends_on:
        return ZERO
    return pause_fee(
        Period(first, decision.ends_on),
        fee=decision.rule.fee,
        fee_period=decision.rule.fee_period,
        calendar=calendar,
    )


def pause_fee(period: Period, *, fee: Decimal, fee_period: str, calendar: Calendar) -> Decimal:
    """Return what paused days that aren't free cost: cycle by cycle, each rounded."""
    terms, total, start = FeeTerms(fee, fee_period), ZERO, period.start
    while start < period.end:
        cycle = calendar.cycle_on(start)
        end = min(cycle.days.end, period.end)
        total += part_price(terms, Period(start, end), cycle)
        start = end
    return round_money(total)


def find_pause(subscription_id: int) -> Pause | None:
    """Return the pause of a service that runs or waits for its day, or None."""
    return Pause.objects.filter(subscription_id=subscription_id, state__in=OPEN).first()


def find_pauses(account_ids: Iterable[int]) -> dict[int, Pause]:
    """Return the pauses of accounts' services that run or wait for their day, by service."""
    rows = Pause.objects.filter(account_id__in=list(account_ids), state__in=OPEN)
    return {row.subscription_id: row for row in rows}


def list_pauses(subscription_id: int, *, limit: int = 50) -> list[Pause]:
    """Return the pauses of a service, the newest first."""
    rows = Pause.objects.filter(subscription_id=subscription_id)
    return list(rows.order_by("-starts_on", "-id")[:limit])
