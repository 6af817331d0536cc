"""
Fees of packages, kind `p<assignment id>`, and of pauses, kind `s<pause id>`: chains of their own.

- A package's fee is charged as a plan's (see `fees`), by its own terms; one that is due once is
  charged for its first day. A package that rests with its paused service costs nothing.
- A pause's fee is charged for days that really rested, once they are over, after its free days.
"""

from typing import Final

from accounts.queries.calendars import CYCLE_OF, calendar_join
from invoicing.queries.package_days import HELD

#: The rule of a cycle, by `c`, what is charged, and `cal`.
CYCLE: Final = CYCLE_OF.format(account="c")
CALENDAR_DUE: Final = calendar_join(account="c.account_id", day="c.starts_on")

#: What another one charged meanwhile is not charged again.
WITH_RIVALS: Final = "ON CONFLICT DO NOTHING"

# `halts` are the pauses in which packages rest too. `%(assignment_id)s`: only that one, 0 = all.
CHARGE_PACKAGES: Final = f"""
    WITH held AS ({HELD}
    ), chained AS (
        SELECT h.*, p.period_end AS previous_end, coalesce(p.period_end, h.first_day) AS starts_on
          FROM held h LEFT JOIN LATERAL (
               SELECT b.period_end FROM invoicing_billedperiod b
                WHERE b.account_id = h.account_id AND b.subscription_id = h.subscription_id
                  AND b.kind = 'p' || h.assignment_id
                ORDER BY b.period_end DESC LIMIT 1) p ON true
         WHERE %(assignment_id)s = 0 OR h.assignment_id = %(assignment_id)s
    ), halts AS (
        SELECT account_id, subscription_id, first, until FROM accounts_pauseddays
         WHERE account_id >= %(account_from)s AND account_id < %(account_to)s
           AND (until IS NULL OR until > first) AND NOT keeps_packages
    ), pauses AS (
        SELECT subscription_id, array_agg(first) AS firsts FROM halts GROUP BY subscription_id
    ), due AS MATERIALIZED (
        SELECT c.account_id, c.subscription_id, c.assignment_id, c.starts_on, c.previous_end,
               k.id AS package_version_id, coalesce(sh.fee, k.fee) AS fee, k.fee_period,
               k.fee_timing, k.proration, h.first IS NOT NULL AS is_paused,
               invoicing_cycle_start(c.starts_on, {CYCLE}) AS cycle_from,
               invoicing_cycle_end(c.starts_on, {CYCLE}) AS cycle_to,
               coalesce(cal.months, 1) AS months,
               CASE WHEN k.fee_period <> 'month' AND h.first IS NULL THEN c.starts_on + 1
               ELSE least(invoicing_cycle_end(c.starts_on, {CYCLE}), cal.until, c.ends_before, h.until,
                          (SELECT min(f) FROM unnest(w.firsts) AS f WHERE f > c.starts_on))
               END AS ends_on
          FROM chained c
          JOIN tariffs_packageversion k ON k.id = c.package_version_id {CALENDAR_DUE}
          LEFT JOIN accounts_bundleshare sh
            ON sh.account_id = c.account_id AND sh.subscription_id = c.subscription_id
           AND sh.package_assignment_id = c.assignment_id AND sh.first <= c.starts_on
           AND (sh.until IS NULL OR c.starts_on < sh.until)
          LEFT JOIN pauses w ON w.subscription_id = c.subscription_id
          LEFT JOIN halts h
            ON h.account_id = c.account_id AND h.subscription_id = c.subscription_id
           AND h.first <= c.starts_on AND (h.until IS NULL OR c.starts_on < h.until)
           AND k.fee_period <> 'once'
         WHERE c.starts_on <= %(business_date)s
           AND (c.ends_before IS NULL OR c.starts_on < c.ends_before)
           AND (k.fee_period <> 'once' OR c.previous_end IS NULL)
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind, what,
        source_id, package_version_id, period_start, period_end, previous_end, amount, fee,
        fee_period, proration, charged_on)
    SELECT account_id, subscription_id, 0, 'p' || assignment_id,
           CASE WHEN is_paused THEN 'rest' ELSE 'package' END, assignment_id,
           package_version_id, starts_on, ends_on, previous_end,
           CASE WHEN is_paused THEN 0 WHEN fee_period = 'once' THEN fee
           ELSE invoicing_part_price(fee, fee_period, proration, starts_on, ends_on, cycle_from,
                                     cycle_to, months)
           END,
           fee, fee_period, proration,
           %(business_date)s
           - CASE WHEN fee_timing = 'arrears' OR starts_on < %(business_date)s THEN 1 ELSE 0 END
      FROM due
     WHERE (fee_timing = 'advance' AND NOT is_paused) OR ends_on <= %(business_date)s
     ORDER BY account_id, subscription_id, assignment_id
    {WITH_RIVALS}
    RETURNING id, period_end
"""

CHARGE_PAUSES: Final = f"""
    WITH rested AS (
        SELECT p.id AS pause_id, p.account_id, p.subscription_id, p.fee, p.fee_period,
               a.cycle_day, d.first + p.free_days AS first_day, d.until
          FROM invoicing_pause p
          JOIN accounts_account a ON a.id = p.account_id
          JOIN accounts_pauseddays d
            ON d.account_id = p.account_id AND d.subscription_id = p.subscription_id
           AND d.first = p.starts_on
         WHERE p.account_id >= %(account_from)s AND p.account_id < %(account_to)s
           AND p.fee > 0 AND p.state IN ('running', 'ended')
    ), chained AS (
        SELECT r.*, b.period_end AS previous_end, coalesce(b.period_end, r.first_day) AS starts_on
          FROM rested r LEFT JOIN LATERAL (
               SELECT x.period_end FROM invoicing_billedperiod x
                WHERE x.account_id = r.account_id AND x.subscription_id = r.subscription_id
                  AND x.kind = 's' || r.pause_id
                ORDER BY x.period_end DESC LIMIT 1) b ON true
    ), due AS MATERIALIZED (
        SELECT c.*, invoicing_cycle_start(c.starts_on, {CYCLE}) AS cycle_from,
               invoicing_cycle_end(c.starts_on, {CYCLE}) AS cycle_to,
               coalesce(cal.months, 1) AS months,
               least(invoicing_cycle_end(c.starts_on, {CYCLE}), cal.until, c.until) AS ends_on,
               (SELECT q.plan_version_id FROM accounts_planassignment q
                 WHERE q.account_id = c.account_id AND q.subscription_id = c.subscription_id
                   AND (q.active_from AT TIME ZONE %(zone)s)::date <= c.starts_on
                 ORDER BY q.active_from DESC LIMIT 1) AS plan_version_id
          FROM chained c {CALENDAR_DUE}
         WHERE c.starts_on < %(business_date)s AND (c.until IS NULL OR c.starts_on < c.until)
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind, what,
        source_id, period_start, period_end, previous_end, amount, fee, fee_period, proration,
        charged_on)
    SELECT account_id, subscription_id, coalesce(plan_version_id, 0), 's' || pause_id, 'pause',
           pause_id, starts_on, ends_on, previous_end,
           invoicing_part_price(fee, fee_period, 'actual', starts_on, ends_on, cycle_from,
                                cycle_to, months),
           fee, fee_period, 'actual', %(business_date)s - 1
      FROM due WHERE ends_on <= %(business_date)s
     ORDER BY account_id, subscription_id
    {WITH_RIVALS}
    RETURNING id, period_end
"""
