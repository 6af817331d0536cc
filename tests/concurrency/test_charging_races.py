"""Fifty switches at once on one prepaid account: it never spends what it doesn't have."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest

from accounts.models import Account
from bench.world import build_operator
from rating import queries
from rating.models import AllowanceHold, ChargingSession
from rating.operations import charging
from rating.queries.charging_looks import look
from tests.checks import broken_promises
from tests.concurrency.together import failures, together
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, HOME, SMS, Switch, figures

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


@pytest.fixture
def switch() -> Switch:
    """A switch of an operator whose first subscriber has 100 roubles, prepaid."""
    operator = build_operator(subscribers=2)
    Account.objects.update(kind="prepaid")
    world.give(operator, "100.00")
    return world.switch(operator)


def account(switch: Switch) -> int:
    return switch.operator.accounts[0].pk


def live(switch: Switch, name: str, number: str) -> Callable[[], Decimal]:
    """A session from its beginning to its end; what it cost."""

    def work() -> Decimal:
        random = Random(name)
        told = switch.told("reserve", name, number=number, units=random.choice([60, 120, 300]))
        total, sequence = told.get("granted", 0), 0
        if not total:
            assert told["code"] == "no_money"
            return Decimal(0)
        for _ in range(2):
            assert world.available(account(switch)) >= 0
            sequence += 1
            used = total
            told = switch.told("update", name, sequence, used=used, units=60)
            total = told["total"]
        used = random.randrange(used, total + 1)
        told = switch.told("terminate", name, sequence + 1, used=used)
        return Decimal(told["amount"])

    return work


@pytest.mark.parametrize("number", [COUNTRY, HOME])
def test_sessions_of_one_account_never_overspend(switch: Switch, number: str) -> None:
    costs = together([live(switch, f"s{place}", number) for place in range(MANY)])
    assert failures(costs) == []
    money, held = figures(account(switch))
    assert (money, held) == (Decimal("100.00"), sum(costs))
    assert Decimal(0) < held <= money
    booked = charging.book_sessions(
        business_date=world.NOON.date(), reference=switch.reference, now=switch.now
    )
    assert booked.sessions == ChargingSession.objects.exclude(batch_id=None).count() > 0
    assert figures(account(switch)) == (money - held, Decimal("0.00"))
    assert not AllowanceHold.objects.exclude(reserved=0).exists()
    assert broken_promises(queries.invariants()) == []


def test_the_same_request_from_all_sides_is_carried_out_once(switch: Switch) -> None:
    asked = [lambda: switch.ask("event", "one", kind=SMS, units=6)] * 20
    answers = together(asked)
    assert failures(answers) == []
    assert len({answer.text for answer in answers}) == 1
    assert figures(account(switch))[1] == Decimal("2.50")


def test_units_are_not_promised_twice(switch: Switch) -> None:
    def reserve(name: str) -> Callable[[], dict[str, object]]:
        return lambda: switch.told("reserve", name, number=HOME, units=300)

    together([reserve(f"s{place}") for place in range(20)])
    reserved = AllowanceHold.objects.get().reserved
    assert reserved == 3600
    assert broken_promises(queries.invariants()) == []


def test_booking_beside_calls_loses_nothing(switch: Switch) -> None:
    def book() -> int:
        return charging.book_sessions(
            business_date=world.NOON.date(), reference=switch.reference, now=switch.now
        ).sessions

    works = [live(switch, f"s{place}", HOME if place % 2 else COUNTRY) for place in range(20)]
    answers = together([*works, book, book, book])
    assert failures(answers) == []
    book()
    cost = sum(answer for answer in answers if isinstance(answer, Decimal))
    assert figures(account(switch)) == (Decimal("100.00") - cost, Decimal("0.00"))
    assert broken_promises(queries.invariants()) == []


def test_the_look_is_what_the_write_is_checked_against(switch: Switch) -> None:
    """A session that moved on between look and write is looked at again, not overwritten."""
    switch.told("reserve", "a", number=COUNTRY, units=60)
    seen = look(client_id=switch.client.id, session="a", key=None, at=0)
    updates = [
        lambda place=place: switch.told("update", "a", place, used=place, units=60)
        for place in range(1, 11)
    ]
    answers = together(updates)
    assert failures(answers) == []
    codes = {answer.get("code", "ok") for answer in answers}
    assert codes <= {"ok", "stale_sequence"}
    row = ChargingSession.objects.get()
    assert (row.sequence, row.used) == (10, 10)
    assert seen.sequence == 0
    assert broken_promises(queries.invariants()) == []
