"""
What must always hold of counters; each is a query that returns no rows.
"""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from billing_project.kernel.invariants import Invariant
from rating.domain.counters import Meter
from rating.queries.metered import METERED

USED: Final = """
    SELECT subscription_id, allowance_id, period, u.used AS in_rows, c.used AS counted
      FROM (SELECT subscription_id, allowance_id, period, sum(used) AS used
              FROM (SELECT p.subscription_id, p.allowance_id, p.allowance_used AS used,
                           CASE WHEN a.recurrence = 'once' THEN 0
                                ELSE to_char(date_trunc(coalesce(a.recurrence, 'month'),
                                                        p.started_at AT TIME ZONE '{zone}'),
                                             'YYYYMMDD')::integer END AS period
                      FROM rating_pricedusage p LEFT JOIN tariffs_allowance a ON a.id = p.allowance_id
                     WHERE p.allowance_id <> 0
                       AND NOT EXISTS (SELECT FROM rating_usagecover c
                                        WHERE c.account_id = p.account_id
                                          AND c.started_at = p.started_at
                                          AND c.source_id = p.source_id
                                          AND c.record_key = p.record_key
                                          AND c.revision = p.revision)
                    UNION ALL
                    SELECT owner_id, allowance_id, used, period FROM rating_usagecover) AS r
             GROUP BY 1, 2, 3 HAVING sum(used) <> 0) AS u
      FULL JOIN (SELECT subscription_id, allowance_id, period, sum(used) AS used
                   FROM rating_allowanceuse WHERE used <> 0 GROUP BY 1, 2, 3) AS c
     USING (subscription_id, allowance_id, period)
     WHERE u.used IS DISTINCT FROM c.used
"""

#: Monthly models count the length of what they price, members what they took of others' counters.
#: Without a monthly model nothing is read of the usage, else only rows of such decks are sorted.
COUNTED: Final = f"""
    SELECT account_id, subscription_id, meter, number, period,
           sum(in_rows) AS in_rows, sum(quantity) AS counted
      FROM (SELECT p.account_id, p.subscription_id, {Meter.MODEL:d} AS meter,
                   m.model_id AS number,
                   to_char(date_trunc('month', p.started_at AT TIME ZONE '{{zone}}'),
                           'YYYYMMDD')::integer AS period,
                   p.quantity AS in_rows, 0 AS quantity
              FROM rating_pricedusage p
              JOIN ({METERED}) AS m
                ON m.deck_version_id = p.deck_version_id AND m.zone_id = p.zone_id
               AND m.band_id = p.band_id
             WHERE (SELECT bool_or(is_monthly) FROM tariffs_pricemodel)
               AND p.deck_version_id = ANY(ARRAY(SELECT deck_version_id FROM tariffs_pricemodel
                                                  WHERE is_monthly))
            UNION ALL
            SELECT account_id, subscription_id, {Meter.MEMBER:d}, allowance_id, period, used, 0
              FROM rating_usagecover WHERE owner_id <> subscription_id
            UNION ALL
            SELECT account_id, subscription_id, meter, number, period, 0, quantity
              FROM rating_runningtotal) AS r
     GROUP BY 1, 2, 3, 4, 5 HAVING sum(in_rows) <> sum(quantity)
"""

CARRIED: Final = """
    SELECT account_id, subscription_id, allowance_id, period,
           sum(units) AS by_facts, sum(carried) AS carried
      FROM (SELECT account_id, subscription_id, allowance_id, from_period AS period,
                   -units AS units, 0 AS carried FROM rating_allowancecarry
            UNION ALL
            SELECT account_id, subscription_id, allowance_id, to_period, units, 0
              FROM rating_allowancecarry
            UNION ALL
            SELECT account_id, subscription_id, allowance_id, period, 0, carried
              FROM rating_allowanceuse WHERE carried <> 0) AS r
     GROUP BY 1, 2, 3, 4 HAVING sum(units) <> sum(carried)
"""


def counter_invariants() -> list[Invariant]:
    """Return what must hold of counters."""
    zone = settings.TIME_ZONE.replace("'", "")
    return [
        Invariant(
            name="rating: allowances used are those of the records",
            sql=USED.format(zone=zone),
            why=_("The counters of included volume don't match the usage."),
        ),
        Invariant(
            name="rating: allowances are not overdrawn",
            sql="SELECT * FROM rating_allowanceuse WHERE used > granted + carried",
            why=_("More included volume was used than was granted."),
        ),
        Invariant(
            name="rating: running totals are those of the records",
            sql=COUNTED.format(zone=zone),
            why=_("Prices of the month, or a member's part, go on from a wrong total."),
        ),
        Invariant(
            name="rating: what is carried over was left of the period before",
            sql=CARRIED,
            why=_("Included volume was carried twice, or was lost on the way."),
        ),
    ]
