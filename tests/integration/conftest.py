"""Alice's account and Bob's: one postpaid with a mobile service, one prepaid."""

import pytest

from accounts.models import Account, Subscription
from tests import people


@pytest.fixture
def alice(db: None) -> Account:
    """A postpaid account with a credit limit of 300."""
    return people.open_account_for("Смирнова", "Алиса", kind="postpaid", credit_limit="300.00")


@pytest.fixture
def bob(db: None) -> Account:
    """A prepaid account without credit."""
    return people.open_account_for("Кузнецов", "Борис")


@pytest.fixture
def mobile(alice: Account) -> Subscription:
    """Alice's mobile service, ordered, with the number 79215550101."""
    return people.order_mobile(alice, number="79215550101")
