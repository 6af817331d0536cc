"""
Recurring fees: the periods that are due, and their postings (decision B3).

- A fee in advance is charged when its period begins (cycle start; activation; change of plan), a
  fee in arrears when it has ended; a period ends with the cycle, the plan or the service.
- Nights that were missed are caught up: every due period is charged, one after another.
- The night charges on the morning `business_date`. A period that begins then is posted on that day;
  what was due before, fees in arrears too, on the day that ends, with its usage: so the fee of a
  closed cycle stands on the cycle's own bill, and nothing is posted further into the past.
- Restrictions for debt don't touch fees. Days of the subscriber's own pause (`accounts.PausedDays`)
  are billed at zero, once they are over: the chain of days has no hole, and is never ahead of a pause.
- How a part of a cycle is counted, and who charges the day of a change and of termination, is told by
  the plan's version; cycles are those of the account's calendar (`accounts.domain.calendars`).
- A period costs the fee of its first day: a bundle's share, else a company's own, else the list's.
  Packages and pauses have chains of their own, see `offer_fees`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2.errors import UniqueViolation

from accounts import queries as accounts_queries
from invoicing.operations.fee_postings import lock_fees, post_fees
from invoicing.operations.offer_fees import (
    CALENDAR_DUE,
    CHARGE_PACKAGES,
    CHARGE_PAUSES,
    CYCLE,
    WITH_RIVALS,
)
from invoicing.queries.plan_days import BILLED_BY

#: More periods in one go than two years of daily fees: something is wrong.
MOST_PASSES: Final = 800

#: A company may have a fee of its own: that of the first day of a period counts.
OWN_FEE_DUE: Final = accounts_queries.company_fee_join(
    customer="c.customer_id", plan_version="v.id", day="c.starts_on"
)
#: The day of termination is charged unless the plan says otherwise; seconds of it always are.
UNBILLED_DAYS: Final = "CASE WHEN v.bills_last_day OR v.proration = 'seconds' THEN 0 ELSE 1 END"

# One period per service: the next of its chain, if it is due. A plan that counts seconds counts them
# from the activation and to the termination; days of a change are whole, so that its quote holds.
CHARGE_PLANS: Final = f"""
    WITH live AS (
        SELECT s.id AS subscription_id, s.account_id, a.cycle_day, a.customer_id,
               s.activated_at AT TIME ZONE %(zone)s AS active_from,
               (s.activated_at AT TIME ZONE %(zone)s)::date AS active_on,
               s.terminated_at AT TIME ZONE %(zone)s AS active_to,
               (s.terminated_at AT TIME ZONE %(zone)s)::date + 1 AS ends_before
          FROM accounts_subscription s JOIN accounts_account a ON a.id = s.account_id
         WHERE s.account_id >= %(account_from)s AND s.account_id < %(account_to)s
           AND s.activated_at IS NOT NULL
    ), chained AS (
        SELECT l.*, p.period_end AS previous_end, coalesce(p.period_end, l.active_on) AS starts_on
          FROM live l LEFT JOIN LATERAL (
               SELECT b.period_end FROM invoicing_billedperiod b
                WHERE b.account_id = l.account_id AND b.subscription_id = l.subscription_id
                  AND b.kind = 'fee'
                ORDER BY b.period_end DESC LIMIT 1) p ON true
    ), assigned AS ({BILLED_BY}
    ), pauses AS (
        SELECT subscription_id, array_agg(first) AS firsts
          FROM accounts_pauseddays
         WHERE account_id >= %(account_from)s AND account_id < %(account_to)s
           AND (until IS NULL OR until > first)
         GROUP BY subscription_id
    ), due AS MATERIALIZED (
        SELECT c.account_id, c.subscription_id, c.starts_on, c.previous_end, c.active_from,
               c.active_to, v.id AS plan_version_id, coalesce(sh.fee, own.fee, v.fee) AS fee,
               v.fee_period, v.fee_timing, v.proration, h.first IS NOT NULL AS is_paused,
               invoicing_cycle_start(c.starts_on, {CYCLE}) AS cycle_from,
               invoicing_cycle_end(c.starts_on, {CYCLE}) AS cycle_to,
               coalesce(cal.months, 1) AS months,
               CASE WHEN v.fee_period = 'day' AND h.first IS NULL THEN c.starts_on + 1
               ELSE least(invoicing_cycle_end(c.starts_on, {CYCLE}), cal.until, s.changes_on,
                          c.ends_before - {UNBILLED_DAYS}, h.until,
                          CASE WHEN w.firsts IS NOT NULL THEN
                          (SELECT min(f) FROM unnest(w.firsts) AS f WHERE f > c.starts_on) END)
               END AS ends_on
          FROM chained c
          JOIN assigned s
            ON s.subscription_id = c.subscription_id AND s.from_day <= c.starts_on
           AND (s.changes_on IS NULL OR c.starts_on < s.changes_on)
          JOIN tariffs_planversion v ON v.id = s.plan_version_id {OWN_FEE_DUE}
          {CALENDAR_DUE}
          LEFT JOIN accounts_bundleshare sh
            ON sh.account_id = c.account_id AND sh.subscription_id = c.subscription_id
           AND sh.package_assignment_id IS NULL AND sh.first <= c.starts_on
           AND (sh.until IS NULL OR c.starts_on < sh.until)
          LEFT JOIN pauses w ON w.subscription_id = c.subscription_id
          LEFT JOIN accounts_pauseddays h
            ON h.account_id >= %(account_from)s AND h.account_id < %(account_to)s
           AND h.account_id = c.account_id AND h.subscription_id = c.subscription_id
           AND h.first <= c.starts_on AND (h.until IS NULL OR c.starts_on < h.until)
         WHERE c.starts_on <= %(business_date)s
           AND (c.ends_before IS NULL OR c.starts_on < c.ends_before - {UNBILLED_DAYS})
    ), counted AS MATERIALIZED (
        SELECT d.*,
               CASE WHEN proration = 'seconds' THEN greatest(starts_on::timestamp, active_from)
               ELSE starts_on::timestamp END AS part_from,
               CASE WHEN proration = 'seconds' THEN least(ends_on::timestamp, active_to)
               ELSE ends_on::timestamp END AS part_to
          FROM due d
         WHERE (fee_timing = 'advance' AND NOT is_paused) OR ends_on <= %(business_date)s
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind,
        what, period_start, period_end, previous_end, amount, fee, fee_period, proration,
        charged_on, began_at, ended_at)
    SELECT account_id, subscription_id, plan_version_id, 'fee',
           CASE WHEN is_paused THEN 'rest' ELSE 'plan' END, starts_on, ends_on, previous_end,
           CASE WHEN is_paused THEN 0
           ELSE invoicing_part_price(fee, fee_period, proration, part_from, part_to,
                                     cycle_from, cycle_to, months)
           END,
           fee, fee_period, proration,
           %(business_date)s
           - CASE WHEN fee_timing = 'arrears' OR starts_on < %(business_date)s THEN 1 ELSE 0 END,
           CASE WHEN part_from > starts_on THEN part_from AT TIME ZONE %(zone)s END,
           CASE WHEN part_to < ends_on THEN part_to AT TIME ZONE %(zone)s END
      FROM counted
     ORDER BY account_id, subscription_id
    {WITH_RIVALS}
    RETURNING id, period_end
