"""Bank statements: from the bank's file to the money on the accounts, each document once."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import (
    Account,
    BankStatement,
    BankStatementLine,
    Customer,
    LegalEntity,
    Payment,
    PaymentNotice,
)
from accounts.operations import statements
from accounts.operations.statements import UnableToLoadStatement, UnableToReceiveStatement
from accounts.queries import statements as queries
from accounts.queries.statements import LineFilter
from billing_project.kernel.invariants import find_violations
from tests import people
from tests.bank_files import OURS, Order, outgoing, section, statement

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 3)
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=people.MOSCOW)
SPARE = "40702810900000000018"


@pytest.fixture(autouse=True)
def our_bank(tmp_path: Path, settings: object) -> LegalEntity:
    """The operator with its bank accounts; an archive of the test's own."""
    settings.ARCHIVE_DIR = tmp_path  # type: ignore[attr-defined]
    entity = people.ladoga()
    LegalEntity.objects.filter(pk=entity.pk).update(bank_account=OURS, other_bank_accounts=SPARE)
    return entity


@pytest.fixture
def maria() -> Account:
    """A subscriber with one account."""
    return people.open_account_for("Иванова", "Мария")


def company(name: str, inn: str) -> Customer:
    """A company."""
    return accounts_operations.create_company(name=name, inn=inn, now=NOW, actor=people.CLERK)


def receive(data: bytes, *, name: str = "kl_to_1c.txt", **said: object) -> BankStatement:
    """Take a file in, without bills."""
    bills = said.pop("bills", lambda _names: {})
    return statements.receive_statement(
        data=data, name=name, bills=bills, business_date=DAY, now=NOW, actor="staff:1"
    ).statement


def load(data: bytes, **said: object) -> BankStatement:
    """Take a file in, confirm and finish it."""
    taken = receive(data, **said)
    statements.confirm_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    statements.finish_statement(statement_id=taken.pk, now=NOW)
    return BankStatement.objects.get(pk=taken.pk)


def fates(taken: BankStatement) -> list[tuple[str, str, str]]:
    """What becomes of each line: (fate, rule, doubt)."""
    lines = BankStatementLine.objects.filter(statement=taken).order_by("line")
    return list(lines.values_list("fate", "rule", "doubt"))


def money(account: Account) -> Decimal:
    """What is on the account."""
    return accounts_queries.get_balance(account.pk).money


def broken() -> dict[str, object]:
    """Promises of accounts that do not hold."""
    found = {each.name: find_violations(each) for each in accounts_queries.invariants()}
    return {name: rows for name, rows in found.items() if rows}


def test_nothing_is_credited_before_somebody_confirms(maria: Account) -> None:
    taken = receive(statement(Order("500.00", purpose=f"л/с {maria.number}")))
    assert taken.state == "received"
    assert fates(taken) == [("credit", "account", "")]
    assert money(maria) == 0
    assert not PaymentNotice.objects.exists()


def test_a_confirmed_statement_credits_once(maria: Account) -> None:
    data = statement(Order("500.00", purpose=f"л/с {maria.number}", number="8"), outgoing("70.00"))
    taken = load(data)
    assert taken.state == "loaded"
    payment = Payment.objects.get()
    assert (payment.account_id, payment.amount, payment.gateway) == (maria.pk, 500, "bank")
    assert payment.business_date == date(2026, 11, 2)
    assert payment.comment == f"л/с {maria.number}"
    assert (taken.outgoing, taken.outgoing_amount, taken.documents) == (1, Decimal("70.00"), 2)
    line = BankStatementLine.objects.get()
    assert line.notice is not None
    assert (line.notice.state, line.notice.payment_id) == ("credited", payment.pk)
    assert money(maria) == Decimal("500.00")
    assert broken() == {}


def test_the_same_file_again_changes_nothing_and_says_so(maria: Account) -> None:
    data = statement(Order("500.00", purpose=f"л/с {maria.number}"))
    first = load(data)
    again = statements.receive_statement(
        data=data, name="copy.txt", bills=dict, business_date=DAY, now=NOW, actor="staff:2"
    )
    assert (again.statement.pk, again.is_new) == (first.pk, False)
    assert (again.statement.times_seen, again.statement.name) == (2, "kl_to_1c.txt")
    assert statements.confirm_statement(statement_id=first.pk, now=NOW, actor="staff:2")
    assert statements.finish_statement(statement_id=first.pk, now=NOW) is False
    assert Payment.objects.count() == 1
    assert money(maria) == Decimal("500.00")
    assert BankStatement.objects.get().confirmed_by == "staff:1"


