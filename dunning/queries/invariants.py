"""
Promises of dunning: access is what the rules say at the balance; at most one open promise …
"""

from datetime import datetime, timedelta
from typing import Final

from accounts import queries as accounts_queries
from billing_project.kernel.invariants import Invariant
from dunning.queries.limits import WRONG_FLOORS

#: Access ordered and not confirmed for so long is an alarm.
CONFIRMED_WITHIN: Final = timedelta(minutes=15)

# The rules once more, in SQL, apart from domain.access. Accounts that wait to be decided are left
# out: their crossing or event is the promise that they will be.
RECHECK: Final = """
    SELECT s.account_id, s.id AS subscription_id, x.level, expected.level AS should_be,
           m.money, m.floor
      FROM accounts_subscription s
      JOIN accounts_account a ON a.id = s.account_id
      JOIN ({money}) m ON m.account_id = s.account_id
      LEFT JOIN dunning_serviceaccess x ON x.subscription_id = s.id
      LEFT JOIN LATERAL (
          SELECT r.effect FROM dunning_accessrule r
           WHERE r.is_active AND r.service IN ('', s.service)
             AND r.account_kind IN ('', a.kind) AND r.credit_class IN ('', a.credit_class)
             AND (m.money + m.floor < r.below OR (r.or_equal AND m.money + m.floor = r.below))
           ORDER BY r.position LIMIT 1) rule ON true
      CROSS JOIN LATERAL (
          SELECT CASE WHEN s.state = 'terminated' THEN 'ended' WHEN s.state = 'suspended' THEN 'paused'
                      WHEN rule.effect = 'suspend' THEN 'suspended'
                      ELSE coalesce(rule.effect, 'open') END AS level) expected
     WHERE s.state <> 'ordered' AND NOT (s.state = 'terminated' AND x.level IS NULL)
       AND x.level IS DISTINCT FROM expected.level
       AND s.account_id NOT IN ({crossings})
       AND NOT EXISTS (SELECT 1 FROM kernel_eventinbox i
                        WHERE i.consumer = 'access' AND i.account_id = s.account_id)
"""
OUTSIDE: Final = """
    SELECT m.account_id, m.money, m.watch_low, m.watch_high FROM ({money}) m
     WHERE (m.money < m.watch_low OR m.money >= m.watch_high)
       AND m.account_id NOT IN ({crossings})
"""
LAST_CHANGE: Final = """
    SELECT x.account_id, x.subscription_id, x.level, c.new
      FROM dunning_serviceaccess x
      LEFT JOIN (SELECT DISTINCT ON (subscription_id) subscription_id, new
                   FROM dunning_accesschange ORDER BY subscription_id, id DESC) c
        USING (subscription_id)
     WHERE c.new IS DISTINCT FROM x.level
"""
PROMISES: Final = """
    SELECT account_id, count(*) FROM dunning_promisedpayment
     WHERE state = 'open' GROUP BY account_id HAVING count(*) > 1
"""
KEPT: Final = """
    SELECT id, account_id, amount, paid, state FROM dunning_promisedpayment
     WHERE (state = 'kept' AND paid < amount) OR (state = 'broken' AND paid >= amount)
        OR (state = 'open') <> (closed_at IS NULL)
"""

# What is wished against what the network confirmed; an order under way explains the difference.
UNCONFIRMED: Final = """
    SELECT x.account_id, x.subscription_id, x.desired, n.confirmed
      FROM dunning_serviceaccess x
      LEFT JOIN provisioning_networkstate n ON n.subscription_id = x.subscription_id
     WHERE n.confirmed IS DISTINCT FROM x.desired
       AND NOT EXISTS (SELECT 1 FROM provisioning_networkorder o
                        WHERE o.subscription_id = x.subscription_id
                          AND o.state IN ('queued', 'sending') AND o.ordered_at > '{since}')
"""


def invariants() -> list[Invariant]:
    """Return the promises of dunning."""
    parts = {
        "money": accounts_queries.MONEY_SQL,
        "crossings": accounts_queries.CROSSINGS_SQL,
    }
    return [
        Invariant(
            name="a service is restricted exactly when its rules say so",
            sql=RECHECK.format(**parts),
            why="The service may do more, or less, than the account's money allows.",
        ),
        Invariant(
            name="a balance outside its interval waits to be decided",
            sql=OUTSIDE.format(**parts),
            why="A posting left the interval without a crossing: nobody would ever look.",
        ),
        Invariant(
            name="the floor is the credit limit, the open promise and what is disputed",
            sql=WRONG_FLOORS.format(join="LEFT"),
            why="The account may go deeper below zero, or less deep, than was agreed.",
        ),
        Invariant(
            name="the access of a service is its last change",
            sql=LAST_CHANGE,
            why="Access was changed without a fact that says why.",
        ),
        Invariant(
            name="an account has one open promise at most",
            sql=PROMISES,
            why="Two promised payments are open at once.",
        ),
        Invariant(
            name="a promise is kept exactly when it was paid",
            sql=KEPT,
            why="The state of the promise does not fit what was paid, or it has no end.",
        ),
    ]


def alarms(*, now: datetime) -> list[Invariant]:
    """Return what needs a person: the network does not do what it should."""
    since = (now - CONFIRMED_WITHIN).isoformat()
    return [
        Invariant(
            name="the network confirmed what access it should give",
            sql=UNCONFIRMED.format(since=since),
            why="The service works otherwise than decided; see the network orders.",
        )
    ]
