"""Notices by the thousand: as one by one, once, doubtful ones kept, contradictions counted."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts import operations, queries
from accounts.domain.notices import AccountBy, Incoming, key_of
from accounts.models import Account, NoticeConflict, Payment, PaymentNotice
from accounts.models.ledger import LedgerEntry
from accounts.operations import intake
from accounts.operations.intake import ReceivedMany, UnableToReceive
from accounts.queries.intake import intake_invariants
from billing_project.kernel.models import BusinessEvent
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db

SOURCE = """
    SELECT 'registry', r.id, r.amount::numeric, r.currency, r.hint, r.by, r.key,
           %(at)s::timestamptz, %(on)s::date, 'по реестру', 'строка ' || r.id
      FROM jsonb_to_recordset(%(rows)s::jsonb)
           AS r (id text, amount text, currency text, hint text, by text, key text)
"""


def row(
    number: int,
    account: Account | None = None,
    *,
    amount: str = "10.00",
    hint: str | None = None,
    by: AccountBy = AccountBy.NUMBER,
    key: str | None = None,
    currency: str = "RUB",
) -> dict[str, str]:
    written = hint if hint is not None else (account.number if account else "")
    return {
        "id": str(number), "amount": amount, "currency": currency, "hint": written, "by": by.value,
        "key": key if key is not None else key_of(written, by),
    }  # fmt: skip


def receive_many(rows: list[dict[str, str]], *, now: Any = NOON) -> ReceivedMany:
    from psycopg2.extras import Json

    params = {"at": NOON, "on": TODAY, "rows": Json(rows)}
    return intake.receive_many(source_sql=SOURCE, params=params, now=now, actor=CLERK)


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money


@pytest.fixture
def bob() -> Account:
    return people.open_account_for("Бобров", "Борис")


def test_each_goes_its_way(bob: Account) -> None:
    people.order_mobile(bob, number="79215550101")
    rows = [
        row(1, bob),
        row(2, bob, amount="20.50"),
        row(3, hint="тел. 79215550101", by=AccountBy.IDENTIFIER, key="79215550101"),
        row(4, hint="за интернет", by=AccountBy.GIVEN, key=str(bob.pk)),
        row(5, hint="999999999"),
        row(6, bob, amount="0"),
        row(7),
    ]
    done = receive_many(rows)
    assert done == ReceivedMany(
        lines=7, new=7, repeated=0, differing=0, credited=4, unassigned=2, refused=1
    )
    assert money(bob) == Decimal("50.50")
    found = PaymentNotice.objects.order_by("external_id").values_list("state", "reason")
    assert list(found)[4:] == [
        ("unassigned", "account_unknown"),
        ("refused", "amount_not_positive"),
        ("unassigned", "account_missing"),
    ]
    assert BusinessEvent.objects.filter(kind="payment.received").count() == 4
    assert broken_promises(intake_invariants()) == []


def test_the_same_again_changes_nothing(bob: Account) -> None:
    rows = [row(1, bob), row(2, hint="nobody"), row(3, bob, amount="0")]
    receive_many(rows)
    before = list(PaymentNotice.objects.order_by("pk").values())
    assert receive_many(rows, now=NOON + timedelta(days=3)) == ReceivedMany(lines=3, repeated=3)
    assert list(PaymentNotice.objects.order_by("pk").values()) == before
    assert (Payment.objects.count(), LedgerEntry.objects.count()) == (1, 1)
    assert money(bob) == Decimal("10.00")


def test_overlapping_files_add_what_is_new(bob: Account) -> None:
    receive_many([row(n, bob) for n in range(5)])
    done = receive_many([row(n, bob) for n in range(3, 8)])
    assert (done.new, done.repeated, done.credited) == (3, 2, 3)
    assert money(bob) == Decimal("80.00")


def test_contradictions_are_counted_and_shown(bob: Account) -> None:
    receive_many([row(1, bob), row(2, bob)])
    changed = [row(1, bob, amount="11.00"), row(2, hint="999999999"), row(3, bob)]
    for _ in range(2):
        done = receive_many(changed)
        assert done.differing == 2
    assert NoticeConflict.objects.count() == 2
    assert money(bob) == Decimal("30.00")


def test_a_source_that_contradicts_itself(bob: Account) -> None:
    done = receive_many([row(1, bob), row(1, bob, amount="99.00"), row(1, bob)])
    assert (done.lines, done.new, done.differing, done.credited) == (3, 1, 1, 1)
    assert money(bob) == Decimal("10.00")
    assert NoticeConflict.objects.get().amount == Decimal("99.00")


def test_taken_past_the_intake_is_refused(bob: Account) -> None:
    eve = people.open_account_for("Евдокимова", "Ева")
    operations.take_payment(
        account_id=eve.pk, amount=Decimal("10.00"), gateway="registry", external_id="1",
        paid_at=NOON, business_date=TODAY, now=NOON, actor=CLERK,
    )  # fmt: skip
    done = receive_many([row(1, bob), row(2, bob)])
    assert (done.credited, done.refused) == (1, 1)
    assert PaymentNotice.objects.get(external_id="1").reason == "other_payment"
    assert (money(bob), money(eve)) == (Decimal("10.00"), Decimal("10.00"))


def test_portions_are_settled_to_the_end(bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.operations.intake.mass.PORTION", 3)
    done = receive_many([row(n, bob if n % 4 else None) for n in range(10)])
    assert (done.credited, done.unassigned) == (7, 3)


def test_killed_after_a_portion_goes_on(bob: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.operations.intake import mass

    monkeypatch.setattr(mass, "PORTION", 4)
    settle, calls = mass._settle_portion, []

    def die_at_the_second(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return settle(*args)

    rows = [row(n, bob) for n in range(10)]
    with monkeypatch.context() as broken:
        broken.setattr(mass, "_settle_portion", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            receive_many(rows)
    assert PaymentNotice.objects.filter(state="received").count() == 6
    done = receive_many(rows)
    assert (done.new, done.repeated, done.credited) == (0, 10, 6)
    assert money(bob) == Decimal("100.00")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_as_one_by_one(seed: int) -> None:
    """The same notices through both doors, to two sets of accounts: equal outcomes and books."""
    chance = random.Random(seed)
    twins = [[people.open_account_for("Близнецов", str(n)) for n in range(3)] for _side in range(2)]
    for side in twins:
        Account.objects.filter(pk=side[2].pk).update(closed_on=TODAY)
    orders = [
        (
            chance.randrange(12), chance.choice([0, 0, 1, 2, None]),
            chance.choice(["10.00", "10.00", "0.00", "7.77"]), chance.choice(["RUB", "RUB", "EUR"]),
        )
        for _ in range(30)
    ]  # fmt: skip
    rows = [row(n, _of(twins[0], who), amount=a, currency=c) for n, who, a, c in orders]
    for one in rows:
        receive_many([one])
    for number, who, amount, currency in orders:
        account = _of(twins[1], who)
        asked = Incoming(
            gateway="single", external_id=str(number), amount=Decimal(amount), currency=currency,
            account_hint=account.number if account else "", paid_at=NOON, business_date=TODAY,
        )  # fmt: skip
        try:
            intake.receive(incoming=asked, now=NOON, actor=CLERK)
        except UnableToReceive:
            continue
    assert _outcomes("registry") == _outcomes("single")
    assert [money(one) for one in twins[0]] == [money(one) for one in twins[1]]
    assert broken_promises(queries.invariants()) == []


def _of(side: list[Account], who: int | None) -> Account | None:
    return None if who is None else side[who]


def _outcomes(gateway: str) -> list[tuple[Any, ...]]:
    rows = PaymentNotice.objects.filter(gateway=gateway).order_by("external_id")
    return [
        (each.external_id, each.amount, each.state, each.reason, each.conflicts.count())
        for each in rows
    ]
