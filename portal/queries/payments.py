"""
The payments page in one value.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.domain.households import Right
from dunning.queries.limits import Credit, get_credit
from invoicing.queries.open_debt import get_open
from invoicing.queries.slips import account_has_slips
from portal.queries import bills
from portal.queries.bills import BillRow, PaymentRow
from portal.queries.instalments import DebtView, view_debt
from portal.queries.people import AccountChoice
from portal.queries.promises import PromiseView, find_promise
from portal.queries.top_up import takes_cards


@dataclass(frozen=True, slots=True)
class PaymentsPage:
    """`to_pay` is what is missing to zero; `credit` None where there is no limit, nor one to choose."""

    to_pay: Decimal
    promise: PromiseView
    payments: tuple[PaymentRow, ...]
    bills: tuple[BillRow, ...]
    next_key: int | None
    takes_cards: bool
    has_slip: bool
    credit: Credit | None
    debt: DebtView


def get_payments_page(account: AccountChoice, *, now: datetime) -> PaymentsPage:
    """Return what the payments page of one account shows."""
    payments = bills.list_payments(account.id)
    debt = get_open(account.id)
    return PaymentsPage(
        to_pay=max(-accounts_queries.get_balance(account.id).money, Decimal(0)),
        promise=find_promise(account.id, now=now),
        payments=tuple(payments),
        bills=tuple(bills.list_bills(account.id, debt=debt)),
        next_key=payments[-1].id if len(payments) == bills.PAGE else None,
        takes_cards=takes_cards(account.id),
        has_slip=account_has_slips(account.id),
        credit=_credit_of(account),
        debt=view_debt(account.id, debt, on=timezone.localdate(now)),
    )


def _credit_of(account: AccountChoice) -> Credit | None:
    """Return the credit for whoever manages the account; who only pays chooses nothing."""
    credit = get_credit(account.id) if account.right == Right.MANAGE else None
    return credit if credit and (credit.limit or credit.may_choose) else None
