"""What is held, granted, given up and taken back is proven every night, and a planted fault is found."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts import operations
from accounts.domain.kinds import Kind
from accounts.models import Account
from accounts.queries import list_entries
from accounts.queries.correction_invariants import correction_invariants
from tests.moves import WHEN, broken, charge, credit
from tests.people import CLERK, NOON, TODAY

FACTS = ("holdcapture", "bonususe", "bonuspart", "writeoff", "entryreversal", "openingbalance")
GUARDED = ("ledgerentry", *FACTS)


@pytest.fixture
def books(alice: Account, bob: Account) -> None:
    """Something of everything."""
    operations.open_balance(
        account_id=bob.pk, amount=Decimal(500), reference="o", reason="x", **WHEN
    )
    for reference in ("h1", "h2"):
        held = operations.authorise_hold(
            account_id=bob.pk, amount=Decimal(50), reason="x", reference=reference,
            expires_at=NOON + timedelta(days=1), now=NOON, actor=CLERK,
        )  # fmt: skip
    operations.capture_hold(hold_id=held.pk, amount=Decimal(20), request_id="c", **WHEN)
    charge(alice, "90.00")
    for request in ("w1", "w2"):
        operations.write_off_debt(
            account_id=alice.pk, amount=Decimal(10), reason="x", request_id=request,
            limit=Decimal(99), **WHEN,
        )  # fmt: skip
    [entry] = list_entries(account_id=alice.pk, limit=1)
    operations.reverse_entry(
        account_id=alice.pk, entry_id=entry.id, reason="x", limit=Decimal(99), **WHEN
    )
    for number, last in enumerate((TODAY, None)):
        operations.grant_bonus(
            account_id=alice.pk, amount=Decimal(30), reason="x", request_id=f"g{number}",
            limit=Decimal(99), expires_on=last, **WHEN,
        )  # fmt: skip
    operations.use_bonus(account_id=alice.pk, amount=Decimal(10), request_id="u", **WHEN)
    operations.expire_bonuses(
        business_date=TODAY, now=NOON, actor=CLERK, account_from=0, account_to=2**62
    )
    credit(alice, "5.00")


def run(statement: str) -> None:
    """Run past the triggers: a fault nobody could make through the product."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE accounts_{table} DISABLE TRIGGER USER")
        cursor.execute(statement)


def remove(kind: Kind, also: str = "true") -> str:
    return f"DELETE FROM accounts_ledgerentry WHERE kind = {int(kind)} AND {also}"


def of(start: str) -> str:
    """The promise whose name begins so."""
    [name] = [each.name for each in correction_invariants() if each.name.startswith(start)]
    return name


# start of the promise's name -> what breaks it
FAULTS = [
    ("holds: a balance holds", "UPDATE accounts_accountbalance SET held = 0"),
    ("holds: a balance holds", "UPDATE accounts_hold SET amount = 51 WHERE state = 'open'"),
    ("holds: what was taken", "UPDATE accounts_hold SET captured = 19 WHERE captured = 20"),
    ("holds: what was taken", "UPDATE accounts_hold SET state = 'captured'"),
    ("holds: every capture", remove(Kind.ONE_OFF)),
    ("holds: every capture", "UPDATE accounts_holdcapture SET amount = 19"),
    ("bonuses: the balance's", "UPDATE accounts_accountbalance SET bonus = bonus + 1"),
    ("bonuses: a grant is", 'UPDATE accounts_bonusgrant SET "left" = "left" - 1 WHERE "left" > 0'),
    ("bonuses: a use is", "DELETE FROM accounts_bonuspart WHERE use_id IS NOT NULL"),
    ("bonuses: every grant", remove(Kind.BONUS_GRANT)),
    ("bonuses: every use took", remove(Kind.BONUS_USE, "fund = 2")),
    ("bonuses: every use became", remove(Kind.BONUS_USE, "fund = 1")),
    ("bonuses: what expired", remove(Kind.BONUS_EXPIRY)),
    ("reversals: an entry", remove(Kind.WRITE_OFF, "reverses_id IS NOT NULL")),
    ("reversals: an entry", "UPDATE accounts_entryreversal SET amount = amount - 1"),
    ("reversals: every entry", "DELETE FROM accounts_entryreversal"),
    ("write-offs: every", "UPDATE accounts_writeoff SET amount = 11"),
    ("write-offs: every", remove(Kind.WRITE_OFF, "reverses_id IS NULL")),
    ("write-offs: a run", """
        INSERT INTO accounts_writeoffrun (closed_before, reason, request_id, accounts, amount, state,
            asked_by, asked_at, approved_by)
        VALUES ('2026-01-01', '', 'r', 1, 1, 'done', '', now(), '');
        UPDATE accounts_writeoff SET run_id = (SELECT max(id) FROM accounts_writeoffrun)"""),
    ("opening balances:", remove(Kind.OPENING)),
]  # fmt: skip


def test_good_books_keep_every_promise(books: None) -> None:
    assert broken() == []


@pytest.mark.parametrize(("start", "statement"), FAULTS)
def test_a_planted_fault_is_found(books: None, start: str, statement: str) -> None:
    run(statement)
    assert of(start) in broken()


def test_every_promise_has_a_planted_fault() -> None:
    assert {of(start) for start, _ in FAULTS} == {each.name for each in correction_invariants()}


@pytest.mark.parametrize("table", FACTS)
def test_facts_stay_as_they_are(books: None, table: str) -> None:
    with (
        pytest.raises(Exception, match=r"append-only|refuse|never|changed"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM accounts_{table}")
