"""
Groups that share allowances: opened by the owner's service, joined and left by others.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Subscription
from billing_project.kernel.operations import record_event
from rating.models import AllowanceGroup, AllowanceGroupMember


class UnableToShare(Exception):
    """The service can't be in the group, or isn't."""


@transaction.atomic
def open_group(
    *, owner_id: int, name: str, now: datetime, actor: str, on_behalf_of: str = ""
) -> AllowanceGroup:
    """Open a group for the shared allowances of a service; opened already, it keeps its members."""
    owner = _live(owner_id)
    if AllowanceGroupMember.objects.filter(subscription_id=owner_id, active_to=None).exists():
        raise UnableToShare(_("This service uses the allowances of another group."))
    group, is_new = AllowanceGroup.objects.get_or_create(
        account_id=owner.account_id,
        owner=owner,
        defaults={"name": name.strip()[:80], "created_at": now},
    )
    if is_new:
        _tell("group.opened", owner, group, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return group


@transaction.atomic
def add_member(
    *,
    group_id: int,
    subscription_id: int,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
    cap_voice: int | None = None,
    cap_sms: int | None = None,
    cap_data: int | None = None,
) -> AllowanceGroupMember:
    """
    Let a service of the same customer use the group's shared allowances from now on.

    The caps (seconds, messages, bytes) hold per period of the allowance.
    """
    service = _live(subscription_id)
    group = AllowanceGroup.objects.select_for_update(no_key=True).get(pk=group_id)
    if group.owner_id == subscription_id:
        raise UnableToShare(_("The owner is in the group anyway."))
    if AllowanceGroup.objects.filter(owner_id=subscription_id).exists():
        raise UnableToShare(_("This service has a group of its own."))
    if _customer(service) != _customer(group.owner):
        raise UnableToShare(_("Only services of one customer share allowances."))
    try:
        with transaction.atomic():
            member = AllowanceGroupMember.objects.create(
                group=group,
                subscription=service,
                active_from=now,
                cap_voice=cap_voice,
                cap_sms=cap_sms,
                cap_data=cap_data,
            )
    except IntegrityError:
        raise UnableToShare(_("This service is in a group already.")) from None
    _tell("group.joined", service, group, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return member


@transaction.atomic
def remove_member(
    *, member_id: int, now: datetime, actor: str, on_behalf_of: str = ""
) -> AllowanceGroupMember:
    """End a service's place in its group; what it used stays used."""
    member = AllowanceGroupMember.objects.select_for_update(no_key=True).get(pk=member_id)
    if member.active_to is not None:
        raise UnableToShare(_("This service has left the group already."))
    member.active_to = max(now, member.active_from)
    member.save(update_fields=["active_to"])
    service, group = member.subscription, member.group
    _tell("group.left", service, group, now=now, actor=actor, on_behalf_of=on_behalf_of)
    return member


def _live(subscription_id: int) -> Subscription:
    service: Subscription = (
        Subscription.objects.select_for_update(no_key=True, of=("self",))
        .select_related("account")
        .get(pk=subscription_id)
    )
    if service.state == Subscription.State.TERMINATED:
        raise UnableToShare(_("The service is terminated."))
    return service


def _customer(service: Subscription) -> int:
    customer_id: int = service.account.customer_id
    return customer_id


def _tell(
    kind: str,
    service: Subscription,
    group: AllowanceGroup,
    *,
    now: datetime,
    actor: str,
    on_behalf_of: str,
) -> None:
    record_event(
        kind=kind,
        happened_at=now,
        actor=actor,
        on_behalf_of=on_behalf_of,
        account_id=service.account_id,
        subscription_id=service.pk,
        data={"group": group.name, "group_id": group.pk},
    )
