"""Random sequences of every operation of money equal a plain model in Decimal, refusals included."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import operations, queries
from accounts.domain.kinds import Fund, Kind
from accounts.models import Account, Hold
from tests import people
from tests.moves import WHEN, broken, charge, credit
from tests.people import CLERK, NOON, TODAY

REFUSED = (
    operations.UnableToTransfer,
    operations.UnableToHold,
    operations.UnableToCorrect,
)
ZERO = Decimal("0.00")
SOON, LATE = NOON + timedelta(hours=1), NOON + timedelta(days=2)
NIGHT = {"business_date": TODAY, "now": NOON, "actor": CLERK, "account_from": 0,
         "account_to": 2**62}  # fmt: skip


@dataclass
class Purse:
    """What one account has, in figures anybody can follow."""

    money: Decimal = ZERO
    charged: Decimal = ZERO
    used: Decimal = ZERO
    #: reference -> [what is held, whether it ends soon].
    holds: dict[str, list[Any]] = field(default_factory=dict)
    #: [what is left, whether today is its last day], in the order they are used up.
    grants: list[list[Any]] = field(default_factory=list)
    write_offs: list[Decimal] = field(default_factory=list)

    @property
    def held(self) -> Decimal:
        return sum((held for held, _is_soon in self.holds.values()), ZERO)

    @property
    def bonus(self) -> Decimal:
        return sum((left for left, _is_last in self.grants), ZERO)

    def take_bonus(self, amount: Decimal) -> None:
        """The soonest lost first, then the oldest."""
        for grant in sorted(self.grants, key=lambda each: not each[1]):
            part = min(grant[0], amount)
            grant[0], amount = grant[0] - part, amount - part


class World:
    """The product and the model side by side; each operation says whether the model allows it."""

    def __init__(self) -> None:
        customer = people.person("Модельная", "Мария")
        self.accounts = [people.open_account(customer) for _ in range(2)]
        self.purses = [Purse(), Purse()]
        self.step = 0

    def play(self, name: str, place: int, amount: Decimal) -> None:
        self.step += 1
        getattr(self, name)(self.accounts[place], self.purses[place], amount)

    def attempt(self, is_allowed: bool, act: Callable[[], object]) -> bool:
        """Do it; it must be refused exactly when the model says so."""
        try:
            act()
        except REFUSED:
            assert not is_allowed
            return False
        assert is_allowed
        return True

    def credit(self, account: Account, purse: Purse, amount: Decimal) -> None:
        credit(account, str(amount))
        purse.money += amount

    def charge(self, account: Account, purse: Purse, amount: Decimal) -> None:
        charge(account, str(amount))
        purse.money -= amount
        purse.charged += amount

    def adjust(self, account: Account, purse: Purse, amount: Decimal) -> None:
        signed = amount if self.step % 2 else -amount
        operations.adjust(
            account_id=account.pk, amount=signed, reason="x", request_id=f"a{self.step}",
            limit=Decimal(10**6), **WHEN,
        )  # fmt: skip
        purse.money += signed

    def transfer(self, account: Account, purse: Purse, amount: Decimal) -> None:
        other = 1 - self.accounts.index(account)
        act = lambda: operations.transfer(  # noqa: E731
            from_account_id=account.pk, to_account_id=self.accounts[other].pk, amount=amount,
            request_id=f"t{self.step}", **WHEN,
        )  # fmt: skip
        if self.attempt(purse.money - amount >= purse.held, act):
            purse.money -= amount
            self.purses[other].money += amount

    def hold(self, account: Account, purse: Purse, amount: Decimal) -> None:
        is_soon, reference = self.step % 3 == 0, f"h{self.step}"
        act = lambda: operations.authorise_hold(  # noqa: E731
            account_id=account.pk, amount=amount, reason="x", reference=reference,
            expires_at=SOON if is_soon else LATE, now=NOON, actor=CLERK,
        )  # fmt: skip
        if self.attempt(purse.money - purse.held >= amount, act):
            purse.holds[reference] = [amount, is_soon]

    def capture(self, account: Account, purse: Purse, amount: Decimal) -> None:
        if not purse.holds:
            return
        reference, (held, _is_soon) = next(iter(purse.holds.items()))
        keeps, row = bool(self.step % 2), Hold.objects.get(account=account, reference=reference)
        act = lambda: operations.capture_hold(  # noqa: E731
            hold_id=row.pk, amount=amount, request_id=f"c{self.step}", keeps_rest=keeps, **WHEN
        )
        if self.attempt(amount <= held, act):
            purse.money -= amount
            purse.charged += amount
            purse.holds[reference][0] -= amount
            if not keeps or amount == held:
                del purse.holds[reference]

    def void(self, account: Account, purse: Purse, _amount: Decimal) -> None:
        if purse.holds:
            reference, _held = purse.holds.popitem()
            row = Hold.objects.get(account=account, reference=reference)
            operations.void_hold(hold_id=row.pk, reason="x", now=NOON, actor=CLERK)

    def expire(self, _account: Account, _purse: Purse, _amount: Decimal) -> None:
        operations.expire_holds(now=SOON, actor=CLERK)
        operations.expire_bonuses(**NIGHT)
        for purse in self.purses:
            purse.holds = {ref: held for ref, held in purse.holds.items() if not held[1]}
            purse.grants = [grant for grant in purse.grants if not grant[1]]

    def write_off(self, account: Account, purse: Purse, amount: Decimal) -> None:
        act = lambda: operations.write_off_debt(  # noqa: E731
            account_id=account.pk, amount=amount, reason="x", request_id=f"w{self.step}",
            limit=Decimal(10**6), **WHEN,
        )  # fmt: skip
        if self.attempt(amount <= -purse.money, act):
            purse.money += amount
            purse.write_offs.append(amount)

    def take_back(self, account: Account, purse: Purse, _amount: Decimal) -> None:
        if not purse.write_offs:
            return
        amount = purse.write_offs.pop()
        entry = next(
            each
            for each in queries.list_entries(account_id=account.pk, limit=200)
            if (each.kind, each.amount) == (Kind.WRITE_OFF, amount)
            and not self._is_taken_back(account, each.id)
        )
        operations.reverse_entry(
            account_id=account.pk, entry_id=entry.id, reason="x", limit=Decimal(10**6), **WHEN
        )
        purse.money -= amount

    def grant(self, account: Account, purse: Purse, amount: Decimal) -> None:
        is_last = self.step % 2 == 0
        last: date | None = TODAY if is_last else None
        operations.grant_bonus(
            account_id=account.pk, amount=amount, reason="x", request_id=f"g{self.step}",
            limit=Decimal(10**6), expires_on=last, **WHEN,
        )  # fmt: skip
        purse.grants.append([amount, is_last])

    def use(self, account: Account, purse: Purse, amount: Decimal) -> None:
        act = lambda: operations.use_bonus(  # noqa: E731
            account_id=account.pk, amount=amount, request_id=f"u{self.step}", **WHEN
        )
        if self.attempt(amount <= min(purse.bonus, purse.charged - purse.used), act):
            self._used(purse, amount)

    def night(self, _account: Account, _purse: Purse, _amount: Decimal) -> None:
        # A night of its own each time: the same one pays once only.
        day = TODAY + timedelta(days=self.step)
        operations.use_bonuses(charges_of=TODAY, **NIGHT | {"business_date": day})
        for purse in self.purses:
            self._used(purse, min(purse.bonus, purse.charged - purse.used))

    def _used(self, purse: Purse, amount: Decimal) -> None:
        purse.take_bonus(amount)
        purse.money += amount
        purse.used += amount

    def _is_taken_back(self, account: Account, entry_id: int) -> bool:
        return account.reversals.filter(entry_id=entry_id).exists()

    def check(self) -> None:
        for account, purse in zip(self.accounts, self.purses, strict=True):
            row = queries.get_balance(account.pk)
            assert (row.money, row.bonus, row.held) == (purse.money, purse.bonus, purse.held)
            statement = queries.get_statement(account_id=account.pk, first=TODAY, last=TODAY)
            assert statement.closing == purse.money
            bonus = queries.get_statement(
                account_id=account.pk, first=TODAY, last=TODAY, fund=Fund.BONUS
            )
            assert bonus.closing == purse.bonus


MOVES = ("credit", "charge", "adjust", "transfer", "hold", "capture", "void", "expire",
         "write_off", "take_back", "grant", "use", "night")  # fmt: skip
AMOUNTS = st.integers(1, 6_000).map(lambda kopecks: Decimal(kopecks) / 100)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 1), AMOUNTS), max_size=30))
def test_any_sequence_equals_the_model(db: None, moves: list[tuple[str, int, Decimal]]) -> None:
    world = World()
    for name, place, amount in moves:
        world.play(name, place, amount)
    world.check()
    assert broken() == []
