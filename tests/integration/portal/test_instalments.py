"""Debt in the portal: bills paid or open, «pay this bill», paying in parts."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Account, CardPayment
from invoicing.models import Bill, DebtPolicy, InstalmentPlan, PaymentChoice
from invoicing.queries.open_debt import get_open
from tests import people
from tests.acquirers import Bank
from tests.integration.portal import conftest as given
from tests.integration.portal.test_consolidated import signed_in
from tests.integration.portal.test_top_up import outcome, send, taken, text_of  # noqa: F401

PATH = "/payments/instalments/"


@pytest.fixture
def bill(db: None) -> Bill:
    """Carol owes 366 of her bill, overdue, and 134 of this month."""
    carol = given.open_account("Белова", "Карина", phone="79111112233")
    given.charge(carol, "500.00")
    return given.issue_bill(carol, due_in_days=-3)


@pytest.fixture
def browser(bill: Bill) -> Client:
    """Carol at the portal."""
    return signed_in(bill.account)


def let_agree(**terms: object) -> DebtPolicy:
    values = {"legal_entity": people.ladoga(), "self_service": True}
    return DebtPolicy.objects.create(**(values | terms))


def agree(browser: Client, **changes: str):
    page = text_of(browser, f"{PATH}?parts=4")
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return browser.post(PATH, fields | changes)


def test_bills_say_what_is_open_of_them(browser: Client, bill: Bill) -> None:
    page = text_of(browser, "/payments/")
    assert "просрочен, не оплачено 366,00 ₽" in page
    assert "366 ₽ нужно было уже оплатить" in page
    given.pay(bill.account, "366.00")
    page = text_of(browser, "/payments/")
    assert "просрочен" not in page
    assert "оплачено полностью" in page


def test_without_a_rule_an_agent_has_to_be_asked(browser: Client, bill: Bill) -> None:
    assert "оформляет сотрудник" in text_of(browser, PATH)
    data = {"parts": "3", "seen": "x", "request_id": "r"}
    browser.post(PATH, data)
    assert not InstalmentPlan.objects.exists()


def test_the_parts_that_were_shown_are_agreed_to_once(browser: Client, bill: Bill) -> None:
    let_agree(fee=Decimal("10.00"))
    page = text_of(browser, f"{PATH}?parts=4")
    assert page.count("125,00 ₽") == 4
    assert agree(browser).status_code == 302
    plan = InstalmentPlan.objects.get()
    assert [part.amount for part in plan.parts.order_by("number")] == [Decimal(125)] * 4
    assert (plan.door, plan.fee, plan.actor) == ("portal", Decimal(10), plan.actor)
    assert plan.actor.startswith("subscriber:")
    page = text_of(browser, PATH)
    assert "Оплатить очередную часть, 125 ₽" in page
    assert "Рассрочка: 125 ₽ до" in text_of(browser, "/payments/")


@pytest.mark.parametrize("changed", [{"seen": "2026-01-01 125.00;"}, {"parts": "3"}])
def test_what_was_not_shown_is_not_agreed_to(
    browser: Client, bill: Bill, changed: dict[str, str]
) -> None:
    let_agree()
    answer = agree(browser, **changed)
    assert "посмотрите на части ещё раз" in answer.content.decode()
    assert not InstalmentPlan.objects.exists()


def test_pay_this_bill_by_card(browser: Client, bill: Bill, taken: Bank) -> None:  # noqa: F811
    assert f"?pays=bill:{bill.pk}" in text_of(browser, f"/bills/{bill.pk}/")
    page = text_of(browser, f"/payments/top-up/?pays=bill:{bill.pk}")
    assert 'value="366,00"' in page or 'value="366"' in page
    assert "Деньги оплатят этот счёт" in page
    for _again in range(2):
        send(browser, "100", pays=f"bill:{bill.pk}")
    kept = PaymentChoice.objects.get()
    assert (kept.card_payment_id, kept.bill_id) == (CardPayment.objects.get().pk, bill.pk)
    assert get_open(bill.account_id).of_bill(bill.pk) == Decimal(366)
    taken.pay()
    outcome(browser)
    [item] = [one for one in get_open(bill.account_id).items if one.bill_id]
    assert (item.chosen, item.open) == (Decimal(100), Decimal(266))


def test_somebody_elses_bill_is_no_purpose(
    browser: Client,
    bill: Bill,
    bob: Account,
    taken: Bank,  # noqa: F811
) -> None:
    theirs = given.issue_bill(bob, number=9)
    page = text_of(browser, f"/payments/top-up/?pays=bill:{theirs.pk}")
    assert "этот счёт" not in page
    send(browser, "100", pays=f"bill:{theirs.pk}")
    assert not PaymentChoice.objects.exists()
    assert CardPayment.objects.get().account_id == bill.account_id


def test_the_next_part_is_paid_by_card(browser: Client, bill: Bill, taken: Bank) -> None:  # noqa: F811
    let_agree()
    agree(browser)
    plan = InstalmentPlan.objects.get()
    page = text_of(browser, f"/payments/top-up/?pays=plan:{plan.pk}")
    assert 'value="125,00"' in page or 'value="125"' in page
    send(browser, "125", pays=f"plan:{plan.pk}")
    taken.pay()
    outcome(browser)
    assert "оплачено полностью" in text_of(browser, PATH)
