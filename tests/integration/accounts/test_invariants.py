"""Every promise of accounts and the kernel holds on good books, and a planted fault is found."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from accounts import operations, queries
from accounts.domain.kinds import Kind
from accounts.domain.posting import Posting
from accounts.models import Account, Payment, Subscription
from accounts.queries import cash_desk, intake, receipts, relations, vouchers
from accounts.queries.acquiring_invariants import acquiring_invariants
from accounts.queries.closing import closing_invariants
from accounts.queries.correction_invariants import correction_invariants
from accounts.queries.credit import credit_invariants
from accounts.queries.deposits import deposit_invariants
from accounts.queries.held_invariants import held_invariants
from accounts.queries.statements import statement_invariants
from billing_project.kernel import operations as kernel
from billing_project.kernel import queries as kernel_queries
from billing_project.kernel.invariants import find_violations
from tests import people
from tests.people import CLERK, NOON, TODAY

APPEND_ONLY = ("accounts_ledgerentry", "accounts_adjustment")
DEFAULTS = ("accounts_ledgerentry_default is empty", "kernel_businessevent_default is empty")


@pytest.fixture
def books(alice: Account, bob: Account, mobile: Subscription) -> Payment:
    """Something of everything: payments, one reversed, an adjustment, a transfer, a service."""
    payment = _pay(bob, "100.00", external_id="T1")
    reversed_later = _pay(bob, "7.00", external_id="T2")
    operations.reverse_payment(
        payment_id=reversed_later.pk, reason="x", business_date=TODAY, now=NOON, actor=CLERK
    )
    operations.adjust(
        account_id=alice.pk, amount=Decimal("-3.00"), reason="x", request_id="r", limit=Decimal(9),
        business_date=TODAY, now=NOON, actor=CLERK,
    )  # fmt: skip
    operations.transfer(
        from_account_id=bob.pk, to_account_id=people.open_account(bob.customer).pk,
        amount=Decimal("1.00"), request_id="t", business_date=TODAY, now=NOON, actor=CLERK,
    )  # fmt: skip
    operations.activate_service(subscription_id=mobile.pk, now=NOON, actor=CLERK)
    operations.take_snapshots(month=TODAY, account_from=0, account_to=2**62)
    return payment


def _pay(account: Account, amount: str, *, external_id: str) -> Payment:
    return operations.take_payment(
        account_id=account.pk,
        amount=Decimal(amount),
        gateway="cash",
        external_id=external_id,
        paid_at=NOON,
        business_date=TODAY,
        now=NOON,
        actor=CLERK,
    )


def broken() -> set[str]:
    """Return the names of the promises that do not hold."""
    promises = [*queries.invariants(), *kernel_queries.invariants()]
    return {promise.name for promise in promises if find_violations(promise)}


def run(statement: str, *params: object) -> None:
    """Run past the append-only triggers: a fault nobody could make through the product."""
    with connection.cursor() as cursor:
        # Deferred checks of earlier rows would stop ALTER TABLE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, params)
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_good_books_keep_every_promise(books: Payment) -> None:
    assert broken() == set()


def entry(kind: Kind) -> str:
    """Return the start of a statement that removes the entries of a kind."""
    return f"DELETE FROM accounts_ledgerentry WHERE kind = {int(kind)}"


# name of the promise -> a statement that breaks it (others may break with it)
FAULTS = {
    "balance = sum of entries, per fund": (
        "UPDATE accounts_accountbalance SET bonus = bonus + 0.01"
    ),
    "every entry has its key, every key its entry, with equal amounts": (
        "DELETE FROM accounts_postingkey WHERE kind = 1"
    ),
    "every entry stands against the contra account of its kind": (
        "UPDATE accounts_ledgerentry SET contra = 20 WHERE kind = 1"
    ),
    "trial balance: what accounts hold = minus what the contra accounts hold": (
        "UPDATE accounts_accountbalance SET money = money - 0.01"
    ),
    "trial balance: transfers sum to zero, each of two entries": (
        "UPDATE accounts_ledgerentry SET amount = amount + 0.5 WHERE kind = 50"
    ),
    "every payment has its entry, every payment entry its payment": (
        "UPDATE accounts_ledgerentry SET amount = amount + 1 WHERE kind = 1"
    ),
    "a payment is reversed exactly when its state says so": (
        "UPDATE accounts_payment SET state = 'posted'"
    ),
    "every payment has its reference, with the same amount and account": (
        "DELETE FROM accounts_paymentreference"
    ),
    "every adjustment has its entry, every adjustment entry its adjustment": (
        "DELETE FROM accounts_adjustment"
    ),
    "a number in use is not free in the pool, one that is not free is in use": (
        "UPDATE accounts_poolnumber SET is_free = NOT is_free"
    ),
    "numbers in use belong to services that live, on the service's account": (
        "UPDATE accounts_subscription SET state = 'terminated', terminated_at = now()"
    ),
    "every account has its balance row, every balance row its account": (
        "INSERT INTO accounts_accountbalance (account_id) VALUES (404)"
    ),
    "a snapshot is the sum of the entries up to its month's end": (
        "UPDATE accounts_balancesnapshot SET money = money + 1"
    ),
    "plan history lies within the service's life, without a gap": (
        "UPDATE accounts_planassignment SET active_from = active_from - interval '1 day'"
    ),
    "every inbox row has its event": "UPDATE kernel_eventinbox SET event_id = -event_id",
}
MORE_FAULTS = [
    ("every entry has its key, every key its entry, with equal amounts",
     "UPDATE accounts_postingkey SET amount = amount + 0.01 WHERE kind = 1"),
    ("balance = sum of entries, per fund", entry(Kind.ADJUSTMENT)),
    ("every payment has its entry, every payment entry its payment", entry(Kind.PAYMENT)),
    ("a payment is reversed exactly when its state says so", entry(Kind.PAYMENT_REVERSAL)),
    ("trial balance: transfers sum to zero, each of two entries", entry(Kind.TRANSFER_IN)),
    ("every payment has its reference, with the same amount and account",
     "UPDATE accounts_paymentreference SET amount = amount + 1"),
    ("a number in use is not free in the pool, one that is not free is in use",
     "DELETE FROM accounts_poolnumber"),
    ("every account has its balance row, every balance row its account",
     "DELETE FROM accounts_accountbalance"),
    ("plan history lies within the service's life, without a gap",
     "UPDATE accounts_planassignment SET active_to = active_from + interval '1 day'"),
    ("plan history lies within the service's life, without a gap",
     "DELETE FROM accounts_planassignment"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), [*FAULTS.items(), *MORE_FAULTS])
def test_a_planted_fault_is_found(books: Payment, name: str, statement: str) -> None:
    run(statement)
    assert name in broken()


def test_every_promise_has_a_planted_fault(db: None) -> None:
    promises = [*queries.invariants(), *kernel_queries.invariants()]
    planted = {*FAULTS, *(row["name"] for row in _defaults()), *_planted_elsewhere()}
    assert {promise.name for promise in promises} <= planted


def _planted_elsewhere() -> set[str]:
    """Promises of parts with tests of their own, where each is broken on purpose."""
    parts = [
        correction_invariants(),  # test_correction_invariants
        relations.invariants(),  # test_relations
        receipts.invariants(),  # test_fiscal_receipts
        vouchers.invariants(),  # test_vouchers
        cash_desk.invariants(),  # test_cash_desk
        intake.intake_invariants(),  # test_intake
        acquiring_invariants(),  # test_card_returns, test_autopay
        statement_invariants(),  # test_statements
        held_invariants(),  # test_recurring_invariants
        closing_invariants(),  # dunning/test_closing
        deposit_invariants(),  # invoicing/test_deposits, invoicing/test_cycles
        credit_invariants(),  # dunning/test_own_limits
    ]
    return {promise.name for part in parts for promise in part}


def _defaults() -> list[dict[str, str]]:
    names = [promise.name for promise in kernel_queries.invariants()]
    return [{"name": name} for name in names if name.endswith("_default is empty")]


def _stray_entry(account: Account) -> None:
    posting = Posting(
        account_id=account.pk,
        kind=Kind.FEE,
        ref=1,
        amount=Decimal("-1.00"),
        business_date=date(2001, 1, 15),
    )
    operations.post(postings=[posting], now=NOON, actor=CLERK)


def _stray_event(account: Account) -> None:
    kernel.record_event(
        kind="note.written",
        account_id=account.pk,
        happened_at=NOON.replace(year=2001),
        actor=CLERK,
    )


@pytest.mark.parametrize(
    ("name", "stray"), zip(DEFAULTS, (_stray_entry, _stray_event), strict=True)
)
def test_a_row_without_a_month_is_found_and_moves_when_the_month_is_made(
    bob: Account, name: str, stray: Callable[[Account], None]
) -> None:
    stray(bob)
    assert broken() == {name}
    kernel.ensure_months(first=date(2001, 1, 1), last=date(2001, 11, 1))
    assert broken() == set()
