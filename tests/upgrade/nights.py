"""The nights after an upgrade, in a process of their own: `python -m tests.upgrade.nights DAY…`."""

import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import django

MOSCOW = ZoneInfo("Europe/Moscow")


def close(day: date) -> None:
    """End the online sessions that nobody hears of, then close the day, at three in the morning."""
    from billing_project import night_steps
    from rating.operations import charging
    from rating.queries.charging import load_reference

    now = datetime.combine(day + timedelta(days=1), time(3), MOSCOW)
    charging.expire_sessions(reference=load_reference(on=day), now=now)
    night_steps.close_day(business_date=day, now=now, folder=None)


def decide_waiting(day: date) -> None:
    """A second person agrees to the adjustment that waited."""
    from accounts import operations
    from billing_project.kernel import queries

    (waiting,) = queries.list_approvals(kind="adjustment")
    operations.approve_adjustment(
        approval_id=waiting.pk,
        business_date=day,
        now=datetime.combine(day, time(12), MOSCOW),
        actor="staff:2",
    )


if __name__ == "__main__":
    django.setup()
    days = [date.fromisoformat(word) for word in sys.argv[1:]]
    if len(days) > 1:
        decide_waiting(days[0])
    for each in days:
        close(each)
