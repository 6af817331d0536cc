"""Each promise of online charging finds a planted violation, and nothing in an honest hour."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db.models import F

from accounts.models import Account
from accounts.models.ledger import AccountBalance
from bench.world import Operator
from rating import queries
from rating.models import AllowanceHold, ChargingSession
from rating.operations import charging
from tests.checks import broken_promises
from tests.integration.invoicing.household import break_rules
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, HOME, Switch

pytestmark = pytest.mark.django_db
MONEY = "charging: what is held on a balance is what sessions reserved"
UNITS = "charging: units reserved are those of sessions"
ROWS = "charging: a booked session has its priced row"
PRICES = "charging: an ended session holds its price until it is booked"


@pytest.fixture(autouse=True)
def _honest_hour(operator: Operator) -> Switch:
    """One session is booked, one ended and waits, two are running: of money, and of units."""
    Account.objects.update(kind="prepaid")
    world.give(operator, "100.00")
    switch = world.switch(operator)
    switch.told("reserve", "booked", number=COUNTRY)
    switch.told("terminate", "booked", 1, used=130)
    charging.book_sessions(
        business_date=world.NOON.date(), reference=switch.reference, now=switch.now
    )
    switch.told("reserve", "ended", number=COUNTRY)
    switch.told("terminate", "ended", 1, used=70)
    switch.told("reserve", "money", number=COUNTRY)
    switch.told("reserve", "units", number=HOME)
    return switch


def change(key: str, **columns: object) -> None:
    assert ChargingSession.objects.filter(session_key=key).update(**columns) == 1


def hold_more() -> None:
    assert AccountBalance.objects.filter(held__gt=0).update(held=F("held") + 1) == 1


def hold_for_nobody() -> None:
    account = AccountBalance.objects.filter(held=0).first()
    assert account is not None
    AccountBalance.objects.filter(pk=account.pk).update(held=5)


def reserve_more() -> None:
    assert AllowanceHold.objects.filter(reserved__gt=0).update(reserved=F("reserved") + 60) == 1


def forget_the_hold() -> None:
    AllowanceHold.objects.all().delete()


def lose_the_row() -> None:
    break_rules("rating_pricedusage", "DELETE FROM rating_pricedusage")


def price_otherwise() -> None:
    break_rules("rating_pricedusage", "UPDATE rating_pricedusage SET amount = amount + 1")


VIOLATIONS: dict[str, list[Callable[[], None]]] = {
    MONEY: [
        hold_more,
        hold_for_nobody,
        lambda: change("money", held=0),
        lambda: change("money", booked_at=world.NOON, ended_at=world.NOON, held=0),
    ],
    UNITS: [
        reserve_more,
        forget_the_hold,
        lambda: change("units", units=[]),
        lambda: change("units", booked_at=world.NOON, ended_at=world.NOON, held=0),
    ],
    ROWS: [
        lose_the_row,
        price_otherwise,
        lambda: change("booked", used=F("used") + 1),
        lambda: change("booked", batch_id=F("batch_id") + 1),
        lambda: change("booked", record_key=F("record_key") + 1),
    ],
    PRICES: [
        lambda: change("ended", held=F("held") + 1),
        lambda: change("ended", amount=Decimal(0)),
    ],
}


def broken() -> list[str]:
    return broken_promises(one for one in queries.invariants() if one.name in VIOLATIONS)


def test_an_honest_hour_breaks_no_promise() -> None:
    assert ChargingSession.objects.filter(booked_at__isnull=True).count() == 3
    assert AllowanceHold.objects.filter(reserved__gt=0).count() == 1
    assert broken() == []


@pytest.mark.parametrize(
    ("name", "violate"),
    [(name, violate) for name, planted in VIOLATIONS.items() for violate in planted],
)
def test_a_planted_violation_is_found(name: str, violate: Callable[[], None]) -> None:
    violate()
    assert name in broken()


def test_every_promise_of_charging_has_a_planted_violation() -> None:
    mine = {one.name for one in queries.invariants() if one.name.startswith("charging:")}
    assert mine == set(VIOLATIONS)
