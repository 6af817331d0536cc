"""The text of a payment's code by ГОСТ Р 56042-2014."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.payers import read_purpose
from invoicing.domain.payment_qr import LENGTHS, PaymentQr, UnableToWriteQr, kopecks

CODE = PaymentQr(
    name="ООО «Ладога Телеком»",
    bank_account="40702810700000000017",
    bank_name="АО «Северный расчётный банк»",
    bic="044030001",
    correspondent_account="30101810000000000001",
    purpose="Оплата услуг связи, л/с 100000017",
    inn="7830002293",
    kpp="783001001",
    personal_account="100000017",
    amount=Decimal("1234.56"),
)
ANY = st.text(max_size=400)


def fields(code: PaymentQr) -> dict[str, str]:
    """What a bank's application reads."""
    header, *said = code.text().split("|")
    assert header == "ST00012"
    return dict(each.split("=", 1) for each in said)


def test_the_fields_are_those_of_the_standard_in_its_order() -> None:
    assert CODE.text() == (
        "ST00012|Name=ООО «Ладога Телеком»|PersonalAcc=40702810700000000017"
        "|BankName=АО «Северный расчётный банк»|BIC=044030001|CorrespAcc=30101810000000000001"
        "|Sum=123456|Purpose=Оплата услуг связи, л/с 100000017|PayeeINN=7830002293"
        "|KPP=783001001|PersAcc=100000017"
    )


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(CODE, amount=None, kpp="", inn="", personal_account="", correspondent_account="")
    assert list(fields(bare)) == ["Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc", "Purpose"]
    assert fields(bare)["CorrespAcc"] == "0"


MISSING = [
    ("name", "Name"),
    ("bank_account", "PersonalAcc"),
    ("bank_name", "BankName"),
    ("bic", "BIC"),
]


@pytest.mark.parametrize(("field", "said"), MISSING)
@pytest.mark.parametrize("value", ["", "  "])
def test_without_a_required_field_there_is_no_code(field: str, said: str, value: str) -> None:
    with pytest.raises(UnableToWriteQr) as refusal:
        replace(CODE, **{field: value}).text()
    assert refusal.value.field == said


WRONG = [("bank_account", "4070281070000000001"), ("bic", "04403000a"), ("bic", "44030001")]
WRONG += [("bank_account", "4070281070000000001x"), ("bank_account", "4" * 21)]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_requisites_of_a_wrong_shape_are_refused(field: str, value: str) -> None:
    with pytest.raises(UnableToWriteQr):
        replace(CODE, **{field: value}).text()


@pytest.mark.parametrize("amount", ["0", "-1.00", "0.001", "12.345"])
def test_an_amount_is_in_whole_kopecks_above_zero(amount: str) -> None:
    with pytest.raises(UnableToWriteQr):
        kopecks(Decimal(amount))


@given(st.integers(1, 10**14))
def test_any_amount_is_exact(amount: int) -> None:
    assert fields(replace(CODE, amount=Decimal(amount) / 100))["Sum"] == str(amount)


@given(name=ANY, purpose=ANY, bank=ANY)
def test_no_text_breaks_the_code_apart(name: str, purpose: str, bank: str) -> None:
    code = replace(CODE, name=f"О{name}", purpose=purpose, bank_name=f"Б{bank}")
    read = fields(code)
    assert all(len(value) <= LENGTHS[key] for key, value in read.items())
    assert read["PersonalAcc"] == CODE.bank_account
    assert read["Sum"] == "123456"


def test_our_own_purpose_leads_back_to_the_account() -> None:
    assert read_purpose(fields(CODE)["Purpose"]).accounts == ("100000017",)
