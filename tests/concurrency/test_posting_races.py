"""Postings at the same moment: nothing twice, nothing lost, no deadlock, books equal."""

import random
from datetime import date
from decimal import Decimal
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction

from accounts import operations, queries
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, Adjustment, Contract, Payment, Subscription
from accounts.models.ledger import BalanceCrossing, LedgerEntry, PostingKey
from billing_project.kernel.invariants import find_violations
from tests import people
from tests.concurrency.together import failures, together
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db(transaction=True)

TWO_DAYS = (date(2026, 11, 30), date(2026, 12, 1))
SOURCE = """
    SELECT account_id, %s::bigint, -1.00, %s::date, NULL::bigint, NULL::jsonb
      FROM unnest(%s::bigint[]) AS account_id
"""


@pytest.fixture
def accounts() -> list[Account]:
    customer = people.person("Толпина", "Тамара")
    return [people.open_account(customer) for _ in range(30)]


def broken() -> list[str]:
    return [promise.name for promise in queries.invariants() if find_violations(promise)]


def post_one(account_id: int, *, ref: int, day: date, amount: str = "-1.00") -> bool:
    posting = Posting(
        account_id=account_id, kind=Kind.FEE, ref=ref, amount=Decimal(amount), business_date=day
    )
    [posted] = operations.post(postings=[posting], now=NOON, actor=CLERK)
    return posted.is_new


def post_all(account_ids: list[int], *, ref: int, day: date = TODAY) -> int:
    return operations.post_many(
        source_sql=SOURCE, params=[ref, day, account_ids], kind=Kind.FEE, now=NOON, actor=CLERK
    )


def test_the_same_keys_on_two_days_from_six_connections(accounts: list[Account]) -> None:
    """A retry over midnight on the last of the month (decision A1)."""
    account_id = accounts[0].pk

    def retry(day: date) -> int:
        return sum(post_one(account_id, ref=ref, day=day) for ref in range(1, 26))

    answers = together([partial(retry, day) for day in TWO_DAYS * 3])
    assert failures(answers) == []
    assert sum(answers) == 25
    assert queries.get_balance(account_id).money == Decimal("-25.00")
    assert LedgerEntry.objects.count() == PostingKey.objects.count() == 25
    assert broken() == []


def test_the_same_mass_posting_from_six_connections(accounts: list[Account]) -> None:
    ids = [account.pk for account in accounts]

    def charge(day: date) -> int:
        return sum(post_all(random.sample(ids, len(ids)), ref=ref, day=day) for ref in range(5))

    answers = together([partial(charge, day) for day in TWO_DAYS * 3])
    assert failures(answers) == []
    assert sum(answers) == 5 * len(ids)
    assert {queries.get_balance(pk).money for pk in ids} == {Decimal("-5.00")}
    assert broken() == []


def test_mass_and_single_postings_and_transfers_do_not_deadlock(accounts: list[Account]) -> None:
    ids = [account.pk for account in accounts]

    def mass(seed: int) -> None:
        chance = random.Random(seed)
        for turn in range(15):
            post_all(chance.sample(ids, 20), ref=seed * 1000 + turn)

    def single(seed: int) -> None:
        chance = random.Random(seed)
        for turn in range(40):
            postings = [
                Posting(account_id=pk, kind=Kind.FEE_CREDIT, ref=seed * 1000 + turn,
                        amount=Decimal("1.00"), business_date=TODAY)
                for pk in chance.sample(ids, 3)
            ]  # fmt: skip
            operations.post(postings=postings, now=NOON, actor=CLERK)

    works = [partial(mass, seed) for seed in (1, 2, 3)]
    works += [partial(single, seed) for seed in (4, 5, 6)]
    assert failures(together(works)) == []
    total = sum(queries.get_balance(pk).money for pk in ids)
    assert total == Decimal(-3 * 15 * 20 + 3 * 40 * 3)
    assert broken() == []


def test_the_order_of_accounts_is_what_prevents_the_deadlock(accounts: list[Account]) -> None:
    """One by one in opposite orders deadlocks; together, the posting puts them in order."""
    first, second = accounts[0].pk, accounts[1].pk
    both_hold_one = Barrier(2)

    def one_by_one(ref: int, order: tuple[int, int]) -> None:
        with transaction.atomic():
            post_one(order[0], ref=ref, day=TODAY)
            both_hold_one.wait(timeout=20)
            post_one(order[1], ref=ref, day=TODAY)

    def at_once(ref: int, order: tuple[int, int]) -> None:
        postings = [
            Posting(account_id=pk, kind=Kind.FEE, ref=ref, amount=Decimal(-1), business_date=TODAY)
            for pk in order
        ]
        operations.post(postings=postings, now=NOON, actor=CLERK)

    orders = [(first, second), (second, first)]
    lost = failures(together([partial(one_by_one, 1 + i, pair) for i, pair in enumerate(orders)]))
    assert ["deadlock detected" in str(error) for error in lost] == [True]
    assert failures(together([partial(at_once, 5 + i, orders[i % 2]) for i in range(6)])) == []
    assert {queries.get_balance(pk).money for pk in (first, second)} == {Decimal(-7)}
    assert broken() == []


