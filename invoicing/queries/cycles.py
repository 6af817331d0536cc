"""
What a change of the billing cycle would mean, and whether it is possible.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.domain.calendars import Anchor, Calendar, Cycle, Rule, rule_from
from accounts.models import Account, AccountCycle, Subscription
from accounts.queries.calendars import calendar_of
from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.proration import MONTH, part_price
from invoicing.models import BillingPolicy
from invoicing.queries.plans import fee_terms, get_plan_on, own_fee


class UnableToChangeCycle(Exception):
    """The change of the cycle isn't possible; `field` names what was wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class CycleQuote:
    """
    A change of the cycle: the present cycle runs to its end, then, if the new day is another, a
    short period at `bridge_fee` (plans as they are now), then whole cycles.
    """

    rule: Rule
    anchor: Anchor
    starts_on: date
    bridge: Period | None
    bridge_fee: Decimal
    first_whole: Period

    def as_json(self) -> dict[str, Any]:
        """Return plain values, to be sent back as what was agreed."""
        return {
            "cycle_day": self.rule.cycle_day,
            "months": self.rule.months,
            "anchor": str(self.anchor),
            "starts_on": self.starts_on.isoformat(),
            "bridge_until": self.bridge.end.isoformat() if self.bridge else None,
            "bridge_fee": str(self.bridge_fee),
        }


@dataclass(frozen=True, slots=True)
class CycleView:
    """How an account's cycles run: the present one, its rule, and what was agreed for later."""

    cycle: Cycle
    rule: Rule
    anchor: str
    coming: AccountCycle | None


def view_cycle(account: Account, *, on: date) -> CycleView:
    """Return how an account's cycles run on a day."""
    calendar = calendar_of(account)
    rule = calendar.rule_on(on)
    rows = AccountCycle.objects.filter(account_id=account.pk)
    held = rows.filter(starts_on=rule.starts_on).first()
    coming = rows.filter(starts_on__gt=on, is_end=False).order_by("starts_on").first()
    return CycleView(calendar.cycle_on(on), rule, held.anchor if held else "day", coming)


def may_change_own(account: Account, *, on: date) -> bool:
    """Whether the subscriber may change the cycle: where it is allowed, once in a cycle."""
    policy = BillingPolicy.objects.filter(
        legal_entity_id=account.contract.legal_entity_id, own_cycle_change=True
    )
    if not policy.exists():
        return False
    cycle = calendar_of(account).cycle_on(on).days
    changed = AccountCycle.objects.filter(account_id=account.pk, is_end=False)
    return not changed.filter(starts_on__gte=cycle.start).exists()


def get_cycle_quote(
    *,
    account_id: int,
    cycle_day: int,
    on: date,
    anchor: Anchor = Anchor.DAY,
    months: int | None = None,
) -> CycleQuote:
    """
    Return what a change would mean; UnableToChangeCycle if it isn't possible.

    Without `months` cycles stay as long as they are.
    """
    account = Account.objects.select_related("customer").get(pk=account_id)
    calendar = calendar_of(account)
    months = calendar.rule_on(on).months if months is None else months
    if not 1 <= cycle_day <= 31:
        raise UnableToChangeCycle(_("The cycle day is 1 to 31."), "cycle_day")
    if months not in {1, 2}:
        raise UnableToChangeCycle(_("A cycle has one month or two."), "months")
    if account.closed_on is not None and account.closed_on <= on:
        raise UnableToChangeCycle(_("The account is closed."))
    starts_on = calendar.cycle_on(on).days.end
    rule = rule_from(
        starts_on, anchor=anchor, cycle_day=cycle_day, months=months, opened_on=account.opened_on
    )
    if rule.beat == calendar.rule_on(starts_on).beat:
        raise UnableToChangeCycle(_("The cycles run like this already."), "cycle_day")
    after = Calendar((rule,))
    first = after.cycle_on(starts_on)
    if first.is_whole:
        return CycleQuote(rule, anchor, starts_on, None, ZERO, first.days)
    fee = _bridge_fee(account, first, on=on)
    whole = after.cycle_on(first.days.end).days
    return CycleQuote(rule, anchor, starts_on, first.days, fee, whole)


def _bridge_fee(account: Account, cycle: Cycle, *, on: date) -> Decimal:
    total = ZERO
    live = Subscription.objects.filter(account_id=account.pk, state=Subscription.State.ACTIVE)
    for service_id in live.values_list("pk", flat=True):
        version = get_plan_on(service_id, on=on)
        if version.fee_period == MONTH:
            terms = fee_terms(version, fee=own_fee(account, version, on=cycle.days.start))
            total += part_price(terms, cycle.days, cycle)
    return total
