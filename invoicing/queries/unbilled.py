"""
Whether the last bill of an account is there: charges that stand on none yet.
"""

from datetime import date
from typing import Final

from accounts import queries as accounts_queries
from accounts.domain.kinds import USAGE_KINDS, Kind
from invoicing.models import Bill

CHARGES: Final = USAGE_KINDS | {
    Kind.USAGE_CORRECTION,
    Kind.FEE,
    Kind.FEE_CREDIT,
    Kind.ONE_OFF,
    Kind.COMPENSATION,
    Kind.PROMISE_PRICE,
    Kind.LATE_FEE,
}
#: The newest days with entries that are looked at: more than a cycle has.
DAYS: Final = 100


def find_unbilled_since(account_id: int) -> date | None:
    """Return the first day after the last bill with a charge, or None: all is billed."""
    ends = Bill.objects.filter(account_id=account_id).order_by("-period_end")
    billed_to = ends.values_list("period_end", flat=True).first()
    days = accounts_queries.list_days(account_ids=[account_id], limit=DAYS)
    charged = [
        row.business_date
        for row in days
        if row.kind in CHARGES and (billed_to is None or row.business_date >= billed_to)
    ]
    return min(charged, default=None)
