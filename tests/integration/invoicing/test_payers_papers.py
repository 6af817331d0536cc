"""Slips with their codes, acts, the register of bills: what is on the paper and in the file."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.domain.payers import read_purpose
from accounts.models import Account, Customer, LegalEntity
from invoicing.formats import tables
from invoicing.models import Bill, BillVoid
from invoicing.queries import accounts_of_bills, acts, register, slips
from invoicing.queries.bills import get_bill
from tests.integration.invoicing.household import (
    MOSCOW,
    bill,
    charge,
    connect,
    make_account,
    make_entity,
    make_plan,
    make_version,
    pay,
)
from tests.slips import codes_on, text_of

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)
BANK = {
    "bank_account": "40702810700000000017",
    "bank_name": "АО «Северный расчётный банк»",
    "bank_bic": "044030001",
    "correspondent_account": "30101810000000000001",
}


@pytest.fixture
def entity() -> LegalEntity:
    """The operator with a bank account."""
    made = make_entity()
    LegalEntity.objects.filter(pk=made.pk).update(**BANK, director="Ладогина В. А.")
    made.refresh_from_db()
    return made


def billed(entity: LegalEntity, *, company: bool = False, fee: str = "310.00") -> Bill:
    """A bill of January for the fee."""
    account = make_account(entity=entity, company=company)
    plan = make_plan(name_ru="Домашний", name_en="Home")
    connect(account, make_version(fee, plan=plan))
    charge(date(2026, 1, 1))
    bill(FEBRUARY)
    return get_bill(Bill.objects.get(account=account).pk)


def fields(pdf: bytes) -> dict[str, str]:
    """What a bank's application reads from the paper."""
    [text] = codes_on(pdf)
    header, *said = text.split("|")
    assert header == "ST00012"
    return dict(each.split("=", 1) for each in said)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_code_on_the_paper_pays_the_bill(entity: LegalEntity, language: str) -> None:
    issued = billed(entity)
    read = fields(slips.render_bill_slip_pdf(issued, language))
    number = issued.account.number
    assert read == {
        "Name": "ООО «Ладога Телеком»",
        "PersonalAcc": BANK["bank_account"],
        "BankName": BANK["bank_name"],
        "BIC": BANK["bank_bic"],
        "CorrespAcc": BANK["correspondent_account"],
        "Sum": "31000",
        "Purpose": f"Оплата услуг связи, л/с {number}, счёт № {issued.number_text}",
        "PayeeINN": entity.inn,
        "PersAcc": number,
    }


def test_a_payment_by_the_slip_finds_its_account_and_bill(entity: LegalEntity) -> None:
    issued = billed(entity)
    mentions = read_purpose(slips.qr_of(issued.account, None, bill=issued).purpose)
    assert mentions.accounts == (issued.account.number,)
    assert accounts_of_bills(mentions.bills) == {issued.number_text: {issued.account_id}}


def test_bill_numbers_are_found_as_people_write_them(entity: LegalEntity) -> None:
    issued = billed(entity)
    for text in (f"счет №{issued.number_text}", f"сч. {issued.number_text.replace('-', ' - ')}"):
        assert accounts_of_bills(read_purpose(text).bills) == {
            issued.number_text: {issued.account_id}
        }
    assert accounts_of_bills({"2026-9999999", "x", ""}) == {}
    with CaptureQueriesContext(connection) as asked:
        accounts_of_bills({"x"})
    assert len(asked) == 0


def test_what_was_paid_since_is_taken_off(entity: LegalEntity) -> None:
    issued = billed(entity)
    pay(issued.account, "110.50", on=date(2026, 2, 3))
    assert fields(slips.render_bill_slip_pdf(issued))["Sum"] == "19950"
    assert fields(slips.render_slip_pdf(issued.account_id))["Sum"] == "19950"


def test_without_debt_the_payer_writes_the_sum(entity: LegalEntity) -> None:
    account = make_account(entity=entity)
    pdf = slips.render_slip_pdf(account.pk)
    assert "Sum" not in fields(pdf)
    assert "любая сумма" in text_of(pdf)


