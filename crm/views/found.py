"""
What the address of a page names, or 404.
"""

from typing import TypeVar

from django.http import Http404

from accounts.models import Account, Customer, Subscription
from crm.queries import card

Row = TypeVar("Row")


def customer_or_404(customer_id: int) -> Customer:
    """Return the customer."""
    return _found(card.find_customer(customer_id))


def account_or_404(account_id: int) -> Account:
    """Return the account with its customer."""
    return _found(card.find_account(account_id))


def service_or_404(subscription_id: int) -> Subscription:
    """Return the service with its account and customer."""
    return _found(card.find_service(subscription_id))


def _found(row: Row | None) -> Row:
    if row is None:
        raise Http404
    return row