def test_a_document_in_two_statements_is_credited_once(maria: Account) -> None:
    orders = [Order("500.00", purpose=f"л/с {maria.number}", number=str(n)) for n in (1, 2)]
    load(statement(orders[0]), name="morning.txt")
    evening = load(statement(*orders, encoding="cp866"), name="evening.txt")
    assert [fate for fate, _rule, _doubt in fates(evening)] == ["duplicate", "credit"]
    assert money(maria) == Decimal("1000.00")
    lines = BankStatementLine.objects.filter(external_id__startswith="").order_by("pk")
    assert lines[0].notice_id == lines[1].notice_id
    assert broken() == {}


def test_two_previews_of_one_document_end_in_one_payment(maria: Account) -> None:
    order = Order("500.00", purpose=f"л/с {maria.number}")
    one, two = receive(statement(order)), receive(statement(order, encoding="cp866"))
    assert fates(two) == [("credit", "account", "")]
    for each in (one, two):
        statements.confirm_statement(statement_id=each.pk, now=NOW, actor="staff:1")
    assert statements.finish_statements(now=NOW) == 2
    assert fates(two) == [("duplicate", "account", "")]
    assert Payment.objects.count() == 1
    assert broken() == {}


def test_what_a_file_says_twice_waits_for_a_person(maria: Account) -> None:
    order = Order("500.00", purpose=f"л/с {maria.number}")
    taken = load(statement(order, order))
    assert fates(taken) == [("credit", "account", ""), ("unassigned", "", "repeated")]
    assert money(maria) == Decimal("500.00")
    waiting = PaymentNotice.objects.get(state="unassigned")
    assert queries.candidates_of_notice(waiting.pk) == [maria]
    again = load(statement(order, order, encoding="cp866"))
    assert [fate for fate, _rule, _doubt in fates(again)] == ["duplicate", "duplicate"]


def test_money_in_doubt_waits_with_its_candidates() -> None:
    bereg = company("ООО «Берег»", "7801000005")
    accounts = [people.open_account(bereg, kind="postpaid") for _ in range(2)]
    taken = load(statement(Order("90.00", purpose="Оплата услуг", inn="7801000005")))
    assert fates(taken) == [("unassigned", "", "several_of_company")]
    [line] = queries.list_lines(taken.pk)
    assert line.notice is not None
    assert (line.notice.state, line.notice.account_id) == ("unassigned", None)
    assert "7801000005" in line.notice.raw
    assert sorted(queries.candidates_of([line])) == sorted(each.pk for each in accounts)
    accounts_operations.intake.assign(
        notice_id=line.notice.pk, account_id=accounts[1].pk, now=NOW, actor="staff:3"
    )
    assert [money(each) for each in accounts] == [0, Decimal("90.00")]
    assert broken() == {}


RULES = [
    ("л/с {number}", "", "account"),
    ("по договору {contract}", "", "contract"),
    ("оплата счета 2026-0000123", "", "bill"),
    ("за связь", "7801000005", "company"),
]


@pytest.mark.parametrize(("purpose", "inn", "rule"), RULES)
def test_the_payer_is_found_by_each_rule(purpose: str, inn: str, rule: str) -> None:
    account = people.open_account(company("ООО «Берег»", "7801000005"), kind="postpaid")
    text = purpose.format(number=account.number, contract=account.contract.number.lower())
    order = Order("90.00", purpose=text, inn=inn)
    taken = load(statement(order), bills=lambda _names: {"2026-0000123": {account.pk}})
    assert fates(taken) == [("credit", rule, "")]
    assert money(account) == Decimal("90.00")


def test_a_bank_that_passes_money_on_is_not_the_payer() -> None:
    people.open_account(company("ПАО «Невский банк»", "7801000005"), kind="postpaid")
    order = Order("90.00", purpose="за связь", payer_account="40911810900000000001")
    assert fates(receive(statement(order))) == [("unassigned", "", "nothing_named")]


def test_a_persons_inn_is_no_company(maria: Account) -> None:
    Customer.objects.filter(pk=maria.customer_id).update(inn="780100000512")
    order = Order("90.00", purpose="за связь", inn="780100000512")
    assert fates(receive(statement(order))) == [("unassigned", "", "nothing_named")]


def test_a_closed_account_keeps_the_money_waiting(maria: Account) -> None:
    data = statement(Order("90.00", purpose=f"л/с {maria.number}"))
    taken = receive(data)
    Account.objects.filter(pk=maria.pk).update(closed_on=date(2026, 11, 2))
    statements.confirm_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    statements.finish_statement(statement_id=taken.pk, now=NOW)
    notice = PaymentNotice.objects.get()
    assert (notice.state, notice.reason) == ("unassigned", "account_closed")
    assert (money(maria), broken()) == (0, {})


def test_money_between_our_own_accounts_is_nobodys() -> None:
    taken = load(statement(Order("90.00", payer_account=SPARE), outgoing("1.00")))
    assert (taken.own, taken.own_amount, taken.outgoing) == (1, Decimal("90.00"), 1)
    assert fates(taken) == []


