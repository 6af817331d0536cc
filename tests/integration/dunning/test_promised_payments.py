"""Promised payments: given by the one rule, lifting access at once, kept or broken at their end."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from accounts import queries as accounts_queries
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent, StateChange
from dunning import queries
from dunning.models import PromisedPayment, PromiseRule
from dunning.operations import UnableToPromise, promises
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain, level_of, pay

pytestmark = pytest.mark.django_db
DUE = NOON + timedelta(days=5)


@pytest.fixture
def account() -> Account:
    return people.open_account_for("Иванова", "Мария")


@pytest.fixture
def internet(account: Account) -> Subscription:
    """Slowed for a debt of 120."""
    subscription = connect(account)
    charge(account, "120.00")
    drain()
    assert level_of(subscription) == "slow"
    return subscription


def _give(account: Account, amount: str = "300", **changes: object) -> PromisedPayment:
    values: dict = {"now": NOON, "actor": CLERK, "on_behalf_of": "customer:1"} | changes
    return promises.give(account_id=account.pk, amount=Decimal(amount), **values)


def _floor(account: Account) -> Decimal:
    return accounts_queries.get_balance(account.pk).floor


class TestGive:
    def test_it_lifts_the_restriction_in_the_same_transaction(
        self, account: Account, internet: Subscription
    ) -> None:
        promise = _give(account)
        assert (promise.state, promise.due_at, promise.on_behalf_of) == ("open", DUE, "customer:1")
        assert _floor(account) == Decimal(300)
        assert level_of(internet) == "open"
        assert accounts_queries.get_balance(account.pk).money == Decimal(-120)
        event = BusinessEvent.objects.get(kind="promise.given")
        assert (event.account_id, event.data["amount"]) == (account.pk, "300.00")
        assert broken_promises(queries.invariants()) == []

    def test_its_price_is_charged_once(self, account: Account, internet: Subscription) -> None:
        PromiseRule.objects.update(price=Decimal(15))
        promise = _give(account)
        assert promise.price == Decimal(15)
        assert accounts_queries.get_balance(account.pk).money == Decimal(-135)
        entry = accounts_queries.list_entries(account_id=account.pk, limit=1)[0]
        assert entry.amount == Decimal(-15)
        assert entry.explanation["text_ru"] == "За обещанный платёж"
        assert entry.explanation["text_en"] == "For a promised payment"

    @pytest.mark.parametrize("amount", ["0", "-5", "500.01"])
    def test_a_wrong_amount_is_refused_and_nothing_happens(
        self, account: Account, internet: Subscription, amount: str
    ) -> None:
        with pytest.raises(UnableToPromise):
            _give(account, amount)
        assert not PromisedPayment.objects.exists()
        assert (_floor(account), level_of(internet)) == (Decimal(0), "slow")

    def test_a_second_one_is_refused_with_the_reason(
        self, account: Account, internet: Subscription
    ) -> None:
        _give(account)
        with override("en"), pytest.raises(UnableToPromise, match="open already"):
            _give(account)
        assert PromisedPayment.objects.count() == 1


class TestCanPromise:
    def test_it_answers_with_its_terms(self, account: Account, internet: Subscription) -> None:
        answer = queries.can_promise(account.pk, NOON)
        assert answer.is_allowed
        assert (answer.max_amount, answer.price, answer.due_at) == (Decimal(500), Decimal(0), DUE)

    def test_too_soon_says_when(self, account: Account, internet: Subscription) -> None:
        _give(account)
        pay(account, "300.00")
        promises.close_due(now=NOON)
        answer = queries.can_promise(account.pk, NOON)
        assert (answer.is_allowed, answer.possible_at) == (False, NOON + timedelta(days=30))
        assert "2 декабря 2026" in answer.reasons[0]

    def test_an_account_without_services_is_told_so(self, account: Account) -> None:
        answer = queries.can_promise(account.pk, NOON)
        assert (answer.is_allowed, answer.possible_at, len(answer.reasons)) == (False, None, 1)

    def test_a_rule_out_of_use_offers_nothing(
        self, account: Account, internet: Subscription
    ) -> None:
        PromiseRule.objects.update(is_active=False)
        assert not queries.can_promise(account.pk, NOON).is_allowed


class TestCloseDue:
    def test_an_unpaid_one_breaks_and_restricts_again(
        self, account: Account, internet: Subscription
    ) -> None:
        promise = _give(account)
        early = promises.close_due(now=DUE - timedelta(seconds=1))
        assert (early.kept, early.broken, level_of(internet)) == (0, 0, "open")
        closed = promises.close_due(now=DUE)
        promise.refresh_from_db()
        assert (closed.kept, closed.broken) == (0, 1)
        assert (promise.state, promise.closed_at, promise.paid) == ("broken", DUE, Decimal(0))
        assert (_floor(account), level_of(internet)) == (Decimal(0), "slow")
        assert BusinessEvent.objects.filter(kind="promise.broken").count() == 1
        assert broken_promises(queries.invariants()) == []

    def test_a_paid_one_is_kept_before_its_time(
        self, account: Account, internet: Subscription
    ) -> None:
        promise = _give(account)
        pay(account, "299.99", now=NOON + timedelta(days=1))
        assert promises.close_due(now=NOON + timedelta(days=1)).kept == 0
        pay(account, "0.01", now=NOON + timedelta(days=1))
        assert promises.close_due(now=NOON + timedelta(days=1)).kept == 1
        promise.refresh_from_db()
        assert (promise.state, promise.paid) == ("kept", Decimal(300))
        assert (_floor(account), level_of(internet)) == (Decimal(0), "open")
        assert broken_promises(queries.invariants()) == []

    def test_payments_before_it_do_not_count(
        self, account: Account, internet: Subscription
    ) -> None:
        pay(account, "100.00", now=NOON - timedelta(minutes=1))
        _give(account, "100")
        assert promises.close_due(now=DUE).broken == 1

    def test_run_again_it_does_nothing(self, account: Account, internet: Subscription) -> None:
        _give(account)
        promises.close_due(now=DUE)
        again = promises.close_due(now=DUE + timedelta(hours=1))
        assert (again.kept, again.broken) == (0, 0)
        assert StateChange.objects.filter(model="dunning.promisedpayment").count() == 1


class TestInvariants:
    def test_a_promise_kept_without_money_is_found(
        self, account: Account, internet: Subscription
    ) -> None:
        _give(account)
        promises.close_due(now=DUE)
        PromisedPayment.objects.update(state="kept")
        assert broken_promises(queries.invariants()) == [
            "a promise is kept exactly when it was paid"
        ]

    def test_two_open_promises_are_refused_by_the_database_and_would_be_found(
        self, account: Account, internet: Subscription
    ) -> None:
        from django.db import connection

        promise = _give(account)
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX promise_one_open")
        promise.pk = None
        promise._state.adding = True
        promise.save()
        assert "an account has one open promise at most" in broken_promises(queries.invariants())
