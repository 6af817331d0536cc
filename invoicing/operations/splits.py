"""
Billed periods cut short: unused days are given back, and charged anew where another plan begins or a
pause ends.

The billed period stays as it is; a credit row names its unused days. Days charged anew are a chain
of their own, named after the credit (kind `c<credit id>`).
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.queries.calendars import whole_cycle
from billing_project.kernel.money import ZERO
from invoicing.operations.fee_postings import NAMED, NAMES, lock_fees, post_fees
from invoicing.queries.package_days import HELD
from invoicing.queries.splits import (
    CALENDAR_ANEW,
    OWN_FEE_ANEW,
    OWN_FEE_BILLED,
    PRICE_ANEW,
    UNUSED,
    Cut,
    cut_values,
    list_ended_packages,
    list_later_plans,
)

CREDIT: Final = f"""
    WITH {UNUSED}
    INSERT INTO invoicing_billedperiodcredit
        (account_id, billed_period_id, period_start, period_end, amount, credited_on, pause_id)
    SELECT account_id, id, cut_on, ends_on, given_back, %(business_date)s, %(pause_id)s
      FROM unused ORDER BY account_id, id
    ON CONFLICT DO NOTHING
    RETURNING id, billed_period_id, period_start, period_end, amount
"""

CREDIT_POSTINGS: Final = f"""
    SELECT c.account_id, c.id, c.amount, c.credited_on, b.subscription_id,
           jsonb_strip_nulls(jsonb_build_object({NAMES}
               'period_start', c.period_start, 'period_end', c.period_end,
               'days', c.period_end - c.period_start, 'charged', b.amount::text,
               'charged_from', b.period_start, 'charged_to', b.period_end,
               'fee', coalesce(b.fee, own.fee, v.fee)::text,
               'fee_period', coalesce(b.fee_period, v.fee_period),
               'proration', coalesce(b.proration, v.proration), 'pause', c.pause_id))
      FROM invoicing_billedperiodcredit c
      JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
      JOIN accounts_account a ON a.id = b.account_id {NAMED} {OWN_FEE_BILLED}
     WHERE c.id = ANY(%(ids)s)
"""

# The days given back, charged by the plan that is in force on their first day.
RECHARGE: Final = f"""
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind,
        period_start, period_end, previous_end, amount, fee, fee_period, proration, charged_on)
    SELECT c.account_id, b.subscription_id, v.id, 'c' || c.id, c.period_start, c.period_end, NULL,
           {PRICE_ANEW},
           coalesce(own.fee, v.fee), v.fee_period, v.proration, c.credited_on
      FROM invoicing_billedperiodcredit c
      JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
      JOIN accounts_account a ON a.id = c.account_id {CALENDAR_ANEW}
      JOIN accounts_subscription s ON s.id = b.subscription_id
      JOIN unnest(%(subscription_ids)s::bigint[], %(plan_version_ids)s::bigint[])
           AS w (subscription_id, plan_version_id) ON w.subscription_id = b.subscription_id
      JOIN tariffs_planversion v ON v.id = w.plan_version_id {OWN_FEE_ANEW}
     WHERE c.id = ANY(%(ids)s)
     ORDER BY c.account_id, c.id
    ON CONFLICT DO NOTHING
    RETURNING id
