"""An operator's first weeks, from an empty database: set-up, person, service, calls, bill, payment."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account, User
from billing_project import night_steps
from billing_project.invariants import broken_promises
from billing_project.kernel.periods import month_of
from invoicing.models import Bill
from tests.browser.conftest import press_shortcut
from tests.browser.test_crm import administrator, come_in, press, set_up  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)

ONE_MINUTE_AND_A_SECOND = 61


def asterisk_line(start: datetime, *, number: int) -> str:
    """A call from the first number to Moscow, as Asterisk writes it in the local time of the switch."""
    local = timezone.localtime(start)
    stamps = [f"{local + timedelta(seconds=more):%Y-%m-%d %H:%M:%S}" for more in (0, 5, 66)]
    quoted = ["", "79215550000", "84951234567", "out", "", "SIP/1", "SIP/2", "Dial", "", *stamps]
    head = ",".join(f'"{value}"' for value in quoted)
    return f'{head},66,{ONE_MINUTE_AND_A_SECOND},"ANSWERED","3","{number}.1",""\n'


def close_until_bill(folder: Path) -> None:
    """The night of the calls, and the night that ends the month."""
    today = timezone.localdate()
    month = month_of(today)
    for day in sorted({today, month.last_day}):
        next_morning = datetime.combine(
            day + timedelta(days=1), datetime.min.time(), tzinfo=timezone.get_current_timezone()
        )
        night_steps.close_day(
            business_date=day, now=next_morning + timedelta(hours=1), folder=folder
        )


def test_from_the_empty_database_to_the_paid_bill(
    page: Page,
    administrator: User,  # noqa: F811
    tmp_path: Path,
    settings,
) -> None:
    settings.ARCHIVE_DIR = tmp_path / "archive"
    come_in(page)
    set_up(page)
    _connect_a_person(page)
    folder = tmp_path / "usage" / "asterisk"
    folder.mkdir(parents=True)
    began = timezone.now() + timedelta(seconds=1)
    calls = [asterisk_line(began, number=number) for number in (1, 2)]
    (folder / "Master.csv").write_text("".join([*calls, calls[0], "broken,line\n"]))

    close_until_bill(tmp_path / "usage")

    bill = Bill.objects.get()
    usage = bill.lines.get(kind="usage")
    # Two calls of a minute and a second at 3.50 a started minute; the repeated line costs nothing.
    assert (usage.count, usage.gross) == (2, Decimal("14.00"))
    assert bill.gross == usage.gross + bill.lines.get(kind="fee").gross
    assert broken_promises() == []
    page.goto(f"/crm/customers/{bill.account.customer_id}/")
    expect(page.locator(".timeline")).to_contain_text(bill.number_text)
    pdf = page.request.get(f"/crm/bills/{bill.pk}/pdf/")
    assert (pdf.status, pdf.body()[:5]) == (200, b"%PDF-")
    _pay(page, bill.closing)
    assert Account.objects.get().payments.get().amount == bill.closing
    page.goto("/crm/suspense/")
    expect(page.locator("main")).to_contain_text("broken,line")


def _connect_a_person(page: Page) -> None:
    press_shortcut(page, "n")
    page.get_by_label("Фамилия").fill("Сергеев")
    page.get_by_label("Имя", exact=True).fill("Илья")
    page.get_by_role("button", name="Сохранить").click()
    press(page, "Подписать договор", send="Подписать")
    press(page, "Открыть лицевой счёт", send="Открыть")
    page.get_by_text("Подключить услугу").click()
    page.get_by_label("Номер").select_option(index=1)
    page.get_by_role("button", name="Подключить", exact=True).click()
    expect(page.locator(".service")).to_contain_text("+7 921 555-00-00")


def _pay(page: Page, amount: Decimal) -> None:
    page.get_by_text("Принять платёж").first.click()
    page.get_by_role("button", name="Открыть смену").click()
    page.get_by_label("Сумма").fill(str(amount).replace(".", ","))
    page.get_by_role("button", name="Принять платёж").click()
    # The bill is paid; the night that issued it had charged the coming month's 300.
    expect(page.locator(".worries")).to_contain_text(re.compile(r"−300(,00)?\s₽"))
