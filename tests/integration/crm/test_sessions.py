"""Online sessions at the desk: seen, and closed by hand with a reason."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from bench.world import build_operator
from rating.models import ChargingSession
from rating.queries.charging import MEMORY
from tests.integration.crm.conftest import StaffClient
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, Switch, figures

pytestmark = pytest.mark.django_db
LIST = reverse("crm:sessions")


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A switch with a session that goes on: 45 seconds used, a minute reserved."""
    operator = build_operator(subscribers=2)
    Account.objects.update(kind="prepaid")
    world.give(operator, "100.00")
    switch = world.switch(operator, now=timezone.now())
    MEMORY.forget()
    switch.told("reserve", "call-1", number=COUNTRY, units=60)
    switch.told("update", "call-1", 1, used=45, units=60)
    yield switch
    MEMORY.forget()


def shown(client: object, address: str = LIST) -> str:
    return client.get(address).content.decode()  # type: ignore[attr-defined]


def held() -> Decimal:
    return ChargingSession.objects.get().held


def written(amount: Decimal) -> str:
    return str(amount).replace(".", ",")


def test_agent_sees_what_goes_on_and_what_it_holds(as_role: StaffClient, switch: Switch) -> None:
    page = shown(as_role("agent"))
    assert "call-1" in page
    assert "идёт" in page
    assert written(held()) in page
    assert "Закрыть" not in page


def test_list_of_one_account(as_role: StaffClient, switch: Switch) -> None:
    first, second = (account.number for account in switch.operator.accounts)
    agent = as_role("agent")
    assert "call-1" in shown(agent, f"{LIST}?account={first}")
    assert "Ничего не идёт" in shown(agent, f"{LIST}?account={second}")
    assert "Ничего не идёт" in shown(agent, f"{LIST}?account=nobody")


def test_card_tells_what_is_reserved(as_role: StaffClient, switch: Switch) -> None:
    card = reverse("crm:card", args=[switch.operator.accounts[0].customer_id])
    page = shown(as_role("agent"), card)
    assert "Зарезервировано" in page
    assert written(Decimal("100.00") - held()) in page


def test_accountant_closes_with_a_reason(as_role: StaffClient, switch: Switch) -> None:
    session, before = ChargingSession.objects.get(), held()
    address = reverse("crm:close-session", args=[session.pk])
    accountant = as_role("accountant")
    accountant.post(address, {"reason": ""})
    assert ChargingSession.objects.get().ended_at is None
    accountant.post(address, {"reason": "коммутатор перезапущен"})
    session.refresh_from_db()
    assert (session.ending, session.reason) == ("closed", "коммутатор перезапущен")
    assert session.ended_by.startswith("staff:")
    # A minute to the country; what it costs depends on the hour at which the test runs.
    assert Decimal("1.00") < session.amount < before
    assert figures(session.account_id) == (Decimal("100.00"), session.amount)
    again = accountant.post(address, {"reason": "ещё раз"}).content.decode()
    assert "уже не идёт" in again


@pytest.mark.parametrize(
    ("role", "list_code", "close_code"), [("cashier", 403, 403), ("agent", 200, 403)]
)
def test_doors(
    as_role: StaffClient, switch: Switch, role: str, list_code: int, close_code: int
) -> None:
    client = as_role(role)
    assert client.get(LIST).status_code == list_code
    close = reverse("crm:close-session", args=[ChargingSession.objects.get().pk])
    assert client.post(close, {"reason": "x"}).status_code == close_code
    assert ChargingSession.objects.get().ended_at is None
