"""One bank statement, or two that overlap, brought and confirmed by several people at once."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from accounts import queries as accounts_queries
from accounts.models import (
    Account,
    BankStatement,
    BankStatementLine,
    LegalEntity,
    Payment,
    PaymentNotice,
)
from accounts.operations import statements
from tests import people
from tests.bank_files import OURS, Order, statement
from tests.checks import broken_promises
from tests.concurrency.together import failures, together

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=people.MOSCOW)


@pytest.fixture
def maria(tmp_path: Path, settings: object) -> Account:
    """A subscriber; the operator has a bank account."""
    settings.ARCHIVE_DIR = tmp_path  # type: ignore[attr-defined]
    account = people.open_account_for("Иванова", "Мария")
    LegalEntity.objects.update(bank_account=OURS)
    return account


def orders(account: Account, *, first: int = 0) -> list[Order]:
    """Twenty payments for the account."""
    purpose = f"л/с {account.number}"
    return [Order("10.00", purpose=purpose, number=str(first + n)) for n in range(20)]


def receive(data: bytes) -> int:
    """Bring a file."""
    return statements.receive_statement(
        data=data,
        name="kl_to_1c.txt",
        bills=lambda _names: {},
        business_date=date(2026, 11, 3),
        now=NOW,
        actor="staff:1",
    ).statement.pk


def load(statement_id: int) -> bool:
    """Confirm a statement and finish it."""
    statements.confirm_statement(statement_id=statement_id, now=NOW, actor="staff:1")
    return statements.finish_statement(statement_id=statement_id, now=NOW)


def money(account: Account) -> Decimal:
    """What is on the account."""
    return accounts_queries.get_balance(account.pk).money


def test_one_file_brought_by_four_people_is_one_statement(maria: Account) -> None:
    data = statement(*orders(maria))
    answers = together([partial(receive, data)] * 4)
    assert failures(answers) == []
    assert set(answers) == {BankStatement.objects.get().pk}
    assert BankStatementLine.objects.count() == 20
    assert BankStatement.objects.get().times_seen == 4


def test_four_people_confirm_one_statement_and_it_is_credited_once(maria: Account) -> None:
    taken = receive(statement(*orders(maria)))
    answers = together([partial(load, taken)] * 4)
    assert failures(answers) == []
    statements.finish_statements(now=NOW)
    assert money(maria) == Decimal("200.00")
    assert Payment.objects.count() == PaymentNotice.objects.count() == 20
    assert BankStatement.objects.get().state == "loaded"
    assert broken_promises(accounts_queries.invariants()) == []


def test_statements_that_overlap_confirmed_at_once_credit_each_document_once(
    maria: Account,
) -> None:
    early, late = orders(maria), orders(maria, first=10)
    files = [statement(*early), statement(*late), statement(*early, *late[10:])]
    taken = [receive(data) for data in files]
    answers = together([partial(load, each) for each in taken])
    assert failures(answers) == []
    statements.finish_statements(now=NOW)
    assert money(maria) == Decimal("300.00")
    assert Payment.objects.count() == 30
    fates = Counter(BankStatementLine.objects.values_list("fate", flat=True))
    assert fates == {"credit": 30, "duplicate": 40}
    assert not BankStatementLine.objects.filter(notice=None).exists()
    assert broken_promises(accounts_queries.invariants()) == []
