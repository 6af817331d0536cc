"""
Bills as people read them.
"""

from collections.abc import Iterable

from invoicing.models import Bill, BillLine


def list_bills(*, account_id: int, limit: int = 60) -> list[Bill]:
    """Return the bills of an account, newest first."""
    return list(Bill.objects.filter(account_id=account_id).order_by("-period_start")[:limit])


def get_bill(bill_id: int, *, account_ids: Iterable[int] | None = None) -> Bill:
    """
    Return a bill with account, customer, contract and legal entity.

    With `account_ids` only a bill of those accounts is found; else Bill.DoesNotExist.
    """
    bills = Bill.objects.select_related("account__customer", "account__contract", "legal_entity")
    if account_ids is not None:
        bills = bills.filter(account_id__in=list(account_ids))
    return bills.get(pk=bill_id)


def list_lines(bill: Bill) -> list[BillLine]:
    """Return the lines of a bill in their order."""
    return list(bill.lines.order_by("position"))
