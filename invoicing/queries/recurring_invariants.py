"""
What must hold of fees that recur: no day is charged twice, no day of a pause is charged.
"""

from typing import Final

from django.utils.translation import gettext as _

from accounts.queries.calendars import calendar_join, cycle_ends, cycle_starts
from billing_project.kernel.invariants import Invariant

# The days that a charge still stands for: up to its first credit.
STANDING: Final = """
    WITH given AS (
        SELECT account_id, billed_period_id, min(period_start) AS given_from
          FROM invoicing_billedperiodcredit GROUP BY account_id, billed_period_id
    ), standing AS (
        SELECT b.id, b.account_id, b.subscription_id, b.what, b.source_id, b.package_version_id,
               b.amount, b.fee_period, b.period_start,
               coalesce(g.given_from, b.period_end) AS ends_on
          FROM invoicing_billedperiod b
          LEFT JOIN given g ON g.account_id = b.account_id AND g.billed_period_id = b.id
         WHERE b.what <> 'rest' AND coalesce(g.given_from, b.period_end) > b.period_start
    )
"""
CHARGED_TWICE: Final = f"""
    {STANDING}
    SELECT account_id, subscription_id, what, source_id, period_start, former_end FROM (
        SELECT *, max(ends_on) OVER (PARTITION BY account_id, subscription_id, what, source_id
                                     ORDER BY period_start, ends_on
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
               AS former_end
          FROM standing) s
     WHERE period_start < former_end
"""
PAUSED_CHARGED: Final = f"""
    {STANDING}
    SELECT s.account_id, s.subscription_id, s.id, s.what, s.period_start, s.ends_on
      FROM standing s
      JOIN accounts_pauseddays d
        ON d.account_id = s.account_id AND d.subscription_id = s.subscription_id
       AND d.first < s.ends_on AND (d.until IS NULL OR s.period_start < d.until)
       AND (d.until IS NULL OR d.until > d.first)
      LEFT JOIN tariffs_packageversion k ON k.id = s.package_version_id
     WHERE s.amount > 0
       AND (s.what = 'plan'
            OR (s.what = 'package' AND NOT d.keeps_packages AND k.gives_back
                AND k.fee_period <> 'once'))
"""
AFTER_THE_END: Final = f"""
    {STANDING}
    SELECT s.account_id, s.subscription_id, s.id, s.period_start, s.ends_on
      FROM standing s
      JOIN accounts_packageassignment p ON p.id = s.source_id
      JOIN tariffs_packageversion k ON k.id = s.package_version_id
     WHERE s.what = 'package' AND k.gives_back AND k.fee_period <> 'once' AND s.amount > 0
       AND s.ends_on > (p.active_to AT TIME ZONE 'UTC')::date + 2
"""

# A top-up is a part of the minimum, for one cycle of the account.
TOPPED_UP: Final = f"""
    SELECT b.account_id, b.subscription_id, b.id, b.amount, b.fee
      FROM invoicing_billedperiod b
      JOIN accounts_account a ON a.id = b.account_id
      {calendar_join(account="b.account_id", day="b.period_start")}
     WHERE b.what = 'minimum'
       AND (b.amount < 0 OR b.amount > b.fee
            OR b.period_start <> {cycle_starts("b.period_start")}
            OR b.period_end <> {cycle_ends("b.period_start")})
"""


def recurring_invariants() -> list[Invariant]:
    """Return what must hold of recurring fees."""
    told = [
        ("no day is charged twice", CHARGED_TWICE, _("Days of a service were charged twice.")),
        ("days of a pause are not charged", PAUSED_CHARGED, _("Days of a pause were charged.")),
        (
            "a top-up is within its minimum",
            TOPPED_UP,
            _("A top-up is more than the minimum, or of other days than a cycle's."),
        ),
        (
            "packages are charged while they are held",
            AFTER_THE_END,
            _("A package was charged for days after its end."),
        ),
    ]
    return [Invariant(name=f"invoicing: {name}", sql=sql, why=why) for name, sql, why in told]
