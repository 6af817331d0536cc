"""
Any sequence of messages leaves the books as a plain model says: check/pay/cancel/status, repeated,
out of order, contradicting, with money being used between.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import operations, queries
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account
from tests import people
from tests.checks import broken_promises
from tests.machines import Machine, terminal
from tests.people import CLERK, NOON, TODAY

pytestmark = pytest.mark.django_db

LEAST, MOST = Decimal("1.00"), Decimal("500.00")
NOBODY = "999999999"

txn_ids = st.sampled_from(["1", "2", "3"])
whose = st.sampled_from([0, 0, 1, None])
amounts = st.sampled_from(["100.00", "100.00", "30.00", "0.99", "500.01"])
messages = st.one_of(
    st.tuples(st.just("pay"), txn_ids, whose, amounts),
    st.tuples(st.just("pay"), txn_ids, whose, amounts),
    st.tuples(st.just("cancel"), txn_ids),
    st.tuples(st.just("status"), txn_ids),
    st.tuples(st.just("check"), txn_ids, whose, amounts),
    st.tuples(st.just("charge"), st.sampled_from([0, 1]), st.sampled_from(["1.00", "80.00"])),
)


@dataclass
class Model:
    """What a terminal's books are, said as plainly as can be."""

    money: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])
    #: txn_id -> (whose, amount, what became of it)
    known: dict[str, tuple[int | None, Decimal, str]] = field(default_factory=dict)

    def check(self, _txn: str, who: int | None, amount: str) -> str:
        if limit := self._limit(Decimal(amount)):
            return limit
        return "5" if who is None else "0"

    def pay(self, txn: str, who: int | None, amount: str) -> str:
        asked = Decimal(amount)
        if txn not in self.known:
            state = self._limit(asked) or ("kept" if who is None else "credited")
            self.known[txn] = (who, asked, state)
            if state == "credited" and who is not None:
                self.money[who] += asked
        elif self.known[txn][:2] != (who, asked):
            return "300"
        return self.status(txn)

    def status(self, txn: str) -> str:
        state = self.known[txn][2] if txn in self.known else "unknown"
        codes = {"unknown": "300", "kept": "0", "credited": "0", "cancelled": "300"}
        return codes.get(state, state)

    def cancel(self, txn: str) -> str:
        who, amount, state = self.known.get(txn, (None, Decimal(0), "unknown"))
        if state in {"unknown", "241", "242"}:
            return "300"
        if state == "credited" and who is not None:
            if self.money[who] < amount:
                return "7"
            self.money[who] -= amount
        self.known[txn] = (who, amount, "cancelled")
        return "0"

    def _limit(self, amount: Decimal) -> str:
        return "241" if amount < LEAST else "242" if amount > MOST else ""


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=st.lists(messages, min_size=1, max_size=14))
def test_books_are_the_models(db: None, story: list[tuple[object, ...]]) -> None:
    number = next(CODES)
    machine = terminal(f"t{number}", least=LEAST, most=MOST)[1]
    accounts = [people.open_account_for("Модельев", f"{number}-{n}") for n in range(2)]
    model = Model()
    for place, (verb, *values) in enumerate(story):
        if verb == "charge":
            who, amount = values
            charge(accounts[who], amount, ref=place)
            model.money[who] -= Decimal(amount)
        else:
            assert say(machine, accounts, (verb, *values)) == getattr(model, verb)(*values), place
    assert [queries.get_balance(one.pk).money for one in accounts] == model.money
    assert broken_promises(queries.invariants()) == []


CODES = iter(range(10_000))


def charge(account: Account, amount: str, *, ref: int) -> None:
    posting = Posting(
        account_id=account.pk, kind=Kind.FEE, ref=ref, amount=-Decimal(amount), business_date=TODAY
    )
    operations.post(postings=[posting], now=NOON, actor=CLERK)


def say(machine: Machine, accounts: list[Account], message: tuple[object, ...]) -> str:
    verb, txn, *rest = message
    if not rest:
        return machine.ask(str(verb), str(txn))["result"]
    who, amount = rest
    account = NOBODY if who is None else accounts[who].number
    if verb == "pay":
        return machine.pay(str(txn), account, str(amount))["result"]
    return machine.ask("check", str(txn), account=account, sum=amount)["result"]
