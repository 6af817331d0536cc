"""The queue of money not assigned, terminals and registries as people meet them."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import queries
from accounts.domain.notices import Incoming
from accounts.models import Account, User
from accounts.operations import intake
from accounts.operations.terminals import registries
from tests import people
from tests.browser.test_crm import administrator, come_in  # noqa: F401 - a fixture
from tests.browser.test_usage import look, sizes_and_languages, speak
from tests.machines import terminal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(administrator: User) -> Account:  # noqa: F811
    return people.open_account_for("Бобров", "Борис")


def receive(external_id: str, *, hint: str = "", amount: str = "350.00", comment: str = "") -> int:
    now = timezone.now()
    asked = Incoming(
        gateway="terminal:qiwi", external_id=external_id, amount=Decimal(amount), paid_at=now,
        business_date=timezone.localdate(now), account_hint=hint, comment=comment,
        raw=f"GET /terminals/qiwi/?command=pay&txn_id={external_id}&account={hint}&sum={amount}",
    )  # fmt: skip
    return intake.receive(incoming=asked, now=now, actor="terminal:qiwi").pk


@sizes_and_languages
def test_money_finds_its_account(
    page: Page, viewport: dict[str, int], language: str, bob: Account
) -> None:
    receive("30000001", hint="12-34", comment="За интернет, Бобров Б. Б.")
    receive("30000002", hint="999999999", amount="12000.50")
    receive("30000003", hint=bob.number, amount="10.00")
    with pytest.raises(intake.UnableToReceive):
        receive("30000003", hint=bob.number, amount="100.00")
    come_in(page)
    speak(page, language)
    page.goto("/crm/payments/incoming/")
    look(page, "incoming", viewport, language)
    page.goto("/crm/")
    page.locator(".note.soon a").click()
    look(page, "unassigned", viewport, language)
    page.locator("tbody th a").first.click()
    page.locator("#payer").fill("Бобров")
    page.locator("#payer").press("Enter")
    assign = page.locator(".rows .button").first
    expect(assign).to_be_visible()
    look(page, "notice", viewport, language)
    assign.click()
    page.locator("dialog textarea").fill("Позвонил плательщику")
    page.locator("dialog button.main").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert queries.get_balance(bob.pk).money == Decimal("360.00")


@sizes_and_languages
def test_terminals_and_registries(
    page: Page, viewport: dict[str, int], language: str, bob: Account
) -> None:
    row, machine = terminal(networks="127.0.0.0/8")
    when, now = f"{timezone.localtime():%Y%m%d%H%M%S}", timezone.now()
    machine.pay("1", bob.number, "10.00", when)
    machine.pay("3", bob.number, "12.00", when)
    lines = [f"1;{when};{bob.number};10", f"2;{when};{bob.number};5", f"4;{when};7777;50"]
    registry = registries.receive_registry(
        terminal_id=row.pk, on=timezone.localdate(), data="\n".join(lines).encode(), now=now,
        file_name="qiwi.csv", actor="staff:1",
    )  # fmt: skip
    come_in(page)
    speak(page, language)
    page.goto("/crm/payments/terminals/")
    look(page, "terminals", viewport, language)
    page.locator("h1 + .buttons .button").click()
    expect(page.locator("dialog #id_code")).to_be_visible()
    look(page, "terminal-new", viewport, language)
    page.goto("/crm/payments/registries/")
    look(page, "registries", viewport, language)
    page.goto(f"/crm/payments/registries/{registry.pk}/?outcome=missing_here")
    look(page, "registry", viewport, language)
    page.locator("h1 + .buttons .button").first.click()
    page.locator("dialog button.main").click()
    expect(page.locator(".note").first).to_be_visible()
    assert queries.get_balance(bob.pk).money == Decimal("27.00")