"""

#: What is charged, one after another, each until nothing is due.
CHARGES: Final = (CHARGE_PLANS, CHARGE_PACKAGES, CHARGE_PAUSES)


class UnableToChargeFees(Exception):
    """The periods that are due don't come to an end."""


def charge_fees(
    *,
    business_date: date,
    now: datetime,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Charge every recurring fee due up to the business day, for accounts of a half-open range.

    Fees of plans, of packages and of pauses. Returns the number of periods charged. Safe to kill and
    to run again: a second run charges nothing. Keep a range to 50,000 accounts.
    """
    values = {
        "business_date": business_date,
        "account_from": account_from,
        "account_to": account_to,
        "zone": settings.TIME_ZONE,
        "assignment_id": 0,
    }
    return sum(_charge_all(charge, values, now=now, actor=actor) for charge in CHARGES)


@transaction.atomic
def charge_package(
    *, assignment_id: int, account_id: int, business_date: date, now: datetime, actor: str
) -> int:
    """Charge at once what is due for a package that was just added; the night finds it done."""
    values = {
        "business_date": business_date,
        "account_from": account_id,
        "account_to": account_id + 1,
        "zone": settings.TIME_ZONE,
        "assignment_id": assignment_id,
    }
    return _charge_all(CHARGE_PACKAGES, values, now=now, actor=actor)


def _charge_all(charge: str, values: Mapping[str, Any], *, now: datetime, actor: str) -> int:
    charged = 0
    for _pass in range(MOST_PASSES):
        count, is_over = _charge_next(charge, values, now=now, actor=actor)
        charged += count
        if is_over:
            return charged
    raise UnableToChargeFees(_("The periods that are due don't come to an end."))


@transaction.atomic
def _charge_next(
    charge: str, values: Mapping[str, Any], *, now: datetime, actor: str
) -> tuple[int, bool]:
    """
    Charge the next due period of each chain; the period and its posting commit together.

    Returns how many, and whether no chain can have another: those not charged now have none due, and
    a period that ends after the day has no successor that begins by it.
    """
    lock_fees(alone=False)
    rows = _write_next(charge, values)
    post_fees([row[0] for row in rows], now=now, actor=actor)
    return len(rows), all(ends_on > values["business_date"] for _id, ends_on in rows)


def _write_next(charge: str, values: Mapping[str, Any]) -> list[tuple[int, date]]:
    """
    Write the next period of each chain; return their ids and ends.

    Two who charge the same at once are rare, and passing each other's rows over makes every row twice
    as dear: only who met the other does.
    """
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(charge.replace(WITH_RIVALS, ""), values)
                return list(cursor.fetchall())
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
        cursor.execute(charge, values)
        return list(cursor.fetchall())
