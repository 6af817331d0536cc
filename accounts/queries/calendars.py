"""
The billing calendars of accounts: for plain code, and joined in SQL.
"""

from collections.abc import Iterable
from typing import Final

from accounts.domain.calendars import Calendar, Rule, monthly
from accounts.models import Account
from accounts.models.cycles import AccountCycle

#: The rule of an account's cycle on a day whose row, if there is one, is joined as `cal`.
CYCLE_OF: Final = (
    "coalesce(cal.cycle_day, {account}.cycle_day), coalesce(cal.months, 1), coalesce(cal.phase, 0)"
)
CYCLE: Final = CYCLE_OF.format(account="a")


def calendar_join(*, account: str, day: str) -> str:
    """Return SQL that joins an account's row of a day, if it has any, as `cal`."""
    return f"""
        LEFT JOIN accounts_accountcycle cal
          ON cal.account_id = {account} AND cal.starts_on <= {day}
         AND (cal.until IS NULL OR {day} < cal.until)
    """


def cycle_starts(day: str) -> str:
    """Return the SQL of the first day of a day's cycle, with `a` and `cal` joined."""
    return f"greatest(invoicing_cycle_start({day}, {CYCLE}), cal.starts_on)"


def cycle_ends(day: str) -> str:
    """Return the SQL of the day after a day's cycle, with `a` and `cal` joined."""
    return f"least(invoicing_cycle_end({day}, {CYCLE}), cal.until)"


def whole_cycle(day: str, *, names: bool = False) -> str:
    """Return the SQL of a day's whole cycle: its start, its end, its months; columns with `names`."""
    columns = {
        "cycle_from": f"invoicing_cycle_start({day}, {CYCLE})",
        "cycle_to": f"invoicing_cycle_end({day}, {CYCLE})",
        "months": "coalesce(cal.months, 1)",
    }
    return ", ".join(f"{sql} AS {name}" if names else sql for name, sql in columns.items())


def calendar_of(account: Account) -> Calendar:
    """Return the calendar of an account."""
    return calendars_of([account])[account.pk]


def calendars_of(accounts: Iterable[Account]) -> dict[int, Calendar]:
    """Return the calendars of accounts."""
    days = {account.pk: account.cycle_day for account in accounts}
    found: dict[int, list[Rule]] = {}
    rows = AccountCycle.objects.filter(account_id__in=days).order_by("account_id", "starts_on")
    for row in rows:
        rule = Rule(row.cycle_day, row.months, row.phase, row.starts_on, row.until)
        found.setdefault(row.account_id, []).append(rule)
    return {
        account_id: Calendar(tuple(found[account_id])) if account_id in found else monthly(day)
        for account_id, day in days.items()
    }
