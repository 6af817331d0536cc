"""Bills and contracts as PDF: what they say, in both languages."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.domain.kinds import Kind
from invoicing import queries
from invoicing.models import Bill
from invoicing.queries.papers import bill_paper, contract_paper
from tests.integration.invoicing.household import (
    bill,
    charge,
    connect,
    make_account,
    make_plan,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


@pytest.fixture
def issued() -> Bill:
    plan = make_plan("home", name_ru="Домашний", name_en="Home")
    service = connect(make_account(), make_version("310.00", plan=plan), on=date(2026, 1, 22))
    charge(date(2026, 1, 22))
    post(service.account, "-12.50", on=date(2026, 1, 23), kind=Kind.USAGE_SMS, ref=5)
    post(service.account, "2.50", on=date(2026, 1, 24), kind=Kind.ADJUSTMENT)
    pay(service.account, "50.00", on=date(2026, 1, 25))
    bill(FEBRUARY)
    return Bill.objects.get()


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_bill_says_how_much_until_when(issued: Bill) -> None:
    paper = bill_paper(issued, language="ru")
    assert paper["title"] == "Счёт № 2026-0000001 от 1 февраля 2026 г."
    assert plain(paper["due"]["amount"]) == "60,00 ₽"
    assert paper["due"]["label"] == "К оплате"
    assert paper["due"]["advice"] == ["до 21 февраля 2026 г."]


def test_each_line_explains_itself(issued: Bill) -> None:
    groups = bill_paper(issued, language="ru")["groups"]
    fee = groups[0]["lines"][0]
    assert fee["title"] == "Абонентская плата «Домашний», 22–31 января 2026"
    assert plain(fee["why"]) == "310,00 ₽ в месяц, 10 из 31 дн."
    assert (plain(fee["quantity"]), plain(fee["amount"])) == ("10 дн.", "100,00 ₽")
    assert [group["title"] for group in groups] == ["Мобильная связь", "Прочее"]


def test_the_balance_is_told_from_the_subscribers_side(issued: Bill) -> None:
    rows = bill_paper(issued, language="ru")["balance"]
    assert [(row["label"], plain(row["amount"])) for row in rows] == [
        ("Баланс на начало", "0,00 ₽"),
        ("Начислено", "−112,50 ₽"),
        ("Оплачено", "50,00 ₽"),
        ("Корректировки", "2,50 ₽"),
        ("Баланс на 31 января 2026 г.", "−60,00 ₽"),
    ]


def test_the_same_bill_in_english(issued: Bill) -> None:
    paper = bill_paper(issued, language="en")
    assert paper["title"] == "Bill 2026-0000001 of 1 February 2026"
    assert paper["due"] == {
        "label": "To pay",
        "amount": "₽60.00",
        "advice": ["until 21 February 2026"],
    }
    assert paper["taxes"] == [{"label": "of which VAT 22 %", "amount": "₽20.29"}]
    assert paper["words"]["how_to_pay"] == "How to pay"


def test_nothing_is_asked_of_who_owes_nothing() -> None:
    service = connect(make_account(), make_version("0"))
    pay(service.account, "100.00", on=JANUARY)
    bill(FEBRUARY)
    due = bill_paper(Bill.objects.get(), language="ru")["due"]
    assert (due["label"], plain(due["amount"])) == ("На вашем счёте", "100,00 ₽")
    assert due["advice"] == ["Платить ничего не нужно."]


@pytest.mark.parametrize("language", ["ru", "en", "de"])
def test_a_bill_becomes_a_pdf(issued: Bill, language: str) -> None:
    pdf = queries.render_bill_pdf(issued.pk, language)
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) > 10_000


def test_a_contract_lists_its_services(issued: Bill) -> None:
    contract = issued.account.contract
    paper = contract_paper(contract, language="ru")
    ((service, plan, number, fee),) = paper["services"]
    assert (service, plan, number) == ("Мобильная связь", "Домашний", issued.account.number)
    assert plain(fee) == "310,00 ₽ в месяц"
    assert issued.account.number in paper["articles"][0]["sentences"][1]
    assert queries.render_contract_pdf(contract.pk).startswith(b"%PDF-")


def test_a_contract_without_accounts_can_be_printed() -> None:
    contract = make_account().contract
    contract.accounts.all().delete()
    assert contract_paper(contract, language="en")["services"] == []
    assert queries.render_contract_pdf(contract.pk, "en").startswith(b"%PDF-")


def test_amounts_on_paper_add_up_to_the_bill(issued: Bill) -> None:
    lines = [
        line for group in bill_paper(issued, language="en")["groups"] for line in group["lines"]
    ]
    total = sum(Decimal(line["amount"].strip("₽")) for line in lines)
    assert total == issued.gross == Decimal("112.50")
