"""Where money could be charged twice, or lost: runs that meet, records told again, undone prices."""

from decimal import Decimal

import pytest

from accounts.models import Account
from bench.world import Operator
from rating import queries
from rating.models import PricedUsage
from rating.operations import charging
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, Switch, figures, session
from tests.integration.rating.night import Night
from tests.integration.rating.test_order import broken, load, sms

pytestmark = pytest.mark.django_db


def in_force(operator: Operator, who: int = 0) -> list[tuple[str, str]]:
    """Hour and amount of what a subscriber pays for, in order of time."""
    found = queries.list_usage(account_id=operator.accounts[who].pk)
    return sorted((f"{row.started_at:%H}", str(row.amount)) for row in found)


class TestOrder:
    """Late records, where what they displace was delivered corrected."""

    def test_a_record_that_came_corrected_only_is_displaced(
        self, night: Night, operator: Operator
    ) -> None:
        load(
            night,
            sms("plain", "08:00:00", quantity=1),
            sms("corrected", "12:00:00", quantity=5, correction="1"),
        )
        load(night, sms("late", "11:00:00", quantity=5))
        assert in_force(operator) == [("05", "0.00"), ("08", "2.50"), ("09", "12.50")]
        assert broken() == set()

    def test_a_record_that_was_moved_to_a_later_hour_is_displaced(
        self, night: Night, operator: Operator
    ) -> None:
        load(night, sms("moved", "08:00:00", quantity=5))
        load(night, sms("moved", "12:00:00", quantity=5, correction="1"))
        load(night, sms("late", "11:00:00", quantity=5))
        assert in_force(operator) == [("08", "0.00"), ("09", "12.50")]
        assert broken() == set()


@pytest.fixture
def switch(operator: Operator) -> Switch:
    """A switch whose first subscriber has 100 roubles, prepaid."""
    Account.objects.update(kind="prepaid")
    world.give(operator, "100.00")
    return world.switch(operator)


def book(switch: Switch) -> charging.Booked:
    return charging.book_sessions(
        business_date=world.NOON.date(), reference=switch.reference, now=switch.now
    )


class TestSessions:
    def test_two_of_one_record_are_charged_once(self, switch: Switch, operator: Operator) -> None:
        for key in ("a", "b"):
            switch.told("reserve", key, number=COUNTRY, record_id=("call-1",))
            switch.told("terminate", key, 1, used=60)
        switch.told("reserve", "c", number=COUNTRY)
        switch.told("terminate", "c", 1, used=60)
        booked = book(switch)
        assert (booked.sessions, booked.by_record) == (2, 1)
        assert figures(operator.accounts[0].pk) == (Decimal("93.10"), Decimal("0.00"))
        assert PricedUsage.objects.count() == 2
        assert broken() == set()

    def test_whose_record_was_withdrawn_costs_nothing(
        self, switch: Switch, operator: Operator, night: Night
    ) -> None:
        switch.told("reserve", "a", number=COUNTRY)
        switch.told("terminate", "a", 1, used=60)
        line = f"a,voice,79210000000,2026-11-18T12:00:00+03:00,0,{COUNTRY},1"
        load(night, line)
        booked = book(switch)
        assert (booked.sessions, booked.by_record) == (0, 1)
        assert figures(operator.accounts[0].pk) == (Decimal("100.00"), Decimal("0.00"))
        assert session().ending == "by_record"
        assert broken() == set()
