"""
Writing an account's billing calendar: rules follow each other without a gap.
"""

from datetime import date, datetime

from django.db import transaction

from accounts.domain.calendars import FIRST_DAY, Anchor, Rule
from accounts.models import Account, AccountCycle


@transaction.atomic
def set_rule(
    *,
    account_id: int,
    rule: Rule,
    anchor: Anchor,
    now: datetime,
    actor: str,
    on_behalf_of: str = "",
) -> AccountCycle:
    """
    Let an account's cycles run by a rule from its first day on; what was to begin later is dropped.

    The days before keep their rules. The account is locked.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    who = {"requested_at": now, "actor": actor, "on_behalf_of": on_behalf_of}
    rows = AccountCycle.objects.filter(account_id=account_id)
    if not rows.exists():
        _first(account, **who)
    rows.filter(starts_on__gte=rule.starts_on).delete()
    rows.filter(until__isnull=True).update(until=rule.starts_on)
    rows.filter(until__gt=rule.starts_on).update(until=rule.starts_on)
    return AccountCycle.objects.create(
        account_id=account_id,
        starts_on=rule.starts_on,
        anchor=anchor,
        cycle_day=rule.cycle_day,
        months=rule.months,
        phase=rule.phase,
        **who,
    )


@transaction.atomic
def cut_cycle(
    *, account_id: int, on: date, now: datetime, actor: str, on_behalf_of: str = ""
) -> bool:
    """
    End a cycle before its day; cycles run on as they did. False: a rule begins on that day anyway.

    The account is locked.
    """
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    who = {"requested_at": now, "actor": actor, "on_behalf_of": on_behalf_of}
    rows = AccountCycle.objects.filter(account_id=account_id)
    if not rows.exists():
        _first(account, **who)
    if rows.filter(starts_on=on).exists():
        return False
    held = rows.exclude(starts_on__gt=on).order_by("-starts_on")[0]
    until = held.until
    rows.filter(pk=held.pk).update(until=on)
    AccountCycle.objects.create(
        account_id=account_id,
        starts_on=on,
        until=until,
        anchor=held.anchor,
        cycle_day=held.cycle_day,
        months=held.months,
        phase=held.phase,
        is_end=True,
        **who,
    )
    return True


def _first(account: Account, **who: object) -> None:
    AccountCycle.objects.create(
        account_id=account.pk, starts_on=FIRST_DAY, cycle_day=account.cycle_day, **who
    )
