"""A company's own deck prices a call online as it does in the night, from and to its days."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction

from accounts import operations as accounts_operations
from accounts.models import Account, Customer
from bench.world import BEGAN, FIRST_NUMBER, Operator
from rating.models import PricedUsage
from rating.operations import charging
from rating.queries.charging import MEMORY
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import BandDraft, RateDraft
from tariffs.models import RateDeck
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import HOME, USA, Switch
from tests.integration.rating.night import Night
from tests.people import person

pytestmark = pytest.mark.django_db
TODAY = world.NOON.date()
TOMORROW = TODAY + timedelta(days=1)
LONG_AGO = date(2026, 1, 1)


def own_deck(price: str = "0.50", *, kind: str = "voice") -> RateDeck:
    deck = tariffs_operations.create_deck(code=f"own-{kind}", name="own", usage_kind=kind)
    draft = tariffs_operations.draft_deck_version(
        deck=deck,
        valid_from=LONG_AGO,
        bands=[BandDraft("any", "Всегда", "Always")],
        rates=[RateDraft("any", Decimal(price))],
    )
    tariffs_operations.publish_deck_version(version_id=draft.pk, now=BEGAN)
    return deck


def agree(operator: Operator, deck: RateDeck, *days: date) -> None:
    """Give the first subscriber, a company, the deck from a day to a day."""
    customer = operator.accounts[0].customer
    Customer.objects.filter(pk=customer.pk).update(kind="company")
    accounts_operations.set_company_deck(
        customer_id=customer.pk,
        usage_kind=deck.usage_kind,
        deck=deck,
        active_from=days[0],
        active_to=days[1] if len(days) > 1 else None,
        reason="договор",
        now=world.NOON,
        actor="staff:1",
    )


@pytest.fixture
def prepaid(operator: Operator) -> Operator:
    """Prepaid subscribers with money; the second is a customer of their own."""
    Account.objects.update(kind="prepaid")
    other = person("Кузнецова", "Вера")
    Account.objects.filter(pk=operator.accounts[1].pk).update(customer=other)
    world.give(operator, "1000.00")
    return operator


def talk(switch: Switch, name: str = "a", *, number: str = USA, place: int = 0) -> Decimal:
    """A call of two minutes; what it costs."""
    switch.told("reserve", name, subscriber=str(FIRST_NUMBER + place), number=number, units=120)
    answer = switch.told("terminate", name, 1, used=120)
    assert answer["result"] == "ok", answer
    return world.session(name).amount


def books() -> list[tuple[object, ...]]:
    columns = ("record_key", "deck_version_id", "plan_version_id", "zone_id", "billed", "amount")
    return list(PricedUsage.objects.order_by("record_key").values_list(*columns))


@pytest.mark.parametrize(
    ("days", "is_own"),
    [
        ((LONG_AGO,), True),
        ((TODAY, TOMORROW), True),
        ((LONG_AGO, TODAY), False),
        ((TOMORROW,), False),
    ],
    ids=["always", "today", "until yesterday", "from tomorrow"],
)
def test_the_deck_holds_on_its_days(prepaid: Operator, days: tuple[date], is_own: bool) -> None:
    deck = own_deck()
    plain = talk(world.switch(prepaid, code="before"))
    agree(prepaid, deck, *days)
    after = talk(world.switch(prepaid, code="after"), "b")
    assert plain != Decimal("1.00")
    assert after == (Decimal("1.00") if is_own else plain)


def test_only_the_company_and_the_kind_of_usage_have_it(prepaid: Operator) -> None:
    world.give(prepaid, "1000.00", place=1)
    switch = world.switch(prepaid)
    plain = talk(switch, place=1)
    agree(prepaid, own_deck("7", kind="sms"), LONG_AGO)
    assert talk(switch, "b") == plain
    agree(prepaid, own_deck(), LONG_AGO)
    switch = world.switch(prepaid, code="anew")
    assert (talk(switch, "c"), talk(switch, "d", place=1)) == (Decimal("1.00"), plain)


def test_an_agreed_deck_needs_no_new_reading_of_prices(prepaid: Operator) -> None:
    deck = own_deck()
    switch = world.switch(prepaid)
    agree(prepaid, deck, LONG_AGO)
    assert talk(switch) == Decimal("1.00")
    MEMORY.forget()
    reference, _clients = MEMORY.get(world.NOON)
    assert reference.decks[deck.pk][0].version_id == world.session().deck_version_id
    MEMORY.forget()


def test_books_are_those_of_the_files(prepaid: Operator, tmp_path: Path) -> None:
    agree(prepaid, own_deck(), LONG_AGO)
    switch = world.switch(prepaid)
    lines = []
    with transaction.atomic():
        for place, number in enumerate([USA, HOME, USA]):
            at = switch.now.isoformat()
            lines.append(f"c{place},voice,{FIRST_NUMBER},{at},120,{number}")
            talk(switch, f"c{place}", number=number)
            switch.later(1000)
        switch.later(60)
        charging.book_sessions(business_date=TODAY, reference=switch.reference, now=switch.now)
        by_sessions = books()
        transaction.set_rollback(True)
    night = Night(tmp_path / "in")
    night.bring(*lines, source="csv-1")
    night.price()
    assert by_sessions == books()
    assert [row[5] for row in by_sessions].count(Decimal("1.00")) == 2
