"""One log-in over the household's accounts: the owner manages, the payer pays and sees money only."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Customer
from accounts.operations import households
from tests import people
from tests.integration.portal import conftest as given

pytestmark = pytest.mark.django_db
WHO = {"now": people.NOON, "actor": people.CLERK}
MONEY = ("payments", "payment-history", "help", "inbox", "settings")
WHOLE = ("services", "usage", "charges", "promise")


def address(name: str, *args: object) -> str:
    return reverse(f"portal:{name}", args=args)


@pytest.fixture
def home(db: None) -> Customer:
    anna = given.open_account("Смирнова", "Анна")
    return households.create_household(owner_id=anna.customer_id, name="Семья Смирновых", **WHO)


def join(home: Customer, name: str, role: str) -> Account:
    account = given.open_account("Смирнов", name)
    households.add_person(household_id=home.pk, person_id=account.customer_id, role=role, **WHO)
    return account


def signed_in(account: Account) -> Client:
    browser = Client(headers={"accept-language": "ru"})
    browser.force_login(
        given.subscriber(account, password=None), backend="portal.auth.SubscriberBackend"
    )
    return browser


def choose(browser: Client, account: Account) -> None:
    answer = browser.post(address("choose-account"), {"account": account.pk})
    assert answer.status_code == 302


class TestPayer:
    @pytest.fixture
    def child(self, home: Customer) -> Account:
        account = join(home, "Глеб", "child")
        given.pay(account, "77.10")
        return account

    @pytest.fixture
    def payer(self, home: Customer, child: Account) -> Client:
        return signed_in(join(home, "Борис", "payer"))

    def test_sees_whose_accounts_there_are(self, payer: Client) -> None:
        page = payer.get(address("payments")).content.decode()
        assert "Смирнов Глеб" in page
        assert "Смирнова Анна" in page

    @pytest.mark.parametrize("name", MONEY)
    def test_sees_the_money(self, payer: Client, child: Account, name: str) -> None:
        choose(payer, child)
        assert payer.get(address(name)).status_code == 200

    @pytest.mark.parametrize("name", WHOLE)
    def test_sees_nobodys_calls(self, payer: Client, child: Account, name: str) -> None:
        assert payer.get(address(name)).status_code == 200
        choose(payer, child)
        answer = payer.get(address(name))
        assert answer.status_code == 403
        assert "Вы платите за этот лицевой счёт" in answer.content.decode()

    def test_begins_at_the_payments(self, payer: Client, child: Account) -> None:
        choose(payer, child)
        answer = payer.get(address("dashboard"), follow=True)
        assert answer.redirect_chain == [(address("payments"), 302)]
        assert "77,10" in answer.content.decode()

    def test_opens_bills_of_others_and_not_their_services(
        self, payer: Client, child: Account
    ) -> None:
        bill = given.issue_bill(child)
        service = given.connect(child, "mobile", kind="msisdn", value="79215550333")
        assert payer.get(address("bill", bill.pk)).status_code == 200
        assert payer.get(address("plans", service.pk)).status_code == 404
        assert payer.get(address("packages", service.pk)).status_code == 404

    def test_sees_nothing_more_after_leaving(
        self, payer: Client, home: Customer, child: Account
    ) -> None:
        choose(payer, child)
        boris = Customer.objects.get(first_name="Борис")
        households.remove_person(household_id=home.pk, person_id=boris.pk, **WHO)
        page = payer.get(address("payments")).content.decode()
        assert "Смирнов Глеб" not in page
        bill = given.issue_bill(child)
        assert payer.get(address("bill", bill.pk)).status_code == 404


def test_the_owner_manages_the_childs_account(home: Customer) -> None:
    child = join(home, "Глеб", "child")
    service = given.connect(child, "mobile", kind="msisdn", value="79215550333")
    owner = signed_in(Account.objects.get(customer__first_name="Анна"))
    choose(owner, child)
    assert owner.get(address("services")).status_code == 200
    assert owner.get(address("plans", service.pk)).status_code == 200


@pytest.mark.parametrize("role", ["user", "child"])
def test_others_see_their_own_only(home: Customer, role: str) -> None:
    other = signed_in(join(home, "Вера", role))
    page = other.get(address("payments")).content.decode()
    assert "Анна" not in page
    anna = Account.objects.get(customer__first_name="Анна")
    assert other.post(address("choose-account"), {"account": anna.pk}).status_code == 404
