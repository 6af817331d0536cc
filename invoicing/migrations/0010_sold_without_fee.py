"""
Packages sold while packages had no fee: the days before this release cost nothing.

Each such package gets the period of its past days, at zero: the fee goes on from the end of what its
plan is charged for already, or from today. One that is due once, or has ended, costs nothing at all.
A package sold with its fee has a consent, a share of a bundle, or a period.
"""

from django.conf import settings
from django.db import migrations

FREE_SO_FAR = f"""
    WITH held AS (
        SELECT p.id, p.account_id, p.subscription_id, p.package_version_id, k.fee_period, k.proration,
               greatest((p.active_from AT TIME ZONE '{settings.TIME_ZONE}')::date,
                        (s.activated_at AT TIME ZONE '{settings.TIME_ZONE}')::date) AS first_day,
               least(((p.active_to - interval '1 microsecond')
                      AT TIME ZONE '{settings.TIME_ZONE}')::date,
                     (s.terminated_at AT TIME ZONE '{settings.TIME_ZONE}')::date) + 1 AS ends_before,
               (now() AT TIME ZONE '{settings.TIME_ZONE}')::date AS today
          FROM accounts_packageassignment p
          JOIN accounts_subscription s ON s.id = p.subscription_id
          JOIN tariffs_packageversion k ON k.id = p.package_version_id
         WHERE s.activated_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM accounts_consent c
                            WHERE c.account_id = p.account_id AND c.what = 'package'
                              AND c.subscription_id = p.subscription_id
                              AND c.object_id = p.package_version_id)
           AND NOT EXISTS (SELECT 1 FROM accounts_bundleshare x
                            WHERE x.account_id = p.account_id AND x.package_assignment_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM invoicing_billedperiod b
                            WHERE b.account_id = p.account_id AND b.kind = 'p' || p.id)
    ), free AS (
        SELECT h.*, CASE WHEN h.fee_period = 'once' THEN h.first_day + 1
               ELSE least(h.ends_before, greatest(h.today, (
                   SELECT max(b.period_end) FROM invoicing_billedperiod b
                    WHERE b.account_id = h.account_id AND b.subscription_id = h.subscription_id
                      AND b.kind = 'fee')))
               END AS until
          FROM held h
    )
    INSERT INTO invoicing_billedperiod (account_id, subscription_id, plan_version_id, kind, what,
        source_id, package_version_id, period_start, period_end, amount, fee, fee_period, proration,
        charged_on)
    SELECT account_id, subscription_id, 0, 'p' || id, 'package', id, package_version_id, first_day,
           until, 0, 0, fee_period, proration, first_day
      FROM free WHERE until > first_day
"""


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0009_cycles"), ("accounts", "0010_consents")]

    operations = [migrations.RunSQL(FREE_SO_FAR, migrations.RunSQL.noop)]
