"""
Whom an outage touched, and what each service is given for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from accounts import queries as accounts_queries
from accounts.queries.calendars import calendar_join, whole_cycle
from invoicing.models import Outage, OutageRule

#: What a selection may name, and the condition of each; what is left out doesn't narrow.
NARROWS: Final = {
    "service": "s.service = %(service)s",
    "region": "cu.region = %(region)s",
    "address": "coalesce(nullif(s.address, ''), cu.address) ILIKE %(address)s",
    "plans": "v.plan_id = ANY(%(plans)s)",
    "accounts": "s.account_id = ANY(%(accounts)s)",
    "services": "s.id = ANY(%(services)s)",
}

# The fee is that of the plan on the day the outage began; a company's own goes before the list's.
# Months are as long as the account's cycle of that day, or 30 days where the plan says so. What a
# service was not there for isn't counted, nor is a pause: nothing is charged for its days.
AFFECTED: Final = """
    WITH down AS (
        SELECT s.id AS subscription_id, s.account_id, v.id AS plan_version_id,
               coalesce(own.fee, v.fee) AS fee, v.fee_period, v.proration,
               whole.ends_on - whole.starts_on AS cycle_days, whole.months,
               floor(extract(epoch FROM least(%(ended_at)s, s.terminated_at)
                             - greatest(%(started_at)s, s.activated_at)) / 60)::int AS minutes
          FROM accounts_subscription s
          JOIN accounts_account a ON a.id = s.account_id {calendar}
         CROSS JOIN LATERAL (SELECT {whole}) AS whole (starts_on, ends_on, months)
          JOIN accounts_customer cu ON cu.id = a.customer_id
          JOIN accounts_planassignment q
            ON q.account_id = s.account_id AND q.subscription_id = s.id
           AND q.active_from <= greatest(%(started_at)s, s.activated_at)
           AND (q.active_to IS NULL OR q.active_to > greatest(%(started_at)s, s.activated_at))
          JOIN tariffs_planversion v ON v.id = q.plan_version_id {own}
         WHERE s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
           AND s.activated_at < %(ended_at)s
           AND (s.terminated_at IS NULL OR s.terminated_at > %(started_at)s)
           AND s.state <> 'suspended' AND {narrows}
    ), priced AS (
        SELECT account_id, subscription_id, plan_version_id, minutes,
               fee / CASE WHEN fee_period = 'day' THEN 1
                          WHEN proration IN ('fixed_30', 'month_30') THEN 30
                          ELSE cycle_days / months::numeric END AS daily_fee
          FROM down WHERE minutes >= greatest(%(from_minutes)s, 1)
    )
    SELECT account_id, subscription_id, plan_version_id, minutes, round(daily_fee, 4) AS daily_fee,
           round(least(daily_fee * %(percent)s / 100 * ceil(minutes / %(unit_minutes)s::numeric),
                       daily_fee * ceil(minutes / 1440.0)), 2) AS amount
      FROM priced
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an outage costs before it is approved: services, accounts, money, the longest lists."""

    services: int
    accounts: int
    amount: Decimal
    by_plan: Sequence[tuple[str, str, int, Decimal]]


def affected(
    outage: Outage, *, account_from: int = 0, account_to: int = 2**62
) -> tuple[str, dict[str, Any]]:
    """
    Return a select of (account_id, subscription_id, plan_version_id, minutes, daily_fee, amount)
    with its parameters: the services of a range of accounts that the outage touched.
    """
    selection = {key: value for key, value in outage.selection.items() if value}
    narrows = " AND ".join(NARROWS[key] for key in sorted(selection)) or "true"
    own = accounts_queries.company_fee_join(
        customer="a.customer_id", plan_version="v.id", day="%(day)s"
    )
    if "address" in selection:
        selection["address"] = f"%{_escaped(selection['address'])}%"
    values = {
        **selection,
        "day": day_of(outage),
        "started_at": outage.started_at,
        "ended_at": outage.ended_at,
        "from_minutes": outage.from_minutes,
        "percent": outage.percent,
        "unit_minutes": 60 if outage.unit == OutageRule.Unit.HOUR else 1440,
        "account_from": account_from,
        "account_to": account_to,
    }
    return (
        AFFECTED.format(
            own=own,
            narrows=narrows,
            calendar=calendar_join(account="a.id", day="%(day)s"),
            whole=whole_cycle("%(day)s"),
        ),
        values,
    )


def day_of(outage: Outage) -> date:
    """Return the business day on which the outage began."""
    return outage.started_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def preview(outage: Outage) -> Preview:
    """Return what the outage would cost; nothing is written."""
    sql, values = affected(outage)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), count(DISTINCT account_id), coalesce(sum(amount), 0) FROM ({sql}) x"
            " WHERE amount > 0",
            values,
        )
        services, accounts, amount = cursor.fetchone()
        cursor.execute(
            "SELECT p.name_ru, p.name_en, count(*), sum(x.amount)"
            f" FROM ({sql}) x JOIN tariffs_planversion v ON v.id = x.plan_version_id"
            " JOIN tariffs_plan p ON p.id = v.plan_id WHERE x.amount > 0"
            " GROUP BY 1, 2 ORDER BY 4 DESC, 1 LIMIT 20",
            values,
        )
        return Preview(services, accounts, amount, cursor.fetchall())


def list_outages(*, before: int = 0, limit: int = 50) -> list[Outage]:
    """Return outages, newest first."""
    rows = Outage.objects.order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:limit])


def list_rules() -> list[OutageRule]:
    """Return the rules in use."""
    return list(OutageRule.objects.filter(is_active=True).order_by("pk"))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
