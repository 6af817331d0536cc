"""
Every door of money × five times, out of order, three days late, cut after the capture, forged.

The books are right after each (one effect, exact balances, promises kept) and an agent sees it.
What one door alone can suffer stands in the tests of that door; docs/money.md has the table.
"""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from accounts import queries
from accounts.models import Account, Payment
from billing_project.invariants import broken_promises
from tests import people
from tests.acquirers import Bank
from tests.integration.accounts.doors import DOORS, MISFORTUNES, Outcome, World
from tests.integration.crm.conftest import as_role  # noqa: F401 - a fixture
from tests.integration.portal.conftest import subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(
    bank: Bank,
    as_role,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path,
    settings,
) -> World:
    settings.ARCHIVE_DIR = tmp_path
    entity = people.ladoga()
    entity.bank_account, entity.bank_bic = "40702810900000000017", "044030001"
    entity.save()
    alice, bob = (
        people.open_account_for(*name) for name in (("Лодкина", "Алиса"), ("Бобров", "Б"))
    )
    for account in (alice, bob):
        subscriber(account, password=None)
    world = World(alice, as_role, bank, monkeypatch, more={"bob": bob})
    monkeypatch.setattr("django.utils.timezone.now", lambda: world.now)
    return world


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words).replace("\xa0", " ").replace("\u2060", "")


@pytest.mark.parametrize("misfortune", MISFORTUNES)
@pytest.mark.parametrize("door", DOORS)
def test_books_are_right_and_an_agent_sees_it(world: World, door: str, misfortune: str) -> None:
    outcome: Outcome = getattr(DOORS[door](world), misfortune)()

    credited = sorted(map(Decimal, outcome.credited))
    assert sorted(Payment.objects.values_list("amount", flat=True)) == credited
    assert money(world.alice) == sum(credited) - Decimal(outcome.given_back)
    assert money(world.more["bob"]) == 0
    sides = queries.trial_sides(first=date(2026, 10, 1), last=date(2026, 12, 31))
    assert -sum(side.turnover for side in sides) == money(world.alice)
    assert broken_promises() == []
    told = text_of(world.as_role("agent"), outcome.page)
    assert [words for words in outcome.seen if words not in told] == []
    assert [words for words in outcome.unseen if words in told] == []


def money(account: Account) -> Decimal:
    return queries.get_balance(account.pk).money
