"""
What guards a service and with whom it shares allowances, as the desk sees it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import get_language

from accounts.models import IdentifierUse, Subscription
from notifications.domain.formatting import format_usage
from rating.models import AllowanceGroup, AllowanceGroupMember
from rating.queries.limits import GuardView, find_group, guards_of, list_members


@dataclass(frozen=True, slots=True)
class MemberOnPage:
    """A service in a group, by its numbers."""

    member: AllowanceGroupMember
    numbers: tuple[str, ...]

    @property
    def caps(self) -> list[str]:
        """What the member may take of each allowance in a period, in words; nothing for all."""
        language = get_language() or "ru"
        caps = (
            ("voice", self.member.cap_voice),
            ("sms", self.member.cap_sms),
            ("data", self.member.cap_data),
        )
        return [
            format_usage(most, kind=kind, language=language[:2])
            for kind, most in caps
            if most is not None
        ]


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """A service's guard, numbers and group, as owner or member."""

    numbers: tuple[str, ...]
    guard: GuardView | None
    group: AllowanceGroup | None
    is_owner: bool
    owner_numbers: tuple[str, ...]
    members: tuple[MemberOnPage, ...]


def get_limits(service: Subscription, *, now: datetime, on: date) -> ServiceLimits:
    """Return everything the page shows, in half a dozen queries."""
    group = find_group(service.pk, at=now)
    members = list_members(group.pk, at=now) if group else []
    ids = [service.pk, *(member.subscription_id for member in members)]
    if group:
        ids.append(group.owner_id)
    numbers = _numbers(ids)
    return ServiceLimits(
        numbers=numbers.get(service.pk, ()),
        guard=guards_of([service.pk], on=on).get(service.pk),
        group=group,
        is_owner=group is not None and group.owner_id == service.pk,
        owner_numbers=numbers.get(group.owner_id, ()) if group else (),
        members=tuple(
            MemberOnPage(member, numbers.get(member.subscription_id, ())) for member in members
        ),
    )


def list_joinable(group: AllowanceGroup, *, at: datetime) -> list[tuple[int, str]]:
    """Return the customer's other living services that are in no group, by id with their numbers."""
    customer_id = group.account.customer_id
    taken = AllowanceGroupMember.objects.filter(Q(active_to=None) | Q(active_to__gt=at))
    rows = (
        Subscription.objects.filter(account__customer_id=customer_id)
        .exclude(state=Subscription.State.TERMINATED)
        .exclude(pk__in=taken.values("subscription_id"))
        .exclude(pk__in=AllowanceGroup.objects.values("owner_id"))
        .order_by("pk")
    )
    services = list(rows[:200])
    numbers = _numbers([service.pk for service in services])
    return [
        (service.pk, " ".join([service.get_service_display(), *numbers.get(service.pk, ())]))
        for service in services
    ]


def find_member(member_id: int, *, owner_id: int) -> AllowanceGroupMember | None:
    """Return a member of the owner's group, or None."""
    return AllowanceGroupMember.objects.filter(pk=member_id, group__owner_id=owner_id).first()


def _numbers(ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = IdentifierUse.objects.filter(subscription_id__in=ids, active_to=None).order_by("pk")
    for use in rows:
        found[use.subscription_id] = (*found.get(use.subscription_id, ()), use.value)
    return found