def test_the_paper_says_what_the_code_says(entity: LegalEntity) -> None:
    issued = billed(entity)
    text = text_of(slips.render_bill_slip_pdf(issued))
    for said in (issued.account.number, "310,00", *BANK.values(), "Иванова Мария"):
        assert said in text
    assert "Payment" not in text
    english = text_of(slips.render_bill_slip_pdf(issued, "en"))
    assert "Payment slip" in english
    assert "310.00" in english


@pytest.mark.parametrize("lacking", ["bank_account", "bank_name", "bank_bic"])
def test_without_bank_requisites_there_is_no_slip(entity: LegalEntity, lacking: str) -> None:
    issued = billed(entity)
    assert slips.account_has_slips(issued.account_id)
    LegalEntity.objects.filter(pk=entity.pk).update(**{lacking: ""})
    with pytest.raises(slips.UnableToRenderSlip):
        slips.render_slip_pdf(issued.account_id)
    assert not slips.account_has_slips(issued.account_id)


def test_slips_are_in_roubles_only(entity: LegalEntity) -> None:
    account = make_account(entity=entity)
    Account.objects.filter(pk=account.pk).update(currency="EUR")
    with pytest.raises(slips.UnableToRenderSlip):
        slips.render_slip_pdf(account.pk)
    assert not slips.account_has_slips(account.pk)


def test_an_act_says_who_what_and_how_much_in_words(entity: LegalEntity) -> None:
    issued = billed(entity, company=True)
    Customer.objects.filter(pk=issued.account.customer_id).update(kpp="780101001")
    text = text_of(acts.render_act_pdf(issued.pk))
    for said in (
        f"Акт об оказании услуг № {issued.number_text} от 31 января 2026",
        issued.account.contract.number,
        "ООО «Берег», ИНН 7801234564, КПП 780101001",
        "Абонентская плата «Домашний», 1–31 января 2026",
        "254,10",
        "55,90",
        "Триста десять рублей 00 копеек",
        "Ладогина В. А.",
    ):
        assert said in text
    english = text_of(acts.render_act_pdf(issued.pk, "en"))
    assert "Three hundred ten roubles 00 kopecks" in english
    assert "Act of services rendered" in english


def test_the_sums_of_an_act_are_those_of_its_bill(entity: LegalEntity) -> None:
    issued = billed(entity, company=True)
    paper = acts.act_paper(issued, language="en")
    assert [amount for _label, amount in paper["totals"]] == ["₽254.10", "₽55.90", "₽310.00"]
    assert [line[-1] for line in paper["lines"]] == ["₽310.00"]


