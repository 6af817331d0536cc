"""A bank statement as an accountant meets it: brought, looked through, confirmed."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, BankStatement, LegalEntity, User
from tests import people
from tests.bank_files import OURS, Order, outgoing, statement
from tests.browser.test_crm import administrator, come_in  # noqa: F401 - a fixture
from tests.browser.test_usage import look, sizes_and_languages, speak

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def maria(administrator: User, settings: Any, tmp_path: Path) -> Account:  # noqa: F811
    """A subscriber; the operator has a bank account."""
    settings.ARCHIVE_DIR = tmp_path / "archive"
    account = people.open_account_for("Иванова", "Мария")
    LegalEntity.objects.update(bank_account=OURS)
    return account


def the_bank_wrote(folder: Path, account: Account, *, cut: bool = False) -> Path:
    """A statement of today with one payment for the account, two in doubt, one that leaves."""
    day = timezone.localdate().strftime("%d.%m.%Y")
    orders = [
        Order("450.50", purpose=f"Оплата за связь, л/с № {account.number}", day=day, number="1"),
        Order("1000.00", purpose="Оплата услуг связи", day=day, number="2"),
        Order("70.00", purpose="л/с 100009999", payer="ИП Щукин", day=day, number="3"),
        outgoing("15000.00", day=day, number="4"),
    ]
    path = folder / "kl_to_1c.txt"
    path.write_bytes(statement(*orders)[: -200 if cut else None])
    return path


def money(account: Account) -> Decimal:
    """What is on the account."""
    return accounts_queries.get_balance(account.pk).money


@sizes_and_languages
def test_a_statement_is_looked_through_and_confirmed(
    page: Page, viewport: dict[str, int], language: str, maria: Account, tmp_path: Path
) -> None:
    come_in(page)
    speak(page, language)
    page.goto("/crm/statements/")
    page.set_input_files("#id_file", the_bank_wrote(tmp_path, maria))
    page.locator("main form button.main").click()
    page.wait_for_url(re.compile(r"statements/\d+/"))
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.locator("main")).to_contain_text(maria.number)
    look(page, "statement-preview", viewport, language)
    assert money(maria) == 0
    page.locator("a[href$='/confirm/']").click()
    page.locator("dialog button.main").click()
    expect(page.locator(".note[role=status]")).to_contain_text("450")
    look(page, "statement-loaded", viewport, language)
    assert money(maria) == Decimal("450.50")
    page.goto("/crm/statements/")
    look(page, "statements", viewport, language)


def test_the_same_file_again_says_so_and_a_cut_one_is_refused(
    page: Page, maria: Account, tmp_path: Path
) -> None:
    come_in(page)
    for _time in range(2):
        page.goto("/crm/statements/")
        page.set_input_files("#id_file", the_bank_wrote(tmp_path, maria))
        page.locator("main form button.main").click()
        page.wait_for_url(re.compile(r"statements/\d+/"))
        if page.locator("a[href$='/confirm/']").count():
            page.locator("a[href$='/confirm/']").click()
            page.locator("dialog button.main").click()
            expect(page.locator(".note[role=status]")).to_be_visible()
    expect(page.locator(".note.now")).to_contain_text("уже загружен")
    assert money(maria) == Decimal("450.50")
    page.goto("/crm/statements/")
    page.set_input_files("#id_file", the_bank_wrote(tmp_path, maria, cut=True))
    page.locator("main form button.main").click()
    expect(page.locator("[role=alert]")).to_contain_text("ничего не принято")
    expect(page.locator("main")).to_contain_text("Файл оборван")
    look(page, "statement-refused", {"width": 1280}, "ru")
    assert BankStatement.objects.count() == 1


@sizes_and_languages
def test_reports_of_bills_and_debt(
    page: Page, viewport: dict[str, int], language: str, maria: Account
) -> None:
    accounts_operations.post(
        postings=[
            Posting(
                account_id=maria.pk,
                kind=Kind.ONE_OFF,
                ref=1,
                amount=Decimal("-310.00"),
                business_date=timezone.localdate(),
            )
        ],
        now=timezone.now(),
        actor="system:test",
    )
    come_in(page)
    speak(page, language)
    page.goto("/crm/reports/debt/")
    expect(page.locator("main")).to_contain_text(maria.number)
    look(page, "debt", viewport, language)
    page.goto("/crm/reports/bills/")
    look(page, "register", viewport, language)
    with page.expect_download() as download:
        page.locator("a", has_text="XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")
