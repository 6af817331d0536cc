"""A credit limit changes: the floor and the access follow at once."""

from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent
from dunning import operations, queries
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain, level_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return people.open_account_for("Иванова", "Мария", kind="postpaid", credit_limit="100.00")


@pytest.fixture
def internet(account: Account) -> Subscription:
    subscription = connect(account)
    charge(account, "100.00")
    drain()
    return subscription


def _set(account: Account, limit: str, reason: str = "платит вовремя") -> None:
    operations.set_credit_limit(
        account_id=account.pk, limit=Decimal(limit), reason=reason, now=NOON, actor=CLERK
    )


def test_access_follows_the_limit_both_ways(account: Account, internet: Subscription) -> None:
    _set(account, "50")
    assert level_of(internet) == "slow"
    _set(account, "200")
    assert level_of(internet) == "open"
    assert accounts_queries.get_balance(account.pk).floor == Decimal(200)
    assert broken_promises(queries.invariants()) == []


def test_who_changed_it_and_why_is_an_event(account: Account, internet: Subscription) -> None:
    _set(account, "200")
    _set(account, "200")
    event = BusinessEvent.objects.get(kind="limit.changed")
    assert (event.actor, event.data) == (
        CLERK,
        {"before": "100.00", "limit": "200.00", "reason": "платит вовремя"},
    )


@pytest.mark.parametrize(("limit", "reason"), [("-1", "так"), ("50", " ")])
def test_a_wrong_change_is_refused(
    account: Account, internet: Subscription, limit: str, reason: str
) -> None:
    with pytest.raises(operations.UnableToSetLimit):
        _set(account, limit, reason)
    account.refresh_from_db()
    assert account.credit_limit == Decimal(100)
    assert level_of(internet) == "open"
