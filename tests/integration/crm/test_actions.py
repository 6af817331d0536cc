"""What agents, cashiers and accountants do on the card: one form, one operation."""

import json
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import (
    Account,
    Adjustment,
    CashShift,
    Contract,
    Customer,
    IdentifierUse,
    Payment,
    Subscription,
)
from accounts.operations import add_pool_numbers, cash_desk
from billing_project.kernel.models import Approval, BusinessEvent
from crm.models import Interaction
from invoicing.models import PlanChange
from tests import people
from tests.integration.crm.conftest import StaffClient, staff

pytestmark = pytest.mark.django_db

SERGEEV = {"last_name": "Сергеев", "first_name": "Илья", "language": "ru", "request_id": "r1"}


@pytest.fixture
def account(db: None) -> Account:
    return people.open_account_for("Иванова", "Мария")


def money_of(account: Account) -> Decimal:
    return accounts_queries.get_balance(account.pk).money


def page_of(client: Client, address: str) -> str:
    return client.get(address).content.decode().replace("\u00a0", " ")


def test_a_person_is_created_from_a_phone_in_any_notation(as_role: StaffClient) -> None:
    values = {
        "last_name": "Сергеев",
        "first_name": "Илья",
        "phone": "8 (921) 555-01-77",
        "language": "ru",
        "request_id": "r1",
    }
    answer = as_role("agent").post("/crm/people/new/", values)
    customer = Customer.objects.get(last_name="Сергеев")
    assert answer.headers["location"] == f"/crm/customers/{customer.pk}/"
    assert customer.phone == "79215550177"


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "12"), ("inn", "500100732258"), ("last_name", " ")]
)
def test_what_is_wrong_with_a_person_is_said_at_the_field(
    as_role: StaffClient, field: str, value: str
) -> None:
    values = {**SERGEEV, field: value}
    answer = as_role("agent").post("/crm/people/new/", values)
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    assert not Customer.objects.exists()


def test_a_company_needs_an_inn_that_checks(as_role: StaffClient) -> None:
    client = as_role("agent")
    values = {"name": "ООО «Берег»", "inn": "7707083894", "language": "ru", "request_id": "r"}
    assert client.post("/crm/companies/new/", values).context["form"].errors.keys() == {"inn"}
    client.post("/crm/companies/new/", {**values, "inn": "7707083893"})
    assert Customer.objects.get().name == "ООО «Берег»"


def test_from_the_contract_to_the_service(as_role: StaffClient) -> None:
    client, customer = as_role("agent"), people.person("Иванова", "Мария")
    signed = {"request_id": "c1", "legal_entity": people.ladoga().pk, "signed_on": "2026-11-02"}
    client.post(f"/crm/customers/{customer.pk}/contract/", signed)
    contract = Contract.objects.get(customer=customer)
    opened = {"request_id": "a1", "kind": "prepaid", "credit_limit": "0", "cycle_day": "1"}
    client.post(f"/crm/contracts/{contract.pk}/account/", opened)
    account = Account.objects.get(customer=customer)
    version = people.plan_version()
    add_pool_numbers(kind="msisdn", values=["79215550101"])
    chosen = {"plan_version": version.pk, "number": "msisdn:79215550101"}
    client.post(f"/crm/accounts/{account.pk}/service/", chosen)
    service = Subscription.objects.get(account=account)
    assert (service.state, service.service) == ("active", "mobile")
    assert IdentifierUse.objects.get(subscription=service).value == "79215550101"
    pdf = client.get(f"/crm/contracts/{contract.pk}/pdf/")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")


def test_a_number_given_out_meanwhile_is_refused(as_role: StaffClient, account: Account) -> None:
    other = people.open_account_for("Петров", "Олег")
    people.order_mobile(other, number="79215550101")
    chosen = {"plan_version": people.plan_version().pk, "number": "msisdn:79215550101"}
    answer = as_role("agent").post(f"/crm/accounts/{account.pk}/service/", chosen)
    assert "79215550101" in str(answer.context["form"].non_field_errors())
    assert not Subscription.objects.filter(account=account).exists()


def test_a_mobile_service_needs_a_number(as_role: StaffClient, account: Account) -> None:
    chosen = {"plan_version": people.plan_version().pk, "number": ""}
    answer = as_role("agent").post(f"/crm/accounts/{account.pk}/service/", chosen)
    assert answer.context["form"].errors.keys() == {"number"}


@pytest.fixture
def shift(db: None) -> CashShift:
    """The cashier's open shift, with an empty drawer."""
    return cash_desk.open_shift(
        cashier_id=staff("cashier").pk,
        opening=Decimal(0),
        business_date=timezone.localdate(),
        now=timezone.now(),
    )


CASH = {"amount": "500,50", "method": "cash", "request_id": "k17"}