REFUSED = [
    (lambda text: text[: text.index("КонецФайла")], "cut short"),
    (lambda text: text.replace("ВсегоПоступило=90.00", "ВсегоПоступило=91.00"), "received 91.00"),
    (lambda text: text.replace("КонечныйОстаток=1090.00", "КонечныйОстаток=1.00"), "closing 1.00"),
    (lambda text: text.replace(OURS, "40702810900000009999"), "no bank account of ours"),
    (lambda text: text.replace("ДатаПоступило=02.11.2026", "ДатаПоступило=04.11.2026"), "to come"),
    (lambda text: text.replace(f"ПолучательСчет={OURS}", "ПолучательСчет=4070281"), "Neither"),
]


@pytest.mark.parametrize(("spoil", "why"), REFUSED)
def test_a_wrong_file_is_refused_and_nothing_is_taken(spoil: object, why: str) -> None:
    text = statement(Order("90.00")).decode("cp1251")
    with translation.override("en"), pytest.raises(UnableToReceiveStatement) as refusal:
        receive(spoil(text).encode("cp1251"))  # type: ignore[operator]
    with translation.override("en"):
        assert why in " ".join(str(fault) for fault in refusal.value.faults)
    assert not BankStatement.objects.exists()
    assert not BankStatementLine.objects.exists()
    assert list(Path(settings.ARCHIVE_DIR).rglob("*")) == []


def test_the_file_is_archived_byte_for_byte() -> None:
    data = statement(Order("90.00"), encoding="cp866")
    taken = receive(data)
    assert (Path(settings.ARCHIVE_DIR) / taken.archive_path).read_bytes() == data
    assert taken.size == len(data)
    assert taken.encoding == "cp866"


def test_a_statement_tells_its_totals(maria: Account) -> None:
    orders = [Order("90.00", purpose=f"л/с {maria.number}"), outgoing("20.00")]
    taken = receive(statement(*orders))
    assert taken.totals == [
        {
            "account": OURS,
            "opening": "1000.00",
            "received": "90.00",
            "paid": "20.00",
            "closing": "1070.00",
        }
    ]
    assert taken.is_proven
    assert not receive(statement(*orders, sections=[])).is_proven


def test_a_file_set_aside_is_matched_anew_when_it_comes_again(maria: Account) -> None:
    data = statement(Order("90.00", purpose=f"л/с {maria.number[:-1]}"))
    taken = receive(data)
    assert fates(taken) == [("unassigned", "", "nothing_named")]
    statements.discard_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    with pytest.raises(UnableToLoadStatement):
        statements.confirm_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    Account.objects.filter(pk=maria.pk).update(number=maria.number[:-1])
    again = receive(data)
    assert (again.pk, again.state, again.times_seen) == (taken.pk, "received", 2)
    assert fates(again) == [("credit", "account", "")]
    load(data)
    with pytest.raises(UnableToLoadStatement):
        statements.discard_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    assert money(maria) == Decimal("90.00")


def boom(**_said: object) -> None:
    """Break off."""
    raise RuntimeError("boom")


CUTS = {
    "confirmed": ("accounts.operations.statements.loading.receive_many", boom),
    "stored": ("accounts.operations.intake.mass.settle_waiting", boom),
    "settled": ("accounts.operations.statements.loading.LINK", "SELECT boom(%s)"),
}


