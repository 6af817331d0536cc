"""Statements as banks write them: each encoding, and each way a file can be broken."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.statements import (
    Way,
    WrongTotal,
    identities,
    is_proven,
    way_of,
    wrong_totals,
)
from accounts.formats.client_bank import UnreadableStatement, read_statement
from tests.bank_files import BANK_ENCODINGS, OURS, Order, outgoing, section, statement

ORDER = Order("1234.56", purpose="Оплата, л/с № 100000017. НДС не облагается…", number="77")
PURPOSES = st.text(
    st.characters(codec="cp866", exclude_categories=["C"], exclude_characters="=\xa0"), max_size=200
).map(lambda text: " ".join(text.split()))


def faults(data: bytes) -> list[tuple[int, str]]:
    """What is wrong with the file."""
    with pytest.raises(UnreadableStatement) as refusal:
        read_statement(data)
    return [(fault.line, fault.message) for fault in refusal.value.faults]


def changed(old: str, new: str, *orders: Order) -> bytes:
    """A statement with one thing in it replaced; it has to be there."""
    text = statement(*(orders or (ORDER,))).decode("cp1251")
    assert old in text
    return text.replace(old, new, 1).encode("cp1251")


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_file_is_read_in_every_encoding(encoding: str, end: str) -> None:
    order = Order("1234.56", purpose="л/с № 100000017, ёлки", number="77", payer="ИП Щукин")
    read = read_statement(statement(order, encoding=encoding, end=end))
    [document] = read.documents
    assert read.encoding == encoding.removesuffix("-sig")
    assert read.sender == "Невский клиент-банк 7"
    assert (read.first, read.last) == (date(2026, 11, 2), date(2026, 11, 2))
    assert read.accounts == (OURS,)
    assert (document.number, document.amount, document.kind) == (
        "77",
        Decimal("1234.56"),
        "Платежное поручение",
    )
    assert document.purpose == "л/с № 100000017, ёлки"
    assert (document.payer_name, document.payer_inn) == ("ИП Щукин", "7801000005")
    assert (document.payer_account, document.payee_account) == ("40702810100000000001", OURS)
    assert document.credited_on == date(2026, 11, 2)
    assert wrong_totals(read) == []
    assert is_proven(read)


@pytest.mark.parametrize("told", ["Windows", "DOS", "UTF-8", "nonsense"])
@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "utf-8"])
def test_the_bytes_say_the_encoding_whatever_the_header_says(told: str, encoding: str) -> None:
    text = statement(ORDER).decode("cp1251").replace("…", "").replace("=Windows", f"={told}")
    read = read_statement(text.encode(encoding))
    assert read.encoding == encoding
    assert read.documents[0].purpose == "Оплата, л/с № 100000017. НДС не облагается"


def test_the_figures_of_an_account_are_read() -> None:
    [days] = read_statement(statement(ORDER, outgoing("200.06"))).sections
    assert (days.opening, days.received) == (Decimal("1000.00"), Decimal("1234.56"))
    assert (days.paid, days.closing) == (Decimal("200.06"), Decimal("2034.50"))


@given(PURPOSES, st.sampled_from(sorted(BANK_ENCODINGS)))
def test_any_purpose_comes_out_as_it_went_in(purpose: str, encoding: str) -> None:
    data = statement(Order("1.00", purpose=purpose), encoding="cp866").decode("cp866")
    try:
        data.encode(encoding)
    except UnicodeEncodeError:
        return
    read = read_statement(data.encode(encoding))
    assert read.documents[0].purpose == purpose


@given(st.data())
def test_a_file_cut_anywhere_is_refused(data: st.DataObject) -> None:
    whole = statement(ORDER, Order("5.00", number="78"))
    end = len(whole) - len("КонецФайла") - len("\r\n")
    cut = data.draw(st.integers(min_value=0, max_value=end + len("КонецФайл")))
    found = faults(whole[:cut])
    assert found, "a part of a file was taken for the whole"


def test_a_cut_file_says_that_it_is_cut() -> None:
    whole = statement(ORDER)
    [(line, message)] = faults(whole[: whole.index("Плательщик=".encode("cp1251"))])
    assert (line, "cut short" in message or "оборван" in message) == (27, True)


def test_the_last_lines_may_lack_their_end() -> None:
    assert len(read_statement(statement(ORDER).rstrip()).documents) == 1


BROKEN = [
    ("Сумма=1234.56", "Сумма=12 34.56", 24),
    ("Сумма=1234.56", "Сумма=1234.567", 24),
    ("Сумма=1234.56", "Сумма=0.00", 24),
    ("Сумма=1234.56", "Сумма=-1.00", 24),
    ("Сумма=1234.56", "Сумма=1e5", 24),
    ("Сумма=1234.56", "Сумма=99999999999999", 24),
    ("Сумма=1234.56", "Сумма=", 21),
    ("Сумма=1234.56\r\n", "", 21),
    ("Дата=02.11.2026", "Дата=31.02.2026", 23),
    ("Дата=02.11.2026", "Дата=2026-11-02", 23),
    ("ДатаПоступило=02.11.2026", "ДатаПоступило=2.11.26", 34),
    ("Сумма=1234.56", "Сумма=1234.56\r\nСумма=9999.00", 25),
    ("КонецДокумента", "СекцияДокумент=Платежное поручение\r\nКонецДокумента", 40),
    ("Номер=77", "Номер=77\r\nкакой-то текст", 23),
    ("Номер=77", f"Номер={'7' * 41}", 22),
    ("КонецФайла", "КонецФайла\r\nещё что-то", 42),
    ("КонецРасчСчет", "КонецДокумента", 20),
    ("НачальныйОстаток=1000.00", "НачальныйОстаток=много", 16),
    ("Оплата,", "Оплата\0,", 39),
]


@pytest.mark.parametrize(("old", "new", "line"), BROKEN)
def test_a_broken_file_is_refused_with_its_line(old: str, new: str, line: int) -> None:
    assert line in [place for place, _message in faults(changed(old, new))]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe1\0C\0", b"PK\x03\x04", "Выписка банка".encode(), b"1CClientBankExchange\r\n"],
)
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    assert len(faults(data)) == 1


def test_bytes_of_no_letter_are_refused_with_their_line() -> None:
    data = statement(ORDER)
    assert faults(data.replace(b"\r\n", b"\n").replace(b"\x85", b"\x98"))[0][0] == 39
    utf8 = statement(ORDER, encoding="utf-8-sig")
    assert faults(utf8.replace("ёлки".encode(), b"\xff\xff").replace(b"77", b"\xc3("))[0][0] == 22


def test_every_fault_is_told_not_only_the_first() -> None:
    data = changed("Сумма=1234.56", "Сумма=x", ORDER, Order("2.00", number="78"))
    lines = [line for line, _message in faults(data.replace(b"=2.00", b"=y"))]
    assert lines == [24, 44]


def test_a_purpose_in_several_lines_or_parts_is_one() -> None:
    data = changed("л/с № 100000017", "л/с\r\n№ 100000017")
    assert "л/с № 100000017" in read_statement(data).documents[0].purpose
    parts = changed(
        "НазначениеПлатежа=Оплата", "НазначениеПлатежа1=За\r\nНазначениеПлатежа2=Оплата"
    )
    assert read_statement(parts).documents[0].purpose.startswith("За Оплата, л/с")


def test_what_is_not_read_does_not_matter() -> None:
    data = changed("Очередность=5", "Очередность=5\r\nНовоеПоле=что угодно=и ещё\r\n\r\n")
    assert read_statement(data).documents[0].amount == Decimal("1234.56")


@pytest.mark.parametrize("inn", ["0", "", "не указан", "12345678901234"])
def test_what_is_no_inn_is_left_out(inn: str) -> None:
    assert read_statement(statement(Order("1.00", inn=inn))).documents[0].payer_inn == ""


TOTALS = [
    ({"ВсегоПоступило": "1234.57"}, {"received", "closing"}),
    ({"ВсегоСписано": "10.00"}, {"paid", "closing"}),
    ({"КонечныйОстаток": "1.00"}, {"closing"}),
    ({"НачальныйОстаток": "999.99"}, {"closing"}),
    ({"ВсегоПоступило": "1234.57", "КонечныйОстаток": "2234.57"}, {"received"}),
    ({}, set()),
]


@pytest.mark.parametrize(("said", "wrong"), TOTALS)
def test_totals_that_do_not_hold_are_found(said: dict[str, str], wrong: set[str]) -> None:
    read = read_statement(statement(ORDER, sections=section([ORDER], **said)))
    assert {each.what for each in wrong_totals(read)} == wrong


def test_a_document_lost_on_the_way_is_missed() -> None:
    orders = [ORDER, Order("10.00", number="78"), Order("20.00", number="79")]
    read = read_statement(statement(*orders[:2], sections=section(orders)))
    assert wrong_totals(read) == [
        WrongTotal(12, OURS, "received", Decimal("1264.56"), Decimal("1244.56"))
    ]


def test_days_of_one_account_follow_each_other() -> None:
    later = {"ДатаНачала": "03.11.2026", "ВсегоПоступило": "0", "КонечныйОстаток": "2234.56"}
    both = section([ORDER]) + section([], opening="2234.56", **later)
    assert wrong_totals(read_statement(statement(ORDER, sections=both))) == []
    torn = section([ORDER]) + section([], opening="2234.00", **{**later, "ВсегоПоступило": "0.56"})
    wrong = wrong_totals(read_statement(statement(ORDER, sections=torn)))
    assert [each.what for each in wrong] == ["opening", "received"]


def test_totals_that_were_not_given_prove_nothing() -> None:
    bare = ["СекцияРасчСчет", f"РасчСчет={OURS}", "КонецРасчСчета"]
    read = read_statement(statement(ORDER, sections=bare))
    assert (wrong_totals(read), is_proven(read)) == ([], False)
    assert not is_proven(read_statement(statement(ORDER, sections=[])))


def test_documents_go_in_out_and_between_our_own_accounts() -> None:
    spare = "40702810900000000018"
    orders = [ORDER, outgoing("5.00"), Order("6.00", payer_account=spare)]
    documents = read_statement(statement(*orders)).documents
    ways = [way_of(each, told={OURS}, ours={OURS, spare}) for each in documents]
    assert ways == [Way.IN, Way.OUT, Way.OWN]
    assert way_of(documents[0], told={spare}, ours={OURS, spare}) is Way.ALIEN


def test_a_document_is_known_by_what_it_says() -> None:
    other = [
        Order("1234.56", number="78"),
        Order("1234.57", number="77"),
        Order("1234.56", number="77", day="03.11.2026"),
        Order("1234.56", number="77", inn="7802000000"),
        Order("1234.56", number="77", payer_account="40702810100000000002"),
    ]
    read = read_statement(statement(ORDER, *other))
    again = read_statement(statement(*reversed(other), ORDER, encoding="cp1251"))
    known, once_more = dict(identities(read.documents)), dict(identities(again.documents))
    assert known == once_more
    assert len(known) == 6
    assert set(known.values()) == {1}


def test_what_a_file_says_twice_is_two_documents_of_one_beginning() -> None:
    [(first, one), (second, two)] = identities(read_statement(statement(ORDER, ORDER)).documents)
    assert (one, two, second) == (1, 2, f"{first}-2")
