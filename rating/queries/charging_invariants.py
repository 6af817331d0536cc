"""
What must always hold of online charging; each is a query that returns no rows.
"""

from django.utils.translation import gettext as _

from accounts import queries as accounts_queries
from billing_project.kernel.invariants import Invariant

MONEY = f"""
    SELECT coalesce(b.account_id, s.account_id) AS account_id, b.held, s.held AS by_sessions
      FROM ({accounts_queries.HELD_SQL}) AS b
      FULL JOIN (SELECT account_id, sum(held) AS held FROM rating_chargingsession
                  WHERE booked_at IS NULL GROUP BY account_id) AS s
        ON s.account_id = b.account_id
     WHERE coalesce(b.held, 0) <> coalesce(s.held, 0)
"""

UNITS = """
    SELECT coalesce(h.subscription_id, s.owner) AS subscription_id,
           coalesce(h.allowance_id, s.allowance_id) AS allowance_id,
           h.reserved, s.units AS by_sessions
      FROM (SELECT * FROM rating_allowancehold WHERE reserved <> 0) AS h
      FULL JOIN (SELECT (u ->> 0)::bigint AS account_id, (u ->> 1)::bigint AS owner,
                        (u ->> 2)::integer AS allowance_id, (u ->> 3)::integer AS period,
                        sum((u ->> 4)::bigint) AS units
                   FROM rating_chargingsession c, jsonb_array_elements(c.units) AS u
                  WHERE c.booked_at IS NULL GROUP BY 1, 2, 3, 4) AS s
        ON s.account_id = h.account_id AND s.owner = h.subscription_id
       AND s.allowance_id = h.allowance_id AND s.period = h.period
     WHERE coalesce(h.reserved, 0) <> coalesce(s.units, 0)
"""

ROWS = """
    SELECT s.id, s.account_id, s.amount, u.amount AS in_row
      FROM rating_chargingsession s
      LEFT JOIN rating_pricedusage u
        ON u.account_id = s.account_id AND u.started_at = s.started_at
       AND u.source_id = s.source_id AND u.record_key = s.record_key AND u.revision = 0
       AND u.batch_id = s.batch_id
     WHERE s.batch_id IS NOT NULL
       AND (u.amount IS DISTINCT FROM s.amount OR u.quantity IS DISTINCT FROM s.used)
"""

HELD_ENOUGH = """
    SELECT id, account_id, held, amount FROM rating_chargingsession
     WHERE ended_at IS NOT NULL AND booked_at IS NULL AND held <> amount
"""


def charging_invariants() -> list[Invariant]:
    """Return what must hold of online charging."""
    return [
        Invariant(
            name="charging: what is held on a balance is what sessions reserved",
            sql=MONEY,
            why=_("Money is set aside for nothing, or a session goes on without."),
        ),
        Invariant(
            name="charging: units reserved are those of sessions",
            sql=UNITS,
            why=_("Included volume is kept from a subscriber, or promised twice."),
        ),
        Invariant(
            name="charging: a booked session has its priced row",
            sql=ROWS,
            why=_("A session was charged another sum than it was told, or not at all."),
        ),
        Invariant(
            name="charging: an ended session holds its price until it is booked",
            sql=HELD_ENOUGH,
            why=_("The money of an ended session could be spent a second time."),
        ),
    ]
