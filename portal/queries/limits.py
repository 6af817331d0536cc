"""
A service's spending guard and the group it shares allowances in, as its page shows them.
"""

from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import IdentifierUse, Subscription
from portal.queries.people import AccountChoice
from portal.queries.services import ServiceCard, list_cards
from rating.models import AllowanceGroup
from rating.queries.limits import GuardView, find_group, guards_of, list_members


@dataclass(frozen=True, slots=True)
class GroupView:
    """The group a service shares allowances in: who is in it, by number."""

    name: str
    is_owner: bool
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """A service with its guard, if it has one, and its group."""

    card: ServiceCard
    guard: GuardView | None
    group: GroupView | None


def find_limits(
    account: AccountChoice, *, subscription_id: int, now: datetime, on: date
) -> LimitsPage | None:
    """Return the page of one of the account's services; None if it has no such service alive."""
    cards = list_cards(account, now=now, on=on, subscription_id=subscription_id)
    if not cards or cards[0].view.state == Subscription.State.TERMINATED:
        return None
    group = find_group(subscription_id, at=now)
    return LimitsPage(
        card=cards[0],
        guard=guards_of([subscription_id], on=on).get(subscription_id),
        group=_view(group, subscription_id=subscription_id, at=now) if group else None,
    )


def _view(group: AllowanceGroup, *, subscription_id: int, at: datetime) -> GroupView:
    members = list_members(group.pk, at=at)
    ids = [group.owner_id, *(member.subscription_id for member in members)]
    numbers = IdentifierUse.objects.filter(subscription_id__in=ids, active_to=None).order_by("pk")
    return GroupView(
        name=group.name,
        is_owner=group.owner_id == subscription_id,
        people=tuple(use.value for use in numbers),
    )
