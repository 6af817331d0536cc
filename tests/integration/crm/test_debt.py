"""The desk: where debt is open, instalments agreed and ended, what a payment is for, rules."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from accounts import queries as accounts_queries
from accounts.models import Account
from billing_project.kernel.models import Approval
from crm.domain import roles
from invoicing.models import (
    Bill,
    ConsolidatedPayment,
    DebtPolicy,
    InstalmentPlan,
    LateFeeRule,
    PaymentChoice,
)
from tests.integration.crm.conftest import StaffClient
from tests.integration.invoicing.test_shares import Billed
from tests.integration.portal.conftest import charge, issue_bill
from tests.integration.portal.conftest import open_account as subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return subscriber("Смирнова", "Алиса", phone="79111234567")


@pytest.fixture
def bill(account: Account) -> Bill:
    """A bill, and a debt that it explains in part."""
    charge(account, "2000.00")
    return issue_bill(account)


def debt_of(account: Account) -> Decimal:
    return -accounts_queries.get_balance(account.pk).money


def ask(client: Client, account: Account, **changes: object) -> object:
    values = {
        "amount": str(debt_of(account)).replace(".", ","),
        "parts": 3,
        "first_on": timezone.localdate() + timedelta(days=5),
        "request_id": "r1",
    }
    return client.post(f"/crm/accounts/{account.pk}/instalments/", values | changes)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_page_says_where_the_debt_is(as_role: StaffClient, bill: Bill) -> None:
    page = text_of(as_role("agent"), f"/crm/accounts/{bill.account_id}/debt/")
    assert bill.number_text in page
    assert "Оформить рассрочку" in page
    card = text_of(as_role("agent"), f"/crm/customers/{bill.account.customer_id}/")
    assert f"/crm/accounts/{bill.account_id}/debt/" in card


def test_instalments_are_agreed_seen_and_ended(as_role: StaffClient, bill: Bill) -> None:
    client, account = as_role("agent"), bill.account
    assert "Оформить рассрочку" in text_of(client, f"/crm/accounts/{account.pk}/instalments/")
    assert ask(client, account).status_code == 302
    assert ask(client, account).status_code == 302
    plan = InstalmentPlan.objects.get()
    assert (plan.debt, plan.on_behalf_of) == (debt_of(account), f"customer:{account.customer_id}")
    assert account.customer.name in text_of(client, "/crm/instalments/")
    assert account.customer.name not in text_of(client, "/crm/instalments/?state=broken")
    assert "Договорились о рассрочке" in text_of(client, f"/crm/customers/{account.customer_id}/")
    client.post(f"/crm/instalments/{plan.pk}/end/", {"reason": "Передумала"})
    plan.refresh_from_db()
    assert (plan.state, plan.close_reason) == ("cancelled", "Передумала")
    assert "Передумала" in text_of(client, f"/crm/accounts/{account.pk}/debt/")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"parts": 13}, "до 12 частей"),
        ({"first_on": date(2026, 1, 1)}, "начиная с сегодняшнего"),
        ({"first": "999999,00"}, "меньше долга"),
        ({"amount": "9999999,00"}, "больше, чем долг"),
    ],
)
def test_a_wrong_plan_is_refused_in_words(
    as_role: StaffClient, bill: Bill, wrong: dict, said: str
) -> None:
    answer = ask(as_role("administrator"), bill.account, **wrong)
    assert said in answer.content.decode()
    assert not InstalmentPlan.objects.exists()


def test_above_the_limit_a_second_person_approves(as_role: StaffClient, bill: Bill) -> None:
    account = bill.account
    limit = roles.INSTALMENTS_LIMITS["agent"]
    roles.INSTALMENTS_LIMITS["agent"] = 1
    try:
        ask(as_role("agent"), account)
    finally:
        roles.INSTALMENTS_LIMITS["agent"] = limit
    approval = Approval.objects.get()
    assert (approval.kind, InstalmentPlan.objects.count()) == ("instalments", 0)
    chief = as_role("administrator")
    assert "Рассрочка" in text_of(chief, "/crm/approvals/")
    chief.post(f"/crm/approvals/{approval.pk}/approve/")
    assert InstalmentPlan.objects.get().approval_id == approval.pk


def test_who_lacks_the_right_is_turned_away(as_role: StaffClient, bill: Bill) -> None:
    cashier = as_role("cashier")
    assert ask(cashier, bill.account).status_code == 403
    assert cashier.get("/crm/instalments/").status_code == 403
    assert "Договориться о рассрочке" not in text_of(
        cashier, f"/crm/accounts/{bill.account_id}/debt/"
    )


def desk(client: Client, account: Account, amount: str, **more: str) -> None:
    client.post(f"/crm/accounts/{account.pk}/payment/", {"opening": "0", "opens": "1"})
    values = {"amount": amount, "method": "cash", "request_id": "p1"}
    client.post(f"/crm/accounts/{account.pk}/payment/", values | more)


def test_at_the_desk_a_payment_is_for_a_bill(as_role: StaffClient, bill: Bill) -> None:
    client = as_role("cashier")
    for _again in range(2):
        desk(client, bill.account, "1,00", pays=f"bill:{bill.pk}")
    assert PaymentChoice.objects.get().bill_id == bill.pk
    assert "оплачено полностью" not in text_of(client, f"/crm/accounts/{bill.account_id}/bills/")
    desk(client, bill.account, str(debt_of(bill.account)).replace(".", ","), request_id="p2")
    assert "оплачено полностью" in text_of(client, f"/crm/accounts/{bill.account_id}/bills/")


def test_a_payment_is_split_and_taken_back_by_hand(as_role: StaffClient) -> None:
    bereg = Billed()
    payment = bereg.paid("600.00")
    client = as_role("accountant")
    assert "Разнести" in text_of(client, f"/crm/accounts/{bereg.own.pk}/debt/")
    client.post(f"/crm/payments/{payment.pk}/split/", {"consolidated_id": bereg.paper.pk})
    assert bereg.money() == [0, 0, 0]
    assert bereg.paper.number_text in text_of(client, f"/crm/accounts/{bereg.own.pk}/debt/")
    client.post(f"/crm/payments/{payment.pk}/shares/back/")
    assert bereg.money() == [500, -200, -300]
    assert ConsolidatedPayment.objects.get().state == "returned"
    again = client.post(f"/crm/payments/{payment.pk}/reverse/", {"reason": "Ошибка"})
    assert again.status_code == 302


def test_rules_are_kept_in_the_catalogue(as_role: StaffClient) -> None:
    client = as_role("administrator")
    for model in (LateFeeRule, DebtPolicy):
        name = model._meta.model_name
        assert client.get(f"/crm/catalogue/invoicing/{name}/").status_code in {200, 302}
