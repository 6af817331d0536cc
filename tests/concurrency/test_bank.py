"""
Money under many hands at once: nothing made, nothing lost, nothing twice, nobody below the limit.

Work is counted in operations, not in seconds: a slow machine does the same.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from threading import Event

import pytest
from django.db import connection

from accounts import operations, queries
from accounts.domain.kinds import Kind
from accounts.models import Account, Hold
from accounts.models.ledger import LedgerEntry
from tests import people
from tests.concurrency.together import failures, together
from tests.moves import WHEN, broken, charge, credit, funds
from tests.people import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS, WRITERS, READERS = 8, 32, 4
TOTAL = Decimal("800.00")
LATER = NOON + timedelta(days=1)
#: What a bank sees at one moment: all money, and the least that an account has beyond what is held.
LOOK = "SELECT sum(money), min(money - held) FROM accounts_accountbalance"


@pytest.fixture
def bank() -> list[Account]:
    """Eight accounts of one person, 100.00 on each."""
    customer = people.person("Банкова", "Белла")
    accounts = [people.open_account(customer) for _ in range(ACCOUNTS)]
    for account in accounts:
        credit(account, "100.00")
    return accounts


def move(ids: list[int], chance: random.Random, request: str) -> bool:
    """Move money between two accounts, or hold some and let it go; False if there was too little."""
    first, second = chance.sample(ids, 2)
    amount = Decimal(chance.randint(1, 9000)) / 100
    try:
        if chance.random() < 0.25:
            held = operations.authorise_hold(
                account_id=first, amount=amount, reason="x", reference=request,
                expires_at=LATER, now=NOON, actor=CLERK,
            )  # fmt: skip
            operations.void_hold(hold_id=held.pk, reason="x", now=NOON, actor=CLERK)
        else:
            operations.transfer(
                from_account_id=first, to_account_id=second, amount=amount, request_id=request,
                **WHEN,
            )  # fmt: skip
    except (operations.UnableToTransfer, operations.UnableToHold):
        return False
    return True


def run_bank(accounts: list[Account], turns: Callable[[], Iterator[int]]) -> list[object]:
    """Writers write `turns` each while readers look; return (done, refused) of each writer."""
    ids, is_over, running = [account.pk for account in accounts], Event(), count(1)
    seen: list[tuple[Decimal, Decimal]] = []

    def write(seed: int) -> tuple[int, int]:
        chance = random.Random(seed)
        try:
            outcomes = [move(ids, chance, f"{seed}-{turn}") for turn in turns()]
        finally:
            if next(running) == WRITERS:
                is_over.set()
        return outcomes.count(True), outcomes.count(False)

    def read() -> tuple[int, int]:
        looks = 0
        while not is_over.is_set():
            with connection.cursor() as cursor:
                cursor.execute(LOOK)
                seen.append(cursor.fetchone())
            looks += 1
            # A reader that never rests takes the machine from the writers.
            is_over.wait(0.02)
        return looks, 0

    answers = together([*(partial(write, seed) for seed in range(WRITERS)), *[read] * READERS])
    assert failures(answers) == []
    assert {total for total, _least in seen} == {TOTAL}
    assert min(least for _total, least in seen) >= 0
    return answers[:WRITERS]


def check_bank(accounts: list[Account], outcomes: list[object]) -> None:
    done, refused = (sum(figures) for figures in zip(*outcomes, strict=True))
    assert done > refused > 0
    balances = queries.get_balances(account_ids=[account.pk for account in accounts])
    assert sum(row.money for row in balances.values()) == TOTAL
    assert all(row.money >= 0 and row.held == 0 for row in balances.values())
    assert not Hold.objects.filter(state="open").exists()
    assert broken() == []


def test_bank(bank: list[Account]) -> None:
    check_bank(bank, run_bank(bank, lambda: iter(range(25))))


@pytest.mark.long
def test_bank_for_a_minute(bank: list[Account]) -> None:
    def minute() -> Iterator[int]:
        end = time.monotonic() + 60
        for turn in count():
            if time.monotonic() >= end:
                return
            yield turn

    check_bank(bank, run_bank(bank, minute))


class TestFiftyOfThirty:
    """Fifty debits of 1 on a balance of 30: exactly thirty succeed, whatever the way."""

    @pytest.fixture
    def account(self) -> Account:
        account = people.open_account_for("Тридцатов", "Тит")
        credit(account, "30.00")
        return account

    def fifty(self, debit: Callable[[int], object]) -> None:
        refused = failures(together([partial(debit, number) for number in range(50)]))
        assert len(refused) == 20
        assert {type(error) for error in refused} <= {
            operations.UnableToTransfer, operations.UnableToHold, operations.UnableToCorrect,
        }  # fmt: skip
        assert broken() == []

    def test_transfers(self, account: Account) -> None:
        other = people.open_account(account.customer)
        self.fifty(
            lambda number: operations.transfer(
                from_account_id=account.pk, to_account_id=other.pk, amount=Decimal(1),
                request_id=f"t{number}", **WHEN,
            )
        )  # fmt: skip
        assert (funds(account)[0], funds(other)[0]) == ("0.00", "30.00")

    def test_holds_taken(self, account: Account) -> None:
        def take(number: int) -> object:
            held = operations.authorise_hold(
                account_id=account.pk, amount=Decimal(1), reason="x", reference=f"h{number}",
                expires_at=LATER, now=NOON, actor=CLERK,
            )  # fmt: skip
            return operations.capture_hold(
                hold_id=held.pk, amount=Decimal(1), request_id=f"h{number}", **WHEN
            )

        self.fifty(take)
        assert funds(account) == ("0.00", "0.00", "0.00")

    def test_parts_of_one_hold(self, account: Account) -> None:
        held = operations.authorise_hold(
            account_id=account.pk, amount=Decimal(30), reason="x", reference="h",
            expires_at=LATER, now=NOON, actor=CLERK,
        )  # fmt: skip
        self.fifty(
            lambda number: operations.capture_hold(
                hold_id=held.pk, amount=Decimal(1), request_id=f"h{number}", keeps_rest=True,
                **WHEN,
            )
        )  # fmt: skip
        assert funds(account) == ("0.00", "0.00", "0.00")

    def test_bonus_money(self, account: Account) -> None:
        operations.grant_bonus(
            account_id=account.pk, amount=Decimal(30), reason="x", request_id="g",
            limit=Decimal(99), **WHEN,
        )  # fmt: skip
        charge(account, "50.00")
        self.fifty(
            lambda number: operations.use_bonus(
                account_id=account.pk, amount=Decimal(1), request_id=f"u{number}", **WHEN
            )
        )
        assert funds(account) == ("10.00", "0.00", "0.00")

    def test_write_offs(self, account: Account) -> None:
        charge(account, "60.00")
        self.fifty(
            lambda number: operations.write_off_debt(
                account_id=account.pk, amount=Decimal(1), reason="x", request_id=f"w{number}",
                limit=Decimal(99), **WHEN,
            )
        )  # fmt: skip
        assert funds(account)[0] == "0.00"


class TestOneKeyOfTwentyClients:
    """One idempotency key from twenty clients: one effect, twenty equal answers."""

    @pytest.fixture
    def account(self) -> Account:
        account = people.open_account_for("Двадцатова", "Дарья")
        credit(account, "100.00")
        return account

    def twenty(self, ask: Callable[[], object], *, entries: int) -> None:
        before = LedgerEntry.objects.count()
        answers = together([ask] * 20)
        assert failures(answers) == []
        keys = {tuple(each.pk for each in answer) if isinstance(answer, list) else answer.pk
                for answer in answers}  # fmt: skip
        assert len(keys) == 1
        assert LedgerEntry.objects.count() - before == entries
        assert broken() == []

    def test_payment(self, account: Account) -> None:
        self.twenty(
            lambda: operations.take_payment(
                account_id=account.pk, amount=Decimal(5), gateway="terminal", external_id="one",
                paid_at=NOON, **WHEN,
            ),
            entries=1,
        )  # fmt: skip
        assert funds(account)[0] == "105.00"

    def test_transfer(self, account: Account) -> None:
        other = people.open_account(account.customer)
        self.twenty(
            lambda: operations.transfer(
                from_account_id=account.pk, to_account_id=other.pk, amount=Decimal(60),
                request_id="one", **WHEN,
            ),
            entries=2,
        )  # fmt: skip
        assert (funds(account)[0], funds(other)[0]) == ("40.00", "60.00")

    def test_hold_and_its_charge(self, account: Account) -> None:
        self.twenty(
            lambda: operations.authorise_hold(
                account_id=account.pk, amount=Decimal(60), reason="x", reference="one",
                expires_at=LATER, now=NOON, actor=CLERK,
            ),
            entries=0,
        )  # fmt: skip
        assert funds(account)[2] == "60.00"
        held = Hold.objects.get()
        self.twenty(
            lambda: operations.capture_hold(
                hold_id=held.pk, amount=Decimal(25), request_id="one", **WHEN
            ),
            entries=1,
        )
        assert funds(account) == ("75.00", "0.00", "0.00")

    def test_adjustment(self, account: Account) -> None:
        self.twenty(
            lambda: operations.adjust(
                account_id=account.pk, amount=Decimal(-7), reason="x", request_id="one",
                limit=Decimal(99), **WHEN,
            ),
            entries=1,
        )  # fmt: skip
        assert funds(account)[0] == "93.00"

    def test_bonus_granted_and_used(self, account: Account) -> None:
        charge(account, "50.00", kind=Kind.FEE)
        self.twenty(
            lambda: operations.grant_bonus(
                account_id=account.pk, amount=Decimal(40), reason="x", request_id="one",
                limit=Decimal(99), **WHEN,
            ),
            entries=1,
        )  # fmt: skip
        self.twenty(
            lambda: operations.use_bonus(
                account_id=account.pk, amount=Decimal(15), request_id="one", **WHEN
            ),
            entries=2,
        )
        assert funds(account) == ("65.00", "25.00", "0.00")

    def test_write_off_and_its_reversal(self, account: Account) -> None:
        charge(account, "150.00")
        self.twenty(
            lambda: operations.write_off_debt(
                account_id=account.pk, amount=Decimal(20), reason="x", request_id="one",
                limit=Decimal(99), **WHEN,
            ),
            entries=1,
        )  # fmt: skip
        [written] = queries.list_entries(account_id=account.pk, limit=1)
        self.twenty(
            lambda: operations.reverse_entry(
                account_id=account.pk, entry_id=written.id, reason="x", limit=Decimal(99), **WHEN
            ),
            entries=1,
        )
        assert funds(account)[0] == "-50.00"

    def test_opening_balance(self) -> None:
        account = people.open_account_for("Новикова", "Нина")
        self.twenty(
            lambda: operations.open_balance(
                account_id=account.pk, amount=Decimal(33), reference="one", reason="x", **WHEN
            ),
            entries=1,
        )
        assert funds(account)[0] == "33.00"


def test_a_hold_taken_let_go_and_expired_at_once_ends_once() -> None:
    account = people.open_account_for("Спорный", "Савва")
    credit(account, "100.00")
    for number in range(10):
        held = operations.authorise_hold(
            account_id=account.pk, amount=Decimal(5), reason="x", reference=f"r{number}",
            expires_at=NOON + timedelta(hours=1), now=NOON, actor=CLERK,
        )  # fmt: skip
        late = NOON + timedelta(hours=2)
        answers = together([
            partial(
                operations.capture_hold, hold_id=held.pk, amount=Decimal(5),
                request_id=f"c{number}", **WHEN,
            ),
            partial(operations.void_hold, hold_id=held.pk, reason="x", now=NOON, actor=CLERK),
            partial(operations.expire_holds, now=late, actor=CLERK),
            partial(operations.expire_holds, now=late, actor=CLERK),
        ])  # fmt: skip
        assert {type(error) for error in failures(answers)} <= {operations.UnableToHold}
        held.refresh_from_db()
        assert held.state in {"captured", "voided", "expired"}
    taken = Hold.objects.filter(state="captured").count()
    assert funds(account) == (f"{100 - 5 * taken}.00", "0.00", "0.00")
    assert broken() == []