def test_a_double_click_pays_once(as_role: StaffClient, account: Account, shift: CashShift) -> None:
    client, address = as_role("cashier"), f"/crm/accounts/{account.pk}/payment/"
    assert {client.post(address, CASH).status_code for _ in range(2)} == {302}
    assert money_of(account) == Decimal("500.50")
    payment = Payment.objects.get()
    assert payment.actor == staff("cashier").actor
    assert payment.on_behalf_of == f"customer:{account.customer_id}"


def test_a_form_sent_again_with_another_sum_is_refused(
    as_role: StaffClient, account: Account, shift: CashShift
) -> None:
    client, address = as_role("cashier"), f"/crm/accounts/{account.pk}/payment/"
    client.post(address, CASH | {"amount": "500"})
    answer = client.post(address, CASH | {"amount": "600"})
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    assert money_of(account) == Decimal("500.00")


@pytest.mark.parametrize("amount", ["0", "-5", "1.005", "много", "99999999999"])
def test_bad_amounts_are_refused(
    as_role: StaffClient, account: Account, shift: CashShift, amount: str
) -> None:
    address = f"/crm/accounts/{account.pk}/payment/"
    answer = as_role("cashier").post(address, CASH | {"amount": amount})
    assert answer.context["form"].errors.keys() == {"amount"}
    assert not Payment.objects.exists()


def adjust(client: Client, account: Account, amount: str, request_id: str = "r1") -> None:
    values = {"amount": amount, "reason": "перебой связи", "request_id": request_id}
    assert client.post(f"/crm/accounts/{account.pk}/adjustment/", values).status_code == 302


def test_an_adjustment_within_the_limit_is_posted_once(
    as_role: StaffClient, account: Account
) -> None:
    client = as_role("agent")
    for _ in range(2):
        adjust(client, account, "-300")
    assert money_of(account) == Decimal("-300.00")
    assert Adjustment.objects.get().reason == "перебой связи"


def test_above_the_limit_a_second_person_decides(as_role: StaffClient, account: Account) -> None:
    adjust(as_role("agent"), account, "300.01")
    assert money_of(account) == 0
    waiting = Approval.objects.get()
    assert "Иванова" in page_of(as_role("accountant"), "/crm/approvals/")
    as_role("accountant").post(f"/crm/approvals/{waiting.pk}/approve/")
    assert money_of(account) == Decimal("300.01")
    waiting.refresh_from_db()
    assert waiting.decided_by == staff("accountant").actor


def test_nobody_approves_what_they_asked_for(as_role: StaffClient, account: Account) -> None:
    client = as_role("accountant")
    adjust(client, account, "5000")
    waiting = Approval.objects.get()
    answer = client.post(f"/crm/approvals/{waiting.pk}/approve/")
    assert answer.context["form"].non_field_errors()
    assert money_of(account) == 0
    waiting.refresh_from_db()
    assert waiting.state == "pending"


def test_a_refused_adjustment_posts_nothing(as_role: StaffClient, account: Account) -> None:
    adjust(as_role("agent"), account, "900")
    waiting = Approval.objects.get()
    as_role("accountant").post(f"/crm/approvals/{waiting.pk}/refuse/")
    assert money_of(account) == 0
    assert as_role("accountant").get(f"/crm/approvals/{waiting.pk}/approve/").status_code == 404


def test_contacts_are_changed_on_the_customers_word(as_role: StaffClient, account: Account) -> None:
    values = {"phone": "+7 921 555-01-99", "email": "m@ladoga.example", "language": "en"}
    as_role("agent").post(f"/crm/customers/{account.customer_id}/contacts/", values)
    customer = Customer.objects.get(pk=account.customer_id)
    assert (customer.phone, customer.email, customer.language) == (
        "79215550199",
        "m@ladoga.example",
        "en",
    )
    event = BusinessEvent.objects.get(kind="customer.changed")
    assert event.on_behalf_of == f"customer:{customer.pk}"


@pytest.fixture
def service(account: Account) -> Subscription:
    from accounts.operations import activate_service

    ordered = people.order_mobile(account, number="79215550101")
    return activate_service(subscription_id=ordered.pk, now=people.NOON, actor=people.CLERK)


def test_a_plan_changes_only_after_its_price_was_shown(
    as_role: StaffClient, service: Subscription
) -> None:
    client, address = as_role("agent"), f"/crm/services/{service.pk}/plan/"
    wanted = people.plan_version("more")
    shown = client.post(address, {"plan_version": wanted.pk})
    assert not PlanChange.objects.exists()
    assert "300,00" in shown.content.decode()
    seen = shown.context["form"].data["seen"]
    client.post(address, {"plan_version": wanted.pk, "seen": seen})
    change = PlanChange.objects.get()
    assert (change.plan_version_id, change.state) == (wanted.pk, "scheduled")
    assert change.effective_on > timezone.localdate()
    client.post(f"/crm/services/{service.pk}/plan/cancel/")
    change.refresh_from_db()
    assert change.state == "cancelled"


