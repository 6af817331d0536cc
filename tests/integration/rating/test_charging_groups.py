"""Members of a group talk on the minutes that its owner shares, up to their caps."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction

from accounts import queries as accounts_queries
from accounts.models import Account, PlanAssignment
from bench.world import BEGAN, FIRST_NUMBER, Operator
from rating import queries
from rating.models import AllowanceHold, AllowanceUse, PricedUsage, RunningTotal, UsageCover
from rating.operations import charging, limits
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import RateDeck
from tests.checks import broken_promises
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import HOME, Switch, session
from tests.integration.rating.night import Night

pytestmark = pytest.mark.django_db
BALANCE = [item for item in accounts_queries.invariants() if item.name.startswith("balance")]


@pytest.fixture
def switch(operator: Operator) -> Switch:
    """The first subscriber shares ten minutes; the second, with 100 roubles, may take five."""
    Account.objects.update(kind="prepaid")
    decks = {deck.usage_kind: deck for deck in RateDeck.objects.exclude(usage_kind="session")}
    plan = tariffs_operations.create_plan(
        code="home", name_ru="Дом", name_en="Home", service="mobile"
    )
    version = tariffs_operations.draft_plan_version(
        plan=plan,
        fee=Decimal("300.00"),
        on_sale_from=date(2026, 1, 1),
        decks=decks,
        allowances=[AllowanceDraft("voice", 600, ("local",), priority=5, is_shared=True)],
    )
    tariffs_operations.publish_plan_version(version_id=version.pk, now=BEGAN)
    owner, member = _mobiles(operator)
    PlanAssignment.objects.filter(subscription_id=owner).update(plan_version=version)
    before = world.NOON - timedelta(days=1)
    group = limits.open_group(owner_id=owner, name="Дом", now=before, actor="staff:1")
    limits.add_member(
        group_id=group.pk, subscription_id=member, now=before, actor="staff:1", cap_voice=300
    )
    world.give(operator, "100.00", place=1)
    return world.switch(operator)


def _mobiles(operator: Operator) -> tuple[int, int]:
    services = [one.pk for one in operator.subscriptions if one.service == "mobile"]
    return services[0], services[1]


def member(switch: Switch, verb: str, *how: object, **asked: object) -> dict[str, object]:
    if verb == "reserve":
        asked = {"subscriber": str(FIRST_NUMBER + 1), "number": HOME, **asked}
    return switch.told(verb, *how, **asked)


def book(switch: Switch) -> None:
    switch.later(60)
    charging.book_sessions(
        business_date=world.NOON.date(), reference=switch.reference, now=switch.now
    )


def test_a_member_reserves_of_the_owners_counter(switch: Switch) -> None:
    member(switch, "reserve", "m", units=240)
    owner, _ = _mobiles(switch.operator)
    hold = AllowanceHold.objects.get()
    assert (hold.subscription_id, hold.reserved) == (owner, 240)
    assert session("m").held == 0


def test_a_cap_holds_over_sessions_side_by_side(switch: Switch) -> None:
    member(switch, "reserve", "a", units=240)
    member(switch, "reserve", "b", units=240)
    owner, own = _mobiles(switch.operator)
    reserved = dict(AllowanceHold.objects.values_list("subscription_id", "reserved"))
    # Five minutes of the group's, the rest of the hour that is the member's own.
    assert reserved == {owner: 300, own: 180}


def test_the_owner_finds_less(switch: Switch) -> None:
    member(switch, "reserve", "m", units=240)
    told = switch.told("authorise", subscriber=str(FIRST_NUMBER), number=HOME)
    assert told["units"] == 360


def test_books_are_those_of_the_files(switch: Switch, tmp_path: Path) -> None:
    def books() -> list[object]:
        rows = PricedUsage.objects.values_list(
            "record_key", "quantity", "billed", "amount", "allowance_id", "allowance_used"
        )
        uses = AllowanceUse.objects.values_list("subscription_id", "allowance_id", "used")
        totals = RunningTotal.objects.values_list("subscription_id", "meter", "number", "quantity")
        covers = UsageCover.objects.values_list("record_key", "owner_id", "allowance_id", "used")
        return [sorted(found) for found in (rows, uses, totals, covers)]

    used, lines = [200, 130, 500], []
    with transaction.atomic():
        for place, length in enumerate(used):
            member(switch, "reserve", f"c{place}", units=600)
            lines.append(
                f"c{place},voice,{FIRST_NUMBER + 1},{switch.now.isoformat()},{length},{HOME}"
            )
            member(switch, "terminate", f"c{place}", 1, used=length)
            switch.later(1000)
        book(switch)
        by_sessions = books()
        assert broken_promises([*queries.invariants(), *BALANCE]) == []
        transaction.set_rollback(True)
    night = Night(tmp_path / "in")
    night.bring(*lines, source="csv-1")
    night.price()
    assert by_sessions == books()
    assert len(by_sessions[0]) == 3
