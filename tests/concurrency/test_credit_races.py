"""Credit asked for at the same moment: given once, and never against money that is just moving."""

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import Account, CreditClass
from accounts.queries.credit import credit_invariants
from dunning import operations, queries
from dunning.models import PromisedPayment, PromiseRule
from dunning.operations import UnableToPromise, UnableToSetLimit, limits, promises
from tests import people
from tests.checks import broken_promises
from tests.concurrency.together import failures, together
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    """Owes 120; the class allows a limit of 400, a promise costs 15."""
    CreditClass.objects.update(largest_own_limit=Decimal(400))
    PromiseRule.objects.update(price=Decimal(15))
    account = people.open_account_for("Иванова", "Мария")
    connect(account)
    charge(account, "120.00")
    drain()
    return account


def broken() -> list[str]:
    return broken_promises([*queries.invariants(), *credit_invariants()])


def test_of_twenty_who_ask_for_a_promise_at_once_one_gets_it(account: Account) -> None:
    ask = partial(promises.give, account_id=account.pk, amount=Decimal(300), now=NOON, actor=CLERK)
    answers = together([ask] * 20)
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {PromisedPayment: 1, UnableToPromise: 19}
    balance = accounts_queries.get_balance(account.pk)
    assert (balance.floor, balance.money) == (Decimal(300), Decimal(-135))
    assert broken() == []


def test_a_promise_a_limit_and_a_class_at_once_leave_the_floor_that_all_of_them_make(
    account: Account,
) -> None:
    give = partial(promises.give, account_id=account.pk, amount=Decimal(300), now=NOON, actor=CLERK)
    grant = partial(
        operations.set_credit_limit,
        account_id=account.pk, limit=Decimal(200), reason="VIP", now=NOON, actor=CLERK,
    )  # fmt: skip
    move = partial(
        operations.change_credit_class,
        account_id=account.pk, credit_class="trusted", reason="x", now=NOON, actor=CLERK,
    )  # fmt: skip
    assert failures(together([give, grant, move])) == []
    assert accounts_queries.get_balance(account.pk).floor == Decimal(500)
    assert broken() == []


def _hold_now(account_id: int, amount: Decimal) -> Decimal | None:
    """Hold money, unless somebody keeps the balance to himself."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        return accounts_operations.hold(account_id=account_id, amount=amount)


def test_nothing_is_spent_between_the_look_at_what_is_used_and_the_lower_limit(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = partial(
        operations.choose_credit_limit, account_id=account.pk, now=NOON, actor="subscriber:1"
    )
    with pytest.raises(UnableToSetLimit):
        choose(limit=Decimal(400))
    operations.set_credit_limit(
        account_id=account.pk, limit=Decimal(400), reason="VIP", now=NOON, actor=CLERK
    )
    tried: list[object] = []
    judge = limits.judge_choice

    def spend_meanwhile(wanted: Decimal, **values: object) -> object:
        tried.extend(together([partial(_hold_now, account.pk, Decimal(250))]))
        return judge(wanted, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(limits, "judge_choice", spend_meanwhile)
    choose(limit=Decimal(150))
    assert [type(answer) for answer in tried] == [OperationalError]
    assert _hold_now(account.pk, Decimal(250)) is None
    balance = accounts_queries.get_balance(account.pk)
    assert (balance.floor, balance.held) == (Decimal(150), Decimal(0))
    assert broken() == []