"""

# What a pause gave back of days from that on which the service is resumed, by the plan of that day.
RESUMED: Final = f"""
    WITH held AS ({HELD}
    ), c AS (
        SELECT c.id, c.account_id, b.subscription_id, b.what, b.source_id, b.package_version_id,
               greatest(c.period_start, %(on)s) AS period_start, c.period_end
          FROM invoicing_billedperiodcredit c
          JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
         WHERE c.account_id = %(account_from)s AND c.pause_id = %(pause_id)s
           AND c.period_end > %(on)s
    ), anew AS (
        SELECT c.*, {whole_cycle("c.period_start", names=True)},
               coalesce(v.id, 0) AS plan_version_id,
               coalesce(sh.fee, own.fee, v.fee, k.fee) AS fee,
               coalesce(v.fee_period, k.fee_period) AS fee_period,
               coalesce(v.proration, k.proration) AS proration,
               least(c.period_end, h.ends_before) AS ends_on
          FROM c
          JOIN accounts_account a ON a.id = c.account_id {CALENDAR_ANEW}
          LEFT JOIN tariffs_planversion v ON c.what = 'plan' AND v.id = (
               SELECT q.plan_version_id FROM accounts_planassignment q
                WHERE q.account_id = c.account_id AND q.subscription_id = c.subscription_id
                  AND (q.active_from AT TIME ZONE %(zone)s)::date <= c.period_start
                ORDER BY q.active_from DESC LIMIT 1)
          LEFT JOIN tariffs_packageversion k ON k.id = c.package_version_id
          LEFT JOIN held h ON c.what = 'package' AND h.assignment_id = c.source_id {OWN_FEE_ANEW}
          LEFT JOIN accounts_bundleshare sh
            ON sh.account_id = c.account_id AND sh.subscription_id = c.subscription_id
           AND coalesce(sh.package_assignment_id, 0) = c.source_id
           AND sh.first <= c.period_start AND (sh.until IS NULL OR c.period_start < sh.until)
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind, what,
        source_id, package_version_id, period_start, period_end, previous_end, amount, fee,
        fee_period, proration, charged_on)
    SELECT account_id, subscription_id, plan_version_id, 'c' || id, what, source_id,
           package_version_id, period_start, ends_on, NULL,
           invoicing_part_price(fee, fee_period, proration, period_start, ends_on, cycle_from,
                                cycle_to, months),
           fee, fee_period, proration, %(business_date)s
      FROM anew WHERE ends_on > period_start
     ORDER BY account_id, id
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@transaction.atomic
def split_periods(
    *,
    cuts: Sequence[Cut],
    business_date: date,
    now: datetime,
    actor: str,
    pause_id: int | None = None,
) -> Decimal:
    """
    Give back the fees of days after the cuts, and charge them by the new plan where one is named.

    Returns the sum given back. Days already given back are not given back again. `pause_id`: they
    are given back for that pause, and charged anew when it ends (`charge_resumed`).
    """
    if not cuts:
        return ZERO
    # A period that is being charged just now would not be seen, and never given back.
    lock_fees(alone=True)
    values = {**cut_values(cuts), "business_date": business_date, "pause_id": pause_id}
    with connection.cursor() as cursor:
        cursor.execute(CREDIT, values)
        credits_made = cursor.fetchall()
    if not credits_made:
        return ZERO
    ids = [row[0] for row in credits_made]
    accounts.post_many(
        source_sql=CREDIT_POSTINGS,
        params={"ids": ids},
        kind=Kind.FEE_CREDIT,
        now=now,
        actor=actor,
    )
    _recharge(ids, [cut for cut in cuts if cut.plan_version_id], now=now, actor=actor)
    return sum((row[4] for row in credits_made), ZERO)


def _recharge(credit_ids: list[int], cuts: list[Cut], *, now: datetime, actor: str) -> None:
    if not cuts:
        return
    values: dict[str, Any] = {
        "ids": credit_ids,
        "subscription_ids": [cut.subscription_id for cut in cuts],
        "plan_version_ids": [cut.plan_version_id for cut in cuts],
        "zone": settings.TIME_ZONE,
    }
    _charge(RECHARGE, values, now=now, actor=actor)


def _charge(statement: str, values: dict[str, Any], *, now: datetime, actor: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        period_ids = [row[0] for row in cursor.fetchall()]
    post_fees(period_ids, now=now, actor=actor)


@transaction.atomic
def charge_resumed(
    *,
    pause_id: int,
    account_id: int,
    subscription_id: int,
    on: date,
    business_date: date,
    now: datetime,
    actor: str,
) -> None:
    """
    Charge anew what a pause gave back of days from `on`, the first on which the service works again.

    Plans that began after that day, because nights were missed, take over their own days.
    """
    lock_fees(alone=True)
    values: dict[str, Any] = {
        "pause_id": pause_id,
        "account_from": account_id,
        "account_to": account_id + 1,
        "on": on,
        "business_date": business_date,
        "zone": settings.TIME_ZONE,
    }
    _charge(RESUMED, values, now=now, actor=actor)
    for cut in list_later_plans(subscription_id, after=on):
        split_periods(cuts=[cut], business_date=business_date, now=now, actor=actor)


def give_back_packages(
    *, account_id: int, subscription_id: int, business_date: date, now: datetime, actor: str
) -> Decimal:
    """Give back what packages of a service were charged for days after their end."""
    cuts = list_ended_packages(account_id=account_id, subscription_id=subscription_id)
    return split_periods(cuts=cuts, business_date=business_date, now=now, actor=actor)
