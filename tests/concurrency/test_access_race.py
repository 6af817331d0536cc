"""Money moves while access is decided: the level always ends where the money is."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts import operations as accounts_operations
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent
from dunning import operations, queries
from dunning.models import AccessChange, PromisedPayment
from dunning.operations import UnableToPromise, deciding, promises
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain, level_of, pay

pytestmark = pytest.mark.django_db(transaction=True)


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


def _at_once(*works: Callable[[], object]) -> list[BaseException]:
    barrier = threading.Barrier(len(works))
    faults: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            work()
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return faults


def _pay_between_look_and_write(
    account: Account, monkeypatch: pytest.MonkeyPatch, amount: str
) -> list[int]:
    """Make a payment commit after the first look at the money, before anything is written."""
    looks: list[int] = []
    plan = deciding._plan

    def look(*args: Any, **kwargs: Any) -> Any:
        answer = plan(*args, **kwargs)
        looks.append(1)
        if len(looks) == 1:
            assert _at_once(lambda: pay(account, amount)) == []
        return answer

    monkeypatch.setattr(deciding, "_plan", look)
    return looks


def test_a_payment_between_look_and_write_is_seen(
    account: Account, internet: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge(account, "200.00")
    looks = _pay_between_look_and_write(account, monkeypatch, "320.00")
    assert drain().restored == 1
    assert (level_of(internet), len(looks)) == ("open", 2 + 1)
    assert broken_promises(queries.invariants()) == []


def test_without_the_guard_the_payment_is_lost_on_the_decision(
    account: Account, internet: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge(account, "200.00")
    _pay_between_look_and_write(account, monkeypatch, "320.00")
    from accounts.models.ledger import BalanceCrossing

    def unguarded(*, rows: list[tuple[int, Decimal, Decimal, Decimal]]) -> set[int]:
        # What was noted by the payment is swallowed with the rest of a portion taken late.
        BalanceCrossing.objects.all().delete()
        return {row[0] for row in rows}

    monkeypatch.setattr(accounts_operations, "set_watch", unguarded)
    drain()
    assert level_of(internet) == "suspended"
    assert "a service is restricted exactly when its rules say so" in broken_promises(
        queries.invariants()
    )


def test_many_drains_and_payments_at_once_end_right(account: Account) -> None:
    accounts = [account, *(people.open_account_for("Котова", "Анна") for _ in range(5))]
    services = [connect(row, identifier=f"login{number}") for number, row in enumerate(accounts)]
    drain()

    def trade(amount: str, move: Callable[..., None]) -> Callable[[], None]:
        def work() -> None:
            for row in accounts * 4:
                move(row, amount)

        return work

    def drain_often() -> None:
        for _ in range(15):
            drain()

    faults = _at_once(
        trade("90.00", charge), trade("70.00", pay), drain_often, drain_often, drain_often
    )
    assert faults == []
    drain()
    # Each had 4 × (70 − 90) = −80.
    assert {level_of(service) for service in services} == {"slow"}
    assert broken_promises(queries.invariants()) == []
    _assert_changes_and_events_alternate(services)


def _assert_changes_and_events_alternate(services: list[Subscription]) -> None:
    for service in services:
        changes = AccessChange.objects.filter(subscription_id=service.pk).order_by("pk")
        levels = ["", *changes.values_list("new", flat=True)]
        assert list(changes.values_list("old", flat=True)) == levels[:-1]
        told = BusinessEvent.objects.filter(
            subscription_id=service.pk, kind__startswith="access."
        ).count()
        assert told == len(levels) - 2


def test_one_crossing_is_decided_by_one_drain(account: Account, internet: Subscription) -> None:
    pay(account, "120.00")
    assert _at_once(drain, drain, drain, drain) == []
    assert level_of(internet) == "open"
    assert BusinessEvent.objects.filter(kind="access.restored").count() == 1


def test_two_promises_at_once_are_one(account: Account, internet: Subscription) -> None:
    def give() -> None:
        promises.give(account_id=account.pk, amount=Decimal(300), now=NOON, actor=CLERK)

    faults = _at_once(give, give, give)
    assert [type(fault) for fault in faults] == [UnableToPromise, UnableToPromise]
    assert PromisedPayment.objects.count() == 1
    assert broken_promises(queries.invariants()) == []


def test_a_promise_closed_twice_at_once_is_broken_once(
    account: Account, internet: Subscription
) -> None:
    promise = promises.give(account_id=account.pk, amount=Decimal(300), now=NOON, actor=CLERK)
    closed: list[promises.ClosedPromises] = []

    def close() -> None:
        closed.append(promises.close_due(now=promise.due_at))

    assert _at_once(close, close) == []
    assert sum(answer.broken for answer in closed) == 1
    assert BusinessEvent.objects.filter(kind="promise.broken").count() == 1
    assert level_of(internet) == "slow"


def test_a_drain_that_fails_leaves_the_crossing(
    account: Account, internet: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(account, "120.00")

    def fail(**_kwargs: object) -> None:
        message = "the network orders can't be written"
        raise RuntimeError(message)

    with monkeypatch.context() as broken:
        broken.setattr(deciding.provisioning_operations, "order_many", fail)
        with pytest.raises(RuntimeError):
            drain()
    assert level_of(internet) == "slow"
    assert operations.drain_crossings(now=NOON).restored == 1
    assert level_of(internet) == "open"
