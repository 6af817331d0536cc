"""
Billed periods cut short: unused days are given back, and charged anew where another plan begins.

The billed period stays as it is; a credit row names its unused days. Days charged anew after a
change of plan are a chain of their own, named after the credit (kind `c<credit id>`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from billing_project.kernel.money import ZERO
from invoicing.operations.fees import FEES_LOCK, OWN_FEE, post_fees
from invoicing.queries.splits import OWN_FEE_ANEW, UNUSED

CREDIT: Final = f"""
    WITH {UNUSED}
    INSERT INTO invoicing_billedperiodcredit
        (account_id, billed_period_id, period_start, period_end, amount, credited_on)
    SELECT account_id, id, cut_on, ends_on, given_back, %(business_date)s
      FROM unused ORDER BY account_id, id
    ON CONFLICT DO NOTHING
    RETURNING id, billed_period_id, period_start, period_end, amount
"""

CREDIT_POSTINGS: Final = f"""
    SELECT c.account_id, c.id, c.amount, c.credited_on, b.subscription_id,
           jsonb_build_object(
               'plan_version', v.id, 'plan', p.code, 'plan_ru', p.name_ru, 'plan_en', p.name_en,
               'period_start', c.period_start, 'period_end', c.period_end,
               'days', c.period_end - c.period_start, 'charged', b.amount::text,
               'charged_from', b.period_start, 'charged_to', b.period_end,
               'fee', coalesce(own.fee, v.fee)::text, 'fee_period', v.fee_period, 'proration', v.proration)
      FROM invoicing_billedperiodcredit c
      JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
      JOIN accounts_account a ON a.id = b.account_id
      JOIN tariffs_planversion v ON v.id = b.plan_version_id
      JOIN tariffs_plan p ON p.id = v.plan_id {OWN_FEE}
     WHERE c.id = ANY(%(ids)s)
"""

# The days given back, charged by the plan that is in force on their first day.
RECHARGE: Final = f"""
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind,
        period_start, period_end, previous_end, amount, charged_on)
    SELECT c.account_id, b.subscription_id, v.id, 'c' || c.id, c.period_start, c.period_end, NULL,
           invoicing_prorated(coalesce(own.fee, v.fee), v.fee_period, v.proration,
                              c.period_end - c.period_start,
                              invoicing_cycle_end(c.period_start, a.cycle_day)
                              - invoicing_cycle_start(c.period_start, a.cycle_day)),
           c.credited_on
      FROM invoicing_billedperiodcredit c
      JOIN invoicing_billedperiod b ON b.id = c.billed_period_id
      JOIN accounts_account a ON a.id = c.account_id
      JOIN unnest(%(subscription_ids)s::bigint[], %(plan_version_ids)s::bigint[])
           AS w (subscription_id, plan_version_id) ON w.subscription_id = b.subscription_id
      JOIN tariffs_planversion v ON v.id = w.plan_version_id {OWN_FEE_ANEW}
     WHERE c.id = ANY(%(ids)s)
     ORDER BY c.account_id, c.id
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Cut:
    """Days of a service that aren't used from a day on; with the plan that takes them over."""

    subscription_id: int
    unused_from: date
    plan_version_id: int | None = None


@transaction.atomic
def split_periods(
    *, cuts: Sequence[Cut], business_date: date, now: datetime, actor: str
) -> Decimal:
    """
    Give back the fees of days after the cuts, and charge them by the new plan where one is named.

    Returns the sum given back. Days already given back are not given back again.
    """
    if not cuts:
        return ZERO
    values: dict[str, Any] = {
        "subscription_ids": [cut.subscription_id for cut in cuts],
        "days": [cut.unused_from for cut in cuts],
        "plan_version_ids": [cut.plan_version_id for cut in cuts],
        "business_date": business_date,
    }
    with connection.cursor() as cursor:
        # A period that is being charged just now would not be seen, and never given back.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FEES_LOCK])
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
    }
    with connection.cursor() as cursor:
        cursor.execute(RECHARGE, values)
        period_ids = [row[0] for row in cursor.fetchall()]
    post_fees(period_ids, now=now, actor=actor)
