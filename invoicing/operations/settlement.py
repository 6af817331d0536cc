"""
Deposits against the final bill: given back once the bill of a service's last day is issued.
"""

from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts.operations import deposits

# A deposit for the account itself waits for all of its services.
DUE: Final = """
    SELECT d.id FROM accounts_deposit d
      JOIN LATERAL (
           SELECT max((s.terminated_at AT TIME ZONE %(zone)s)::date) AS last_day,
                  bool_and(s.state = 'terminated') AS is_over
             FROM accounts_subscription s
            WHERE s.account_id = d.account_id
              AND (d.subscription_id IS NULL OR s.id = d.subscription_id)) e ON e.is_over
     WHERE d.state = 'held' AND d.account_id >= %(account_from)s AND d.account_id < %(account_to)s
       AND EXISTS (SELECT 1 FROM invoicing_bill b
                    WHERE b.account_id = d.account_id AND b.period_end > e.last_day)
     ORDER BY d.account_id, d.id
"""


def settle_deposits(
    *,
    now: datetime,
    business_date: date,
    actor: str = "system:nightly",
    account_from: int = 0,
    account_to: int = 2**62,
) -> int:
    """
    Return the deposits of services that have ended and whose final bill is issued; return how many.

    To run after bills. Each commits alone; the money pays the final bill, what is left stays on the
    balance until it is refunded.
    """
    values = {"account_from": account_from, "account_to": account_to, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        due = [row[0] for row in cursor.fetchall()]
    returned = 0
    for deposit_id in due:
        try:
            deposits.return_deposit(
                deposit_id=deposit_id,
                reason=_("The service has ended."),
                business_date=business_date,
                now=now,
                actor=actor,
            )
        except deposits.UnableToKeepDeposit:
            # An agent was first.
            continue
        returned += 1
    return returned