def test_two_amounts_under_one_key_let_one_through(accounts: list[Account]) -> None:
    account_id = accounts[0].pk
    amounts = ["-1.00", "-2.00", "-3.00"]
    answers = together(
        [partial(post_one, account_id, ref=1, day=TODAY, amount=amount) for amount in amounts]
    )
    refused = failures(answers)
    assert [type(error) for error in refused] == [operations.UnableToPost] * 2
    assert LedgerEntry.objects.count() == 1
    assert broken() == []


def test_one_payment_sent_six_times_is_credited_once(accounts: list[Account]) -> None:
    def pay() -> int:
        payment = operations.take_payment(
            account_id=accounts[0].pk, amount=Decimal("100.00"), gateway="terminal",
            external_id="T-1", paid_at=NOON, business_date=TODAY, now=NOON, actor="gateway:t",
        )  # fmt: skip
        return payment.pk

    answers = together([pay] * 6)
    assert set(answers) == {Payment.objects.get().pk}
    assert queries.get_balance(accounts[0].pk).money == Decimal("100.00")
    assert broken() == []


def test_a_double_click_adjusts_once(accounts: list[Account]) -> None:
    def click() -> int:
        return operations.adjust(
            account_id=accounts[0].pk, amount=Decimal("5.00"), reason="x", request_id="form",
            limit=Decimal(9), business_date=TODAY, now=NOON, actor=CLERK,
        ).pk  # fmt: skip

    assert set(together([click] * 6)) == {Adjustment.objects.get().pk}
    assert queries.get_balance(accounts[0].pk).money == Decimal("5.00")
    assert broken() == []


def test_transfers_there_and_back_do_not_deadlock(accounts: list[Account]) -> None:
    first, second = accounts[0].pk, accounts[1].pk
    for pk in (first, second):
        operations.adjust(
            account_id=pk, amount=Decimal("100.00"), reason="x", request_id="seed",
            limit=Decimal(100), business_date=TODAY, now=NOON, actor=CLERK,
        )  # fmt: skip

    def move(source: int, target: int) -> None:
        for turn in range(20):
            operations.transfer(
                from_account_id=source, to_account_id=target, amount=Decimal("1.00"),
                request_id=f"t{turn}", business_date=TODAY, now=NOON, actor=CLERK,
            )  # fmt: skip

    assert failures(together([partial(move, first, second), partial(move, second, first)])) == []
    assert {queries.get_balance(pk).money for pk in (first, second)} == {Decimal("100.00")}
    assert broken() == []


def test_an_interval_decided_on_old_money_is_not_written(accounts: list[Account]) -> None:
    account_id = accounts[0].pk
    row = (account_id, Decimal(0), Decimal("-0.50"), Decimal(100))
    with transaction.atomic():
        # The payment of another connection waits behind our posting, not the other way round.
        post_one(account_id, ref=1, day=TODAY)
        [written] = together([lambda: _try_watch(row)])
    assert written is None
    assert operations.set_watch(rows=[row]) == set()


def _try_watch(row: tuple[int, Decimal, Decimal, Decimal]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(Exception, match="lock timeout"):
            operations.set_watch(rows=[row])
        transaction.set_rollback(True)


def test_crossings_are_taken_by_one_reader_each(accounts: list[Account]) -> None:
    ids = [account.pk for account in accounts]
    operations.set_watch(rows=[(pk, Decimal(0), Decimal(0), Decimal(1)) for pk in ids])
    post_all(ids, ref=1)
    assert BalanceCrossing.objects.count() == len(ids)

    def drain() -> list[int]:
        taken: list[int] = []
        while True:
            with transaction.atomic():
                some = operations.take_crossings(limit=4)
            if not some:
                return taken
            taken += some

    answers = together([drain] * 3)
    assert failures(answers) == []
    assert sorted(pk for taken in answers for pk in taken) == sorted(ids)


def test_contracts_signed_at_once_get_numbers_without_holes() -> None:
    customers = [people.person("Номеров", name) for name in ("Никита", "Назар", "Нестор")]
    people.ladoga()

    def sign(customer) -> None:
        for _turn in range(4):
            operations.sign_contract(
                customer=customer, legal_entity=people.ladoga(), signed_on=TODAY, now=NOON,
                actor=CLERK,
            )  # fmt: skip

    assert failures(together([partial(sign, customer) for customer in customers])) == []
    numbers = sorted(Contract.objects.values_list("number", flat=True))
    assert numbers == [f"Д-2026-{serial:05d}" for serial in range(1, 13)]


def test_one_number_ordered_twice_goes_to_one(accounts: list[Account]) -> None:
    operations.add_pool_numbers(kind="msisdn", values=["79215550101"])
    version = people.plan_version()

    def order(account: Account) -> Subscription:
        return operations.order_service(
            account=account, service="mobile", plan_version=version,
            identifiers=[("msisdn", "79215550101")], now=NOON, actor=CLERK,
        )  # fmt: skip

    answers = together([partial(order, account) for account in accounts[:4]])
    assert [type(error) for error in failures(answers)] == [operations.UnableToOccupy] * 3
    assert Subscription.objects.count() == 1
    assert broken() == []


def test_a_service_ended_twice_ends_once(accounts: list[Account]) -> None:
    subscription = people.order_mobile(accounts[0], number="79215550101")
    end = partial(operations.end_service, subscription_id=subscription.pk, now=NOON, actor=CLERK)
    answers = together([end] * 3)
    refused = failures(answers)
    assert [type(error) for error in refused] == [operations.UnableToChangeService] * 2
    assert broken() == []
