"""Numbers, phones, search words and postings: plain values in, plain values out."""

import doctest
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain import identifiers, numbering, posting, searching
from accounts.domain.kinds import CONTRA_OF, SIGN, Contra, Kind
from accounts.domain.posting import Posting, WrongPosting, transfer_postings

TODAY = date(2026, 11, 2)
DIGITS = st.text("0123456789", min_size=1, max_size=15)


@pytest.mark.parametrize("module", [identifiers, numbering, posting, searching])
def test_the_examples_in_the_docs_are_true(module) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


class TestSubscriberKey:
    @given(DIGITS.filter(lambda text: text[0] != "0"))
    def test_digits_are_their_own_value(self, digits: str) -> None:
        assert identifiers.subscriber_key(digits) == int(digits)

    @given(st.text(min_size=1, max_size=32).filter(lambda text: not text.isdigit()))
    def test_anything_else_is_negative_and_fits_a_bigint(self, login: str) -> None:
        assert -(2**62) <= identifiers.subscriber_key(login) < 0

    def test_a_leading_zero_is_no_number(self) -> None:
        assert identifiers.subscriber_key("0079215550101") < 0

    def test_stored_keys_never_change(self) -> None:
        assert identifiers.subscriber_key("ivanov") == -3653444668476744404


class TestAccountNumber:
    @given(st.integers(min_value=1, max_value=80_000_000))
    def test_checks(self, serial: int) -> None:
        assert numbering.is_account_number(numbering.account_number(serial))

    @given(
        st.integers(min_value=1, max_value=80_000_000),
        st.integers(min_value=0, max_value=8),
        st.integers(min_value=1, max_value=9),
    )
    def test_one_wrong_digit_never_checks(self, serial: int, place: int, shift: int) -> None:
        number = numbering.account_number(serial)
        wrong = str((int(number[place]) + shift) % 10)
        assert not numbering.is_account_number(number[:place] + wrong + number[place + 1 :])

    @pytest.mark.parametrize(
        "text", ["", "10000001", "1000000170", "10000001x", "１００００００１７"]
    )
    def test_refuses_what_is_no_number(self, text: str) -> None:
        assert not numbering.is_account_number(text)


class TestInn:
    @pytest.mark.parametrize("inn", ["7830002293", "7707083893", "500100732259"])
    def test_accepts(self, inn: str) -> None:
        assert numbering.is_inn(inn)

    @pytest.mark.parametrize(
        "inn", ["7830002294", "500100732258", "500100732269", "78300022", "783000229x", ""]
    )
    def test_refuses(self, inn: str) -> None:
        assert not numbering.is_inn(inn)


class TestPhone:
    @pytest.mark.parametrize(
        "text", ["+7 921 555-01-01", "8(921)5550101", "9215550101", "7 921 555 01 01"]
    )
    def test_any_notation_is_one_number(self, text: str) -> None:
        assert identifiers.read_phone(text) == "79215550101"

    @pytest.mark.parametrize("text", ["", "12", "телефон", "+7 921 555-01-01-01"])
    def test_refuses(self, text: str) -> None:
        with pytest.raises(identifiers.UnreadablePhone):
            identifiers.read_phone(text)

    def test_is_written_for_people(self) -> None:
        assert identifiers.format_phone("358401234567") == "+358 40 1234567"
        assert identifiers.format_phone("ivanov") == "ivanov"


class TestPosting:
    def fee(self, amount: str, *, kind: Kind = Kind.FEE) -> Posting:
        return Posting(account_id=1, kind=kind, ref=1, amount=Decimal(amount), business_date=TODAY)

    @pytest.mark.parametrize("amount", ["0", "0.00", "1.00", "-0.001", "-1000000000000.00"])
    def test_refuses_what_is_no_fee(self, amount: str) -> None:
        with pytest.raises(WrongPosting):
            self.fee(amount)

    @pytest.mark.parametrize(("kind", "sign"), SIGN.items())
    def test_kinds_with_one_sign_refuse_the_other(self, kind: Kind, sign: int) -> None:
        assert self.fee(f"{sign}.00", kind=kind).contra == CONTRA_OF[kind]
        with pytest.raises(WrongPosting):
            self.fee(f"{-sign}.00", kind=kind)

    def test_every_kind_has_its_contra_account(self) -> None:
        assert set(CONTRA_OF) == set(Kind)

    @given(st.decimals(min_value="0.01", max_value="99999", places=2))
    def test_a_transfer_sums_to_zero(self, amount: Decimal) -> None:
        pair = transfer_postings(
            from_account_id=2, to_account_id=1, amount=amount, ref=5, business_date=TODAY
        )
        assert sum(one.amount for one in pair) == 0
        assert [(one.account_id, one.contra) for one in pair] == [
            (2, Contra.TRANSFERS),
            (1, Contra.TRANSFERS),
        ]


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "digits"),
        [
            ("89215550101", "9215550101"),
            ("+7 921", "921"),
            ("79215550101", "9215550101"),
            ("812555", "812555"),
            ("100000017", "100000017"),
            ("12", ""),
            ("улица 5", ""),
        ],
    )
    def test_reads_digits(self, text: str, digits: str) -> None:
        assert searching.read_search(text).digits == digits

    @pytest.mark.parametrize(
        ("text", "empty"), [("", True), ("ив", True), ("ю я", True), ("ива", False), ("123", False)]
    )
    def test_too_little_is_empty(self, text: str, empty: bool) -> None:
        assert searching.read_search(text).is_empty is empty

    @given(st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВЁЩЮ", max_size=20))
    def test_russian_folds_to_ascii_letters(self, text: str) -> None:
        folded = searching.fold(text)
        assert folded.isascii()
        assert folded == folded.lower()
