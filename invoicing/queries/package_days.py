"""
The days that a package is charged for, in SQL: shared by charging, giving back and forecasts.
"""

from typing import Final

# From the day it was added (or the service began, or the day after the same package was taken off
# last) to the day it is taken off, which is charged; for its days of validity at most. A package
# that ends at midnight isn't charged for the day that begins. %(account_from)s … %(account_to)s.
HELD: Final = """
    SELECT x.*,
           greatest(x.added_on, x.active_on,
                    lag(x.ends_before) OVER (PARTITION BY x.subscription_id, x.package_id
                                             ORDER BY x.active_from, x.assignment_id)) AS first_day
      FROM (SELECT p.id AS assignment_id, p.account_id, p.subscription_id, p.package_id,
                   p.package_version_id, p.active_from, a.cycle_day, s.service,
                   (p.active_from AT TIME ZONE %(zone)s)::date AS added_on,
                   (s.activated_at AT TIME ZONE %(zone)s)::date AS active_on,
                   least(greatest((p.active_from AT TIME ZONE %(zone)s)::date,
                                  (s.activated_at AT TIME ZONE %(zone)s)::date)
                         + k.validity_days,
                         ((p.active_to - interval '1 microsecond')
                          AT TIME ZONE %(zone)s)::date + 1,
                         (s.terminated_at AT TIME ZONE %(zone)s)::date + 1) AS ends_before
              FROM accounts_packageassignment p
              JOIN accounts_subscription s ON s.id = p.subscription_id
              JOIN accounts_account a ON a.id = p.account_id
              JOIN tariffs_packageversion k ON k.id = p.package_version_id
             WHERE p.account_id >= %(account_from)s AND p.account_id < %(account_to)s
               AND s.activated_at IS NOT NULL) x
"""