def test_there_is_no_act_for_a_person_or_an_empty_bill(
    entity: LegalEntity, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons, companys = billed(entity), billed(entity, company=True)
    assert (acts.has_act(persons), acts.has_act(companys)) == (False, True)
    with pytest.raises(acts.UnableToRenderAct, match="человеку"):
        acts.render_act_pdf(persons.pk)
    monkeypatch.setattr(acts, "list_lines", lambda _bill: [])
    with pytest.raises(acts.UnableToRenderAct, match="ничего не начислено"):
        acts.render_act_pdf(companys.pk)


def void(issued: Bill) -> None:
    """Take a bill out of what counts."""
    BillVoid.objects.create(
        account_id=issued.account_id,
        bill=issued,
        reason="испытание",
        voided_at=datetime(2026, 2, 5, tzinfo=MOSCOW),
        actor="staff:1",
    )


def test_a_void_bill_is_listed_and_not_summed(entity: LegalEntity) -> None:
    issued = billed(entity, company=True)
    void(issued)
    bills = register.bills_of_month(entity_id=entity.pk, month=FEBRUARY)
    totals = register.sum_register(bills)
    assert (totals.bills, totals.voided, totals.gross) == (0, 1, Decimal(0))
    [row] = register.register_rows(bills)
    assert (row[1], row[-1]) == (issued.number_text, "аннулирован, в итог не входит")
    assert not acts.has_act(issued)
    with pytest.raises(acts.UnableToRenderAct):
        acts.render_act_pdf(issued.pk)


def test_the_register_lists_a_month_of_an_entity(entity: LegalEntity) -> None:
    first = billed(entity, company=True)
    other = make_entity("7802000001")
    billed(other)
    bills = register.bills_of_month(entity_id=entity.pk, month=date(2026, 2, 14))
    assert [each.pk for each in bills] == [first.pk]
    totals = register.sum_register(bills)
    assert (totals.bills, totals.voided) == (1, 0)
    assert (totals.net, totals.tax, totals.gross) == (
        Decimal("254.10"),
        Decimal("55.90"),
        Decimal("310.00"),
    )
    assert not register.bills_of_month(entity_id=entity.pk, month=date(2026, 1, 1)).exists()
    assert not register.bills_of_month(entity_id=entity.pk, month=date(2026, 3, 1)).exists()


def test_the_register_may_be_of_companies_only(entity: LegalEntity) -> None:
    companys = billed(entity, company=True)
    billed(entity)
    asked = {"entity_id": entity.pk, "month": FEBRUARY}
    assert register.bills_of_month(**asked).count() == 2
    assert [each.pk for each in register.bills_of_month(**asked, companies_only=True)] == [
        companys.pk
    ]


def test_the_workbook_has_numbers_days_and_totals(entity: LegalEntity) -> None:
    issued = billed(entity, company=True)
    Customer.objects.filter(pk=issued.account.customer_id).update(name="=1+1", kpp="780101001")
    bills = register.bills_of_month(entity_id=entity.pk, month=FEBRUARY)
    data = tables.write_xlsx(
        title="Реестр счетов, 02.2026",
        header=register.register_header(),
        rows=register.register_rows(bills),
        totals=register.register_totals(register.sum_register(bills)),
        widths=register.WIDTHS,
    )
    sheet = load_workbook(BytesIO(data)).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0][0] == "Реестр счетов, 02.2026"
    assert len(rows[1]) == len(rows[2]) == len(rows[3]) == len(register.WIDTHS)
    line = dict(zip(rows[1], rows[2], strict=True))
    assert line[rows[1][1]] == issued.number_text
    assert rows[2][6] == "=1+1"
    assert sheet.cell(3, 7).data_type == "s"
    assert rows[2][2] == datetime(2026, 2, 1)
    assert [Decimal(str(value)) for value in rows[2][10:13]] == [
        Decimal("254.1"),
        Decimal("55.9"),
        Decimal(310),
    ]
    assert [Decimal(str(value)) for value in rows[3][10:13]] == [
        Decimal("254.1"),
        Decimal("55.9"),
        Decimal(310),
    ]


def test_csv_keeps_a_formula_a_text() -> None:
    data = tables.write_csv(
        header=["а", "б"], rows=[["=1+1", Decimal("1.5")], [date(2026, 2, 1), None]], totals=["", 2]
    )
    assert data.decode("utf-8-sig").splitlines() == ["а;б", "'=1+1;1.50", "2026-02-01;", ";2"]


def test_the_register_asks_once_however_many_bills(entity: LegalEntity) -> None:
    for _time in range(3):
        billed(entity)
    bills = register.bills_of_month(entity_id=entity.pk, month=FEBRUARY)
    with CaptureQueriesContext(connection) as asked:
        assert len(list(register.register_rows(bills))) == 3
    assert len(asked) == 1


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    with pytest.raises(tables.TooManyRows):
        tables.write_xlsx(title="х", header=["а"], rows=[[1], [2], [3]])


def test_a_code_of_another_amount_is_another_code(entity: LegalEntity) -> None:
    account = make_account(entity=entity)
    code = slips.qr_of(account, Decimal("1.00"))
    assert replace(code, amount=Decimal("2.00")).text() != code.text()
