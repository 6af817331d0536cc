"""Bank statements and papers at the desk: who may, what is shown, what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import Account, BankStatement, LegalEntity
from crm.domain.requisites import is_correspondent_account
from crm.views import statements as views
from tests import people
from tests.bank_files import OURS, Order, outgoing, statement
from tests.integration.crm.conftest import StaffClient
from tests.slips import codes_on

pytestmark = pytest.mark.django_db
BANK = {
    "bank_account": OURS,
    "bank_name": "АО «Северный расчётный банк»",
    "bank_bic": "044030001",
}


@pytest.fixture
def maria(tmp_path: Path, settings: object, as_role: StaffClient) -> Account:
    """A subscriber; the operator has a bank account."""
    settings.ARCHIVE_DIR = tmp_path  # type: ignore[attr-defined]
    account = people.open_account_for("Иванова", "Мария")
    LegalEntity.objects.update(**BANK)
    return account


@pytest.fixture
def accountant(as_role: StaffClient) -> Client:
    """A browser of an accountant."""
    return as_role("accountant")


def bring(client: Client, data: bytes, name: str = "kl_to_1c.txt") -> HttpResponse:
    """Upload a file."""
    file = SimpleUploadedFile(name, data, content_type="text/plain")
    return client.post("/crm/statements/", {"file": file})


def wrote(account: Account, *more: Order) -> bytes:
    """A statement of today with a payment for the account."""
    day = timezone.localdate().strftime("%d.%m.%Y")
    purpose = f"л/с {account.number}"
    return statement(Order("450.50", purpose=purpose, day=day, number="1"), *more)


def money(account: Account) -> Decimal:
    """What is on the account."""
    return accounts_queries.get_balance(account.pk).money


@pytest.mark.parametrize("role", ["agent", "cashier"])
def test_only_accountants_load_statements(role: str, as_role: StaffClient, maria: Account) -> None:
    client = as_role(role)
    assert client.get("/crm/statements/").status_code == 403
    assert bring(client, wrote(maria)).status_code == 403
    assert not BankStatement.objects.exists()


def test_a_statement_is_shown_then_credited(accountant: Client, maria: Account) -> None:
    day = timezone.localdate().strftime("%d.%m.%Y")
    unknown = Order("70.00", purpose="л/с 100009999", day=day, number="2", payer="ИП Щукин")
    answer = bring(accountant, wrote(maria, unknown, outgoing("5.00", day=day)))
    [taken] = BankStatement.objects.all()
    assert answer.url == f"/crm/statements/{taken.pk}/"
    page = accountant.get(answer.url).content.decode()
    for said in (maria.number, "Иванова Мария", "ИП Щукин", "лицевого счёта с номером", "450,50"):
        assert said in page
    assert money(maria) == 0
    dialog = accountant.get(f"{answer.url}confirm/").content.decode()
    assert "На лицевые счета: 1 (450,50" in dialog
    accountant.post(f"{answer.url}confirm/")
    assert money(maria) == Decimal("450.50")
    loaded = accountant.get(answer.url).content.decode()
    assert "зачислен" in loaded
    assert "/confirm/" not in loaded
    assert "Решить, чьи это деньги" in loaded


def test_the_history_of_the_customer_shows_the_payment(accountant: Client, maria: Account) -> None:
    answer = bring(accountant, wrote(maria))
    accountant.post(f"{answer.url}confirm/")
    card = accountant.get(f"/crm/customers/{maria.customer_id}/").content.decode()
    assert "450,50" in card


def test_the_same_file_again_says_so(accountant: Client, maria: Account) -> None:
    data = wrote(maria)
    answer = bring(accountant, data)
    accountant.post(f"{answer.url}confirm/")
    again = bring(accountant, data, "another name.txt")
    assert again.url == answer.url
    assert "Этот файл уже загружен" in accountant.get(again.url).content.decode()
    accountant.post(f"{answer.url}confirm/")
    assert money(maria) == Decimal("450.50")


def test_faults_are_listed_with_their_lines(accountant: Client, maria: Account) -> None:
    broken = wrote(maria).replace(b"=450.50", b"=many")
    page = bring(accountant, broken).content.decode()
    assert "ничего не принято" in page
    assert "24" in page
    assert not BankStatement.objects.exists()
    assert "обязательно" in accountant.post("/crm/statements/", {}).content.decode().lower()


def test_a_statement_may_be_set_aside(accountant: Client, maria: Account) -> None:
    answer = bring(accountant, wrote(maria))
    accountant.post(f"{answer.url}discard/")
    assert BankStatement.objects.get().state == "discarded"
    refused = accountant.post(f"{answer.url}confirm/").content.decode()
    assert "отложена" in refused
    assert money(maria) == 0


def test_a_large_statement_is_left_to_a_worker(
    accountant: Client, maria: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0)
    answer = bring(accountant, wrote(maria))
    accountant.post(f"{answer.url}confirm/")
    assert BankStatement.objects.get().state == "loading"
    assert "every 2s" in accountant.get(answer.url).content.decode()
    from accounts.tasks import load_statements

    load_statements()
    assert BankStatement.objects.get().state == "loaded"
    assert "every 2s" not in accountant.get(answer.url).content.decode()
    assert money(maria) == Decimal("450.50")


def test_lines_are_filtered_by_what_becomes_of_them(accountant: Client, maria: Account) -> None:
    day = timezone.localdate().strftime("%d.%m.%Y")
    answer = bring(accountant, wrote(maria, Order("7.00", purpose="?", day=day, payer="ИП Щукин")))
    page = accountant.get(f"{answer.url}?fate=unassigned").content.decode()
    assert "ИП Щукин" in page
    assert maria.number not in page
    assert "ИП Щукин" not in accountant.get(f"{answer.url}?text={maria.number}").content.decode()
    assert accountant.get(f"{answer.url}?fate=nonsense&after=x").status_code == 200


def test_the_file_comes_back_as_it_was(accountant: Client, maria: Account) -> None:
    data = wrote(maria)
    answer = bring(accountant, data)
    file = accountant.get(f"{answer.url}file/")
    assert file.content == data
    assert "attachment" in file.headers["Content-Disposition"]
    assert accountant.get("/crm/statements/999/").status_code == 404


def test_a_slip_is_printed_from_the_card(as_role: StaffClient, maria: Account) -> None:
    agent = as_role("agent")
    address = f"/crm/accounts/{maria.pk}/slip/"
    assert address in agent.get(f"/crm/customers/{maria.customer_id}/").content.decode()
    [code] = codes_on(agent.get(address).content)
    assert f"PersAcc={maria.number}" in code
    LegalEntity.objects.update(bank_account="")
    assert agent.get(address).status_code == 302
    assert "реквизиты" in agent.get(f"/crm/customers/{maria.customer_id}/").content.decode()
    assert agent.get("/crm/accounts/999/slip/").status_code == 404


def test_the_register_is_for_those_who_see_reports(
    as_role: StaffClient, accountant: Client, maria: Account
) -> None:
    assert as_role("agent").get("/crm/reports/bills/").status_code == 403
    page = accountant.get("/crm/reports/bills/").content.decode()
    assert "В этом месяце счетов нет" in page
    entity = LegalEntity.objects.get()
    asked = f"/crm/reports/bills/?month=2026-11&entity={entity.pk}"
    workbook = accountant.get(f"{asked}&form=xlsx")
    assert workbook.content[:4] == b"PK\x03\x04"
    assert 'filename="bills-2026-11.xlsx"' in workbook.headers["Content-Disposition"]
    assert accountant.get(f"{asked}&form=csv").content.decode("utf-8-sig").startswith("№;")
    assert "2026-11" in accountant.get("/crm/reports/bills/?month=x&entity=1").content.decode()


@pytest.mark.parametrize(
    ("account", "bic", "is_right"),
    [
        ("30101810000000000001", "044030001", True),
        ("30101810100000000001", "044030001", False),
        ("40702810700000000017", "044030001", False),
        ("3010181000000000000", "044030001", False),
        ("30101810000000000001", "x", False),
    ],
)
def test_a_correspondent_account_checks_with_its_bank(
    account: str, bic: str, is_right: bool
) -> None:
    assert is_correspondent_account(account, bic=bic) is is_right


def test_bank_requisites_are_edited_and_checked(as_role: StaffClient, maria: Account) -> None:
    administrator = as_role("administrator")
    entity = LegalEntity.objects.get()
    address = f"/crm/catalogue/accounts/legalentity/{entity.pk}/change/"
    columns = {field.name: getattr(entity, field.name) for field in LegalEntity._meta.fields}
    wrong = {**columns, "bank_account": "40702810800000000017", "other_bank_accounts": "407"}
    page = administrator.post(address, wrong).content.decode()
    assert "не сходится" in page or "БИК" in page
    assert "двадцать цифр" in page
    right = {**columns, "bank_account": "40702810700000000017"}
    right |= {"correspondent_account": "30101810000000000001"}
    assert administrator.post(address, right).status_code == 302
    entity.refresh_from_db()
    assert entity.correspondent_account == "30101810000000000001"


def test_a_company_is_found_by_its_inn(accountant: Client, maria: Account) -> None:
    bereg = accounts_operations.create_company(
        name="ООО «Берег»", inn="7801000005", now=people.NOON, actor=people.CLERK
    )
    account = people.open_account(bereg, kind="postpaid")
    day = timezone.localdate().strftime("%d.%m.%Y")
    answer = bring(accountant, statement(Order("90.00", day=day)))
    page = accountant.get(answer.url).content.decode()
    assert account.number in page
    assert "ИНН компании с одним лицевым счётом" in page
