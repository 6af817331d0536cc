"""A cashier's day at the desk, and a card from the order to the account, as people meet them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import queries
from accounts.models import Account, CashShift, User, VoucherSeries
from accounts.operations import vouchers
from tests.browser.conftest import DESKTOP, press_shortcut
from tests.browser.test_crm import (  # noqa: F401 - fixtures
    account,
    administrator,
    both_sizes,
    come_in,
    look,
)
from tests.scratch_cards import read

pytestmark = pytest.mark.django_db(transaction=True)


@both_sizes
def test_a_day_at_the_desk(
    page: Page,
    viewport: dict[str, int],
    administrator: User,  # noqa: F811
    account: Account,  # noqa: F811
) -> None:
    before = queries.get_balance(account.pk).money
    come_in(page)
    page.goto(f"/crm/customers/{account.customer_id}/")
    page.get_by_text("Принять платёж").first.click()
    page.get_by_label("В кассе сейчас").fill("1000")
    page.get_by_role("button", name="Открыть смену").click()
    page.get_by_label("Сумма").fill("500,50")
    page.get_by_label("Внесено").fill("600")
    look(page, "desk-payment", viewport)
    page.get_by_role("button", name="Принять платёж").dblclick()
    page.get_by_role("status").get_by_role("link", name=re.compile("Чек")).click()
    page.wait_for_url(re.compile(r"/crm/desk/receipts/\d+/"))
    expect(page.locator(".slip")).to_contain_text(re.compile(r"99,50\s₽"))
    look(page, "desk-receipt", viewport)
    assert queries.get_balance(account.pk).money - before == 500.50
    page.goto("/crm/desk/")
    look(page, "desk", viewport)
    page.get_by_text("Закрыть смену").click()
    page.get_by_label("Пересчитано в кассе").fill("1500,50")
    page.locator("dialog").get_by_role("button", name="Закрыть смену").click()
    page.wait_for_url(re.compile(r"/crm/desk/\d+/"))
    expect(page.locator("h1")).to_contain_text("(Z)")
    look(page, "desk-shift", viewport)
    assert CashShift.objects.get().difference == 0


def test_a_card_from_the_order_to_the_account(
    page: Page,
    tmp_path: Path,
    administrator: User,  # noqa: F811
    account: Account,  # noqa: F811
) -> None:
    before = queries.get_balance(account.pk).money
    come_in(page)
    series = _order(page)
    # Somebody else decides.
    expect(page.locator("main")).to_contain_text("решает другой")
    vouchers.approve_series(
        approval_id=series.approval_id or 0, now=timezone.now(), actor="staff:9999"
    )
    page.reload()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Выпустить и скачать").click()
    path = tmp_path / "cards.csv"
    waiting.value.save_as(path)
    code = read(path.read_text(encoding="utf-8"))[0]
    page.reload()
    page.get_by_text("Ввести в обращение").click()
    page.locator("dialog").get_by_role("button", name="Ввести в обращение").click()
    expect(page.locator(".facts")).to_contain_text("в обращении")
    page.goto(f"/crm/customers/{account.customer_id}/")
    press_shortcut(page, "v")
    page.get_by_label("Код карты").fill("0000 0000 0000 0000")
    page.get_by_role("button", name="Активировать").click()
    expect(page.locator("dialog")).to_contain_text("Карты с таким кодом нет")
    page.get_by_label("Код карты").fill(code)
    page.get_by_role("button", name="Активировать").click()
    expect(page.get_by_role("status")).to_contain_text("300")
    assert queries.get_balance(account.pk).money - before == 300
    page.goto(f"/crm/vouchers/{series.pk}/")
    expect(page.locator("main")).to_contain_text("L26-000001")
    look(page, "vouchers-series", DESKTOP)
    page.goto("/crm/vouchers/")
    look(page, "vouchers", DESKTOP)
    page.goto("/crm/fiscal/")
    look(page, "fiscal", DESKTOP)


def _order(page: Page) -> VoucherSeries:
    page.goto("/crm/vouchers/")
    page.get_by_text("Заказать серию").click()
    until = timezone.localdate() + timedelta(days=60)
    page.get_by_label("Серия", exact=True).fill("L26")
    page.get_by_label("Номинал").fill("300")
    page.get_by_label("Карт", exact=True).fill("3")
    page.get_by_label("Действует до", exact=True).fill(until.isoformat())
    page.locator("dialog").get_by_role("button", name="Заказать").click()
    page.get_by_role("link", name="L26").click()
    page.wait_for_url(re.compile(r"/crm/vouchers/\d+/"))
    return VoucherSeries.objects.get()