@pytest.mark.parametrize("seen", ["nonsense", "[]", json.dumps({"next_fee": "1.00"})])
def test_another_price_than_shown_changes_nothing(
    as_role: StaffClient, service: Subscription, seen: str
) -> None:
    values = {"plan_version": people.plan_version("more").pk, "seen": seen}
    answer = as_role("agent").post(f"/crm/services/{service.pk}/plan/", values)
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    assert not PlanChange.objects.exists()


def test_a_service_ends_only_when_the_cost_was_heard(
    as_role: StaffClient, service: Subscription
) -> None:
    client, address = as_role("agent"), f"/crm/services/{service.pk}/end/"
    assert "0,00 ₽" in page_of(client, address)
    assert client.post(address, {"reason": "moved"}).status_code == 200
    service.refresh_from_db(fields=["terminated_at"])
    assert service.terminated_at is None
    assert client.post(address, {"reason": "moved", "is_sure": "on"}).status_code == 302
    service.refresh_from_db(fields=["terminated_at"])
    assert service.terminated_at is not None
    again = client.post(address, {"reason": "moved", "is_sure": "on"})
    assert again.context["form"].non_field_errors()


def test_why_not_is_answered_for_a_promise(as_role: StaffClient, account: Account) -> None:
    address = f"/crm/accounts/{account.pk}/promise/"
    client = as_role("agent")
    assert client.get(address).status_code == 200
    answer = client.post(address, {"amount": "100000"})
    assert answer.context["form"].errors
    assert money_of(account) == 0


def test_a_person_sent_twice_is_created_once(as_role: StaffClient) -> None:
    client, address = as_role("agent"), "/crm/people/new/"
    form = client.get(address).context["form"]
    values = {**SERGEEV, "request_id": form["request_id"].value()}
    answers = [client.post(address, values) for _ in range(2)]
    person = Customer.objects.get()
    assert {answer.headers["location"] for answer in answers} == {f"/crm/customers/{person.pk}/"}
    assert BusinessEvent.objects.filter(kind="customer.created").count() == 1
    another = client.get(address).context["form"]["request_id"].value()
    client.post(address, {**SERGEEV, "request_id": another})
    assert Customer.objects.count() == 2


def test_a_refused_person_may_be_sent_again(as_role: StaffClient) -> None:
    client, address = as_role("agent"), "/crm/people/new/"
    client.post(address, {**SERGEEV, "inn": "500100732258"})
    assert not Customer.objects.exists()
    client.post(address, SERGEEV)
    assert Customer.objects.count() == 1


@pytest.fixture
def payment(account: Account) -> Payment:
    return accounts_operations.take_payment(
        account_id=account.pk,
        amount=Decimal("500.00"),
        gateway="terminal",
        external_id="T-1",
        paid_at=people.NOON,
        business_date=people.TODAY,
        now=people.NOON,
        actor="system:terminal",
    )


def test_a_payment_is_reversed_once_with_a_reason(as_role: StaffClient, payment: Payment) -> None:
    client, address = as_role("accountant"), f"/crm/payments/{payment.pk}/reverse/"
    assert "500,00 ₽" in page_of(client, address)
    assert client.post(address, {"reason": ""}).context["form"].errors.keys() == {"reason"}
    assert money_of(payment.account) == Decimal("500.00")
    assert client.post(address, {"reason": "чужой счёт"}).status_code == 302
    assert client.post(address, {"reason": "снова"}).context["form"].non_field_errors()
    assert money_of(payment.account) == 0


def test_the_history_tells_of_the_reversal(as_role: StaffClient, payment: Payment) -> None:
    client, address = as_role("accountant"), f"/crm/payments/{payment.pk}/reverse/"
    card = f"/crm/customers/{payment.account.customer_id}/"
    assert address in page_of(client, card)
    assert address not in page_of(as_role("cashier"), card)
    client.post(address, {"reason": "чужой счёт"})
    page = page_of(client, card)
    assert address not in page
    assert "чужой счёт" in page
    assert page.count("−500,00 ₽") == 1


def test_a_contract_and_an_account_sent_twice_are_there_once(as_role: StaffClient) -> None:
    client, customer = as_role("agent"), people.person("Иванова", "Мария")
    entity = people.ladoga()
    signed = {"legal_entity": entity.pk, "signed_on": "2026-11-02", "request_id": "c1"}
    answers = [client.post(f"/crm/customers/{customer.pk}/contract/", signed) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    contract = Contract.objects.get()
    opened = {"kind": "prepaid", "credit_limit": "0", "cycle_day": "1", "request_id": "a1"}
    for _ in range(2):
        client.post(f"/crm/contracts/{contract.pk}/account/", opened)
    assert Account.objects.count() == 1
    page = page_of(client, f"/crm/customers/{customer.pk}/")
    assert "второй раз ничего не записано" in page


def test_a_note_sent_twice_is_written_once(as_role: StaffClient, account: Account) -> None:
    client = as_role("agent")
    values = {"kind": "note", "text": "Спросила о тарифах", "request_id": "n1"}
    for _ in range(2):
        client.post(f"/crm/customers/{account.customer_id}/note/", values)
    assert Interaction.objects.count() == 1
