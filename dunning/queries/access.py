"""
What each service of an account may do now, why, and what lifts it; for screens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import queries as accounts_queries
from accounts.models import Account, Subscription
from accounts.queries import Balance
from dunning.domain import access
from dunning.domain.access import Rule
from dunning.models import AccessChange, ServiceAccess
from dunning.queries.gathering import list_rules

LEVELS: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("waits for its connection"),
    access.OPEN: gettext_lazy("works without limits"),
    access.BAR_LONG_DISTANCE: gettext_lazy("local calls only"),
    access.SLOW: gettext_lazy("reduced speed"),
    access.SUSPENDED: gettext_lazy("suspended for debt"),
    access.PAUSED: gettext_lazy("paused at own wish"),
    access.ENDED: gettext_lazy("terminated"),
}


@dataclass(frozen=True, slots=True)
class ServiceView:
    """
    One service as a person sees it; what has to be paid in: `to_lift` for the next better level,
    `to_pay` for no limits at all.

    `level` "" = not decided yet; `why` is a sentence, empty where nothing is limited.
    """

    subscription: Subscription
    subscription_id: int
    level: str
    label: str
    why: str
    to_lift: Decimal
    to_pay: Decimal
    speed_kbps: int | None
    since: datetime | None


def access_of(account_id: int) -> list[ServiceView]:
    """List the access of every service of the account, in the order they were taken."""
    account = Account.objects.get(pk=account_id)
    known = {row.subscription_id: row for row in ServiceAccess.objects.filter(account=account)}
    balance = accounts_queries.get_balance(account_id)
    rules = list_rules()
    views = []
    for subscription in account.subscriptions.order_by("pk"):
        chosen = access.choose_rules(
            rules,
            service=subscription.service,
            account_kind=account.kind,
            credit_class=account.credit_class,
        )
        views.append(
            _view(subscription, row=known.get(subscription.pk), rules=chosen, balance=balance)
        )
    return views


def list_changes(*, account_id: int, limit: int = 50) -> list[AccessChange]:
    """List what changed in the account's access, newest first."""
    return list(AccessChange.objects.filter(account_id=account_id).order_by("-pk")[:limit])


def _view(
    subscription: Subscription,
    *,
    row: ServiceAccess | None,
    rules: Sequence[Rule],
    balance: Balance,
) -> ServiceView:
    level = row.level if row else ""
    to_lift = to_pay = Decimal("0.00")
    if subscription.state == Subscription.State.ACTIVE:
        decision = access.decide(rules, money=balance.money, floor=balance.floor)
        to_lift = access.sum_to_lift(decision, money=balance.money)
        to_pay = access.sum_to_open(rules, money=balance.money, floor=balance.floor)
    speed_kbps = row.speed_kbps if row else None
    return ServiceView(
        subscription=subscription,
        subscription_id=subscription.pk,
        level=level,
        label=str(LEVELS[level]),
        why=_explain(level, speed_kbps=speed_kbps),
        to_lift=to_lift,
        to_pay=to_pay,
        speed_kbps=speed_kbps,
        since=row.since if row else None,
    )


def _explain(level: str, *, speed_kbps: int | None) -> str:
    reasons = {
        access.BAR_LONG_DISTANCE: _(
            "There is no money on the account: long-distance and international calls are off."
        ),
        access.SLOW: _("The balance is below zero: the internet works at %(speed)s kbit/s.")
        % {"speed": speed_kbps},
        access.SUSPENDED: _("The debt is too large: the service is suspended until it is paid."),
        access.PAUSED: _("You asked for a pause."),
        access.ENDED: _("The service was terminated."),
    }
    return reasons.get(level, "")
