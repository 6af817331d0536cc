"""
What the ledger says about charged periods, and the lock of those who charge and who cut.
"""

from datetime import datetime
from typing import Final

from django.db import connection

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.queries.calendars import calendar_join
from billing_project.kernel.sql import id_array

#: Advisory lock: shared by those who charge, alone for those who cut what was charged.
FEES_LOCK: Final = 7_306_010

#: Names of what a period charges, by b: a plan, a package, the pause of a plan; and its bundle.
NAMED: Final = """
      LEFT JOIN tariffs_planversion v ON v.id = b.plan_version_id
      LEFT JOIN tariffs_plan p ON p.id = v.plan_id
      LEFT JOIN tariffs_packageversion kv ON kv.id = b.package_version_id
      LEFT JOIN tariffs_package k ON k.id = kv.package_id
"""
NAMES: Final = """
               'what', nullif(b.what, 'plan'), 'source', nullif(b.source_id, 0),
               'plan_version', nullif(b.plan_version_id, 0),
               'package_version', b.package_version_id, 'plan', coalesce(k.code, p.code),
               'plan_ru', coalesce(k.name_ru, p.name_ru),
               'plan_en', coalesce(k.name_en, p.name_en),
"""

#: What an explanation is made of.
SAID: Final = (
    "what, source_id, plan_version_id, package_version_id, period_start, period_end, began_at,"
    " ended_at, fee, fee_period, proration, cycle_day, months, phase, bundle_version_id, full_fee"
)
CYCLE: Final = "b.cycle_day, b.months, b.phase"

# Most periods of a night say the same of themselves: what they say is made once for all of those, which
# is a third of the whole posting (a jsonb of twenty names costs 10 microseconds).
POSTINGS: Final = f"""
    WITH period AS (
        SELECT b.account_id, b.id, -b.amount AS amount, b.charged_on, b.subscription_id, b.what,
               b.source_id, b.plan_version_id, b.package_version_id, b.period_start, b.period_end,
               b.began_at, b.ended_at, b.fee, b.fee_period, b.proration,
               coalesce(cal.cycle_day, a.cycle_day) AS cycle_day, coalesce(cal.months, 1) AS months,
               coalesce(cal.phase, 0) AS phase, hold.bundle_version_id, sh.full_fee
          FROM invoicing_billedperiod b
          JOIN accounts_account a ON a.id = b.account_id
          {calendar_join(account="b.account_id", day="b.period_start")}
          LEFT JOIN accounts_bundleshare sh
            ON sh.account_id = b.account_id AND sh.subscription_id = b.subscription_id
           AND b.what NOT IN ('pause', 'minimum') AND coalesce(sh.package_assignment_id, 0) = b.source_id
           AND sh.first <= b.period_start AND (sh.until IS NULL OR b.period_start < sh.until)
          LEFT JOIN accounts_bundleholding hold ON hold.id = sh.holding_id
         WHERE b.id = ANY(%(ids)s::bigint[])
    ), alike AS (
        SELECT array_agg(account_id) AS account_ids, array_agg(id) AS ids,
               array_agg(amount) AS amounts, array_agg(charged_on) AS days,
               array_agg(subscription_id) AS subscription_ids, {SAID}
          FROM period GROUP BY {SAID}
    ), explained AS MATERIALIZED (
        SELECT b.account_ids, b.ids, b.amounts, b.days, b.subscription_ids,
               jsonb_strip_nulls(jsonb_build_object({NAMES}
                   'period_start', b.period_start, 'period_end', b.period_end,
                   'days', b.period_end - b.period_start,
                   'cycle_days', invoicing_cycle_end(b.period_start, {CYCLE})
                                 - invoicing_cycle_start(b.period_start, {CYCLE}),
                   'cycle_months', nullif(b.months, 1),
                   'began_at', b.began_at, 'ended_at', b.ended_at,
                   'fee', b.fee::text, 'fee_period', b.fee_period, 'proration', b.proration,
                   'bundle_ru', bundle.name_ru, 'bundle_en', bundle.name_en,
                   'fee_alone', b.full_fee::text)) AS explanation
          FROM alike b {NAMED}
          LEFT JOIN tariffs_bundleversion bv ON bv.id = b.bundle_version_id
          LEFT JOIN tariffs_bundle bundle ON bundle.id = bv.bundle_id
    )
    SELECT u.account_id, u.id, u.amount, u.charged_on, u.subscription_id, e.explanation
      FROM explained e
      CROSS JOIN LATERAL unnest(e.account_ids, e.ids, e.amounts, e.days, e.subscription_ids)
                 AS u (account_id, id, amount, charged_on, subscription_id)
"""


def lock_fees(*, alone: bool) -> None:
    """
    Wait for those who cut charged periods (or, `alone`, for everybody) until the transaction ends.

    Whoever is going to need it takes it before any balance is locked: that is the order.
    """
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [FEES_LOCK])


def post_fees(period_ids: list[int], *, now: datetime, actor: str) -> None:
    """Post the fees of charged periods, their ids being the references (decision A1)."""
    if period_ids:
        accounts.post_many(
            source_sql=POSTINGS,
            params={"ids": id_array(period_ids)},
            kind=Kind.FEE,
            now=now,
            actor=actor,
        )