@pytest.mark.parametrize("after", sorted(CUTS))
def test_loading_cut_anywhere_is_finished_later(
    maria: Account, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = receive(statement(Order("90.00", purpose=f"л/с {maria.number}"), Order("5.00")))
    statements.confirm_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
    with monkeypatch.context() as patch:
        patch.setattr(*CUTS[after])
        with pytest.raises(Exception, match="boom"):
            statements.finish_statement(statement_id=taken.pk, now=NOW)
    assert statements.finish_statements(now=NOW + timedelta(minutes=1)) == 1
    assert BankStatement.objects.get().state == "loaded"
    assert money(maria) == Decimal("90.00")
    assert Counter(PaymentNotice.objects.values_list("state", flat=True)) == {
        "credited": 1,
        "unassigned": 1,
    }
    assert broken() == {}


def test_lines_are_filtered(maria: Account) -> None:
    orders = [
        Order("90.00", purpose=f"л/с {maria.number}", number="1", payer="ИП Щукин"),
        Order("5.00", purpose="неизвестно", number="2"),
        Order("6.00", purpose=f"л/с {maria.number}", number="3"),
    ]
    taken = receive(statement(*orders))

    def found(**wanted: str) -> list[str]:
        lines = queries.list_lines(taken.pk, wanted=LineFilter(**wanted))
        return [line.number for line in lines]

    assert found() == ["1", "2", "3"]
    assert found(fate="unassigned") == ["2"]
    assert found(why="account") == ["1", "3"]
    assert found(why="nothing_named") == ["2"]
    assert found(text="щукин") == ["1"]
    assert found(text=maria.number, fate="unassigned") == []
    first = queries.list_lines(taken.pk, limit=1)
    assert [line.number for line in queries.list_lines(taken.pk, after=first[0].line)] == ["2", "3"]
    view = queries.get_statement(taken.pk)
    assert (view.of("credit").lines, view.of("credit").amount) == (2, Decimal("96.00"))
    assert (view.incoming.lines, view.incoming.amount) == (3, Decimal("101.00"))


def queries_of(lines: int, account: Account) -> tuple[int, int]:
    """How many queries it takes to receive and to load a statement of so many lines."""
    orders = [
        Order("1.00", purpose=f"л/с {account.number}", number=f"{lines}-{n}") for n in range(lines)
    ]
    data = statement(*orders)
    with CaptureQueriesContext(connection) as received:
        taken = receive(data)
    with CaptureQueriesContext(connection) as loaded:
        statements.confirm_statement(statement_id=taken.pk, now=NOW, actor="staff:1")
        statements.finish_statement(statement_id=taken.pk, now=NOW)
    assert (
        BankStatementLine.objects.filter(statement=taken, notice__state="credited").count() == lines
    )
    return len(received), len(loaded)


def test_a_thousand_lines_take_no_more_queries_than_ten(maria: Account) -> None:
    assert queries_of(10, maria) == queries_of(1_000, maria)


COMMAND = "load_statement"


def test_the_command_loads_and_tells(
    maria: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kl_to_1c.txt"
    path.write_bytes(statement(Order("90.00", purpose=f"л/с {maria.number}"), Order("5.00")))
    call_command(COMMAND, path, "--preview")
    assert money(maria) == 0
    call_command(COMMAND, path)
    assert money(maria) == Decimal("90.00")
    told = capsys.readouterr().out
    call_command(COMMAND, path)
    again = capsys.readouterr().out
    assert "90.00" in told
    assert "5.00" in told
    assert told != again
    assert Payment.objects.count() == 1


def test_the_command_refuses_a_cut_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.txt"
    path.write_bytes(statement(Order("90.00"))[:-40])
    with pytest.raises(CommandError):
        call_command(COMMAND, path)
    assert capsys.readouterr().err != ""
    assert not BankStatement.objects.exists()
    with pytest.raises(CommandError):
        call_command(COMMAND, tmp_path / "missing.txt")


PLANTED = [
    ("every line of a loaded", "UPDATE accounts_bankstatementline SET notice_id = NULL"),
    ("every line of a loaded", "UPDATE accounts_bankstatementline SET amount = 91"),
    (
        "a bank document brings",
        "INSERT INTO accounts_bankstatement (name, sha256, size, archive_path, encoding, sender,"
        " totals, is_proven, documents, outgoing, outgoing_amount, own, own_amount, state,"
        " times_seen, received_at, received_by, confirmed_by) SELECT name, 'x', size, archive_path,"
        " encoding, sender, totals, is_proven, documents, 0, 0, 0, 0, state, 1, received_at, '', ''"
        " FROM accounts_bankstatement;"
        "INSERT INTO accounts_bankstatementline (statement_id, line, kind, number, issued_on,"
        " credited_on, amount, currency, payer_name, payer_inn, payer_account, bank_account,"
        " purpose, external_id, fate, rule, doubt, account_id, candidates, notice_id)"
        " SELECT (SELECT max(id) FROM accounts_bankstatement), line, kind, number, issued_on,"
        " credited_on, amount, currency, payer_name, payer_inn, payer_account, bank_account,"
        " purpose, external_id, fate, rule, doubt, account_id, candidates, notice_id"
        " FROM accounts_bankstatementline",
    ),
    ("every notice of the bank", "UPDATE accounts_bankstatementline SET external_id = 'x'"),
]


@pytest.mark.parametrize(("name", "sql"), PLANTED)
def test_broken_promises_are_found(maria: Account, name: str, sql: str) -> None:
    load(statement(Order("90.00", purpose=f"л/с {maria.number}")))
    assert broken() == {}
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert any(each.startswith(name) for each in broken())


def test_a_section_of_another_account_of_ours_is_taken_too(maria: Account) -> None:
    orders = [
        Order("90.00", purpose=f"л/с {maria.number}"),
        Order("7.00", purpose=f"л/с {maria.number}", payee_account=SPARE, number="2"),
    ]
    both = section(orders) + section(orders, account=SPARE, opening="0.00")
    taken = load(statement(*orders, sections=both))
    assert [each["received"] for each in taken.totals] == ["90.00", "7.00"]
    assert money(maria) == Decimal("97.00")
