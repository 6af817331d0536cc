"""Posting: once per key, summed right, the same by both statements."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import operations, queries
from accounts.domain.kinds import Contra, Fund, Kind
from accounts.domain.posting import Posting
from accounts.models import Account
from accounts.models.ledger import AccountBalance, BalanceCrossing, LedgerEntry, PostingKey
from billing_project.kernel.invariants import find_violations
from tests.people import CLERK, NOON, TODAY

SOURCE = """
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::date[])
        AS s (account_id, ref, amount, day), (VALUES (NULL::bigint, NULL::jsonb)) AS v (sub, why)
"""


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


def fee(account: Account, amount: str, *, ref: int = 1, day: date = TODAY) -> Posting:
    return Posting(
        account_id=account.pk, kind=Kind.FEE, ref=ref, amount=Decimal(amount), business_date=day
    )


def post(*postings: Posting) -> list[operations.Posted]:
    return operations.post(postings=postings, now=NOON, actor=CLERK)


def post_rows(rows: list[tuple[int, int, str, date]], *, kind: Kind = Kind.FEE) -> int:
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[2] = [Decimal(amount) for amount in columns[2]]
    return operations.post_many(
        source_sql=SOURCE, params=columns, kind=kind, now=NOON, actor="system:test"
    )


def test_a_posting_writes_key_entry_and_balance(alice: Account) -> None:
    [posted] = post(fee(alice, "-300.00", ref=7))
    entry = LedgerEntry.objects.get(account_id=alice.pk)
    assert (posted.is_new, posted.entry_id, posted.money) == (True, entry.pk, Decimal("-300.00"))
    assert (entry.kind, entry.ref, entry.amount) == (Kind.FEE, 7, Decimal("-300.00"))
    assert (entry.contra, entry.fund) == (Contra.REVENUE_FEES, Fund.MONEY)
    assert PostingKey.objects.get(account_id=alice.pk).amount == Decimal("-300.00")
    assert money(alice) == Decimal("-300.00")


def test_a_repeat_gets_the_same_answer_even_in_the_next_month(alice: Account) -> None:
    [first] = post(fee(alice, "-300.00", day=date(2026, 11, 30)))
    [again] = post(fee(alice, "-300.00", day=date(2026, 12, 1)))
    assert (again.entry_id, again.business_date) == (first.entry_id, date(2026, 11, 30))
    assert again.is_new is False
    assert LedgerEntry.objects.filter(account_id=alice.pk).count() == 1
    assert money(alice) == Decimal("-300.00")


def test_another_amount_under_the_same_key_is_refused(alice: Account) -> None:
    post(fee(alice, "-300.00"))
    with pytest.raises(operations.UnableToPost):
        post(fee(alice, "-1.00", ref=2), fee(alice, "-299.99"))
    assert money(alice) == Decimal("-300.00")
    assert not PostingKey.objects.filter(account_id=alice.pk, ref=2).exists()


def test_an_account_without_balance_is_refused(db: None) -> None:
    posting = Posting(
        account_id=404, kind=Kind.FEE, ref=1, amount=Decimal("-1.00"), business_date=TODAY
    )
    with pytest.raises(operations.UnableToPost):
        post(posting)
    with pytest.raises(operations.UnableToPost):
        post_rows([(404, 1, "-1.00", TODAY)])
    assert not PostingKey.objects.exists()


def test_funds_are_kept_apart(alice: Account) -> None:
    bonus = Posting(
        account_id=alice.pk,
        kind=Kind.ADJUSTMENT,
        ref=1,
        amount=Decimal("10.00"),
        business_date=TODAY,
        fund=Fund.BONUS,
    )
    post(bonus)
    row = AccountBalance.objects.get(pk=alice.pk)
    assert (row.money, row.bonus, row.held) == (0, Decimal("10.00"), 0)


def test_many_sums_several_postings_of_one_account(alice: Account, bob: Account) -> None:
    rows = [(alice.pk, ref, "-0.10", TODAY) for ref in range(1, 11)]
    assert post_rows([*rows, (bob.pk, 1, "-5.00", TODAY)]) == 11
    assert (money(alice), money(bob)) == (Decimal("-1.00"), Decimal("-5.00"))


def test_many_leaves_out_zeros_and_what_was_posted(alice: Account, bob: Account) -> None:
    post_rows([(alice.pk, 1, "-1.00", TODAY)])
    tomorrow = TODAY + timedelta(days=40)
    rows = [(alice.pk, 1, "-1.00", tomorrow), (bob.pk, 1, "-2.00", TODAY), (bob.pk, 2, "0", TODAY)]
    assert post_rows(rows) == 1
    assert (money(alice), money(bob)) == (Decimal("-1.00"), Decimal("-2.00"))


def test_many_refuses_another_amount_and_writes_nothing(alice: Account, bob: Account) -> None:
    post_rows([(alice.pk, 1, "-1.00", TODAY)])
    with pytest.raises(operations.UnableToPost):
        post_rows([(alice.pk, 1, "-1.01", TODAY), (bob.pk, 1, "-2.00", TODAY)])
    assert (money(alice), money(bob)) == (Decimal("-1.00"), Decimal(0))


def test_the_same_key_twice_in_one_source_posts_once(alice: Account) -> None:
    assert post_rows([(alice.pk, 1, "-1.00", TODAY), (alice.pk, 1, "-1.00", TODAY)]) == 1
    assert money(alice) == Decimal("-1.00")
    with pytest.raises(operations.UnableToPost):
        post_rows([(alice.pk, 2, "-1.00", TODAY), (alice.pk, 2, "-3.00", TODAY)])
    assert money(alice) == Decimal("-1.00")


@pytest.mark.parametrize("way", ["one", "many"])
def test_leaving_the_interval_is_noted(alice: Account, way: str) -> None:
    rows = [(alice.pk, Decimal(0), Decimal("-10.00"), Decimal("5.00"))]
    assert operations.set_watch(rows=rows) == {alice.pk}
    _take(alice, "-10.00", ref=1, way=way)
    assert not BalanceCrossing.objects.exists()  # the lower end belongs to the interval
    _take(alice, "-0.01", ref=2, way=way)
    assert list(BalanceCrossing.objects.values_list("account_id", flat=True)) == [alice.pk]


def _take(account: Account, amount: str, *, ref: int, way: str) -> None:
    if way == "one":
        post(fee(account, amount, ref=ref))
    else:
        post_rows([(account.pk, ref, amount, TODAY)])


def test_the_upper_end_is_outside_the_interval(alice: Account) -> None:
    operations.set_watch(rows=[(alice.pk, Decimal(0), None, Decimal("5.00"))])
    post_rows([(alice.pk, 1, "5.00", TODAY)], kind=Kind.FEE_CREDIT)
    assert BalanceCrossing.objects.count() == 1


def test_the_interval_is_written_only_where_the_money_is_as_seen(
    alice: Account, bob: Account
) -> None:
    post(fee(alice, "-1.00"))
    rows = [(alice.pk, Decimal(0), None, None), (bob.pk, Decimal(0), Decimal(0), None)]
    assert operations.set_watch(rows=rows) == {bob.pk}


def test_the_floor_changes_what_is_available(alice: Account) -> None:
    assert queries.get_balance(alice.pk).available == Decimal("300.00")
    assert operations.set_floor(rows=[(alice.pk, Decimal("500.00"))]) == {alice.pk}
    assert queries.get_balance(alice.pk).available == Decimal("500.00")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_ledgerentry SET amount = amount + 1", "DELETE FROM accounts_ledgerentry"],
)
def test_entries_are_never_changed(alice: Account, statement: str) -> None:
    post(fee(alice, "-1.00"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LedgerEntry.objects.get().amount == Decimal("-1.00")


def test_both_statements_leave_the_same_books(alice: Account, bob: Account) -> None:
    """Random postings with repeats: one by one on a twin equals set-based on the original."""
    chance = random.Random(20261102)
    carol, dave = _twins()
    pairs = {alice.pk: carol.pk, bob.pk: dave.pk}
    for account_id, twin_id in pairs.items():
        _watch_both(account_id, twin_id)
    for _round in range(30):
        rows = [_random_row(chance, list(pairs)) for _ in range(chance.randint(1, 12))]
        unique = {(account, ref): (account, ref, *rest) for account, ref, *rest in rows}
        posted = post_rows(list(unique.values()), kind=Kind.ADJUSTMENT)
        ones = [_posting(pairs[row[0]], *row[1:]) for row in unique.values()]
        assert sum(answer.is_new for answer in post(*ones)) == posted
    for account_id, twin_id in pairs.items():
        assert _books(account_id) == _books(twin_id)
    assert [find_violations(promise) for promise in queries.invariants()[:2]] == [[], []]


def _twins() -> list[Account]:
    from tests import people

    return [people.open_account_for("Близнец", name) for name in ("Карина", "Денис")]


def _watch_both(*account_ids: int) -> None:
    rows = [(pk, Decimal(0), Decimal("-20.00"), Decimal("20.00")) for pk in account_ids]
    assert operations.set_watch(rows=rows) == set(account_ids)


def _random_row(chance: random.Random, accounts: list[int]) -> tuple[int, int, str, date]:
    ref = chance.randint(1, 60)
    amount = f"{(ref * 7919 % 4001 - 2000) or 1}e-2"  # the amount follows from the key
    return chance.choice(accounts), ref, amount, TODAY + timedelta(days=chance.randint(0, 60))


def _posting(account_id: int, ref: int, amount: str, day: date) -> Posting:
    return Posting(
        account_id=account_id,
        kind=Kind.ADJUSTMENT,
        ref=ref,
        amount=Decimal(amount),
        business_date=day,
    )


def _books(account_id: int) -> tuple[object, ...]:
    entries = LedgerEntry.objects.filter(account_id=account_id).order_by("ref")
    keys = PostingKey.objects.filter(account_id=account_id).order_by("ref")
    crossed = BalanceCrossing.objects.filter(account_id=account_id).exists()
    fields = ("business_date", "kind", "ref", "contra", "fund", "amount")
    return (
        list(entries.values_list(*fields)),
        list(keys.values_list("kind", "ref", "amount", "business_date")),
        AccountBalance.objects.values_list("money", "bonus", "held").get(pk=account_id),
        crossed,
    )
