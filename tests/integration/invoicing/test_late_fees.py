"""Late fees: the rule, its twin in SQL, missed nights, what is never charged for, the line on the bill."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Account
from billing_project.kernel.invariants import find_violations
from dunning.operations import disputes, instalments
from dunning.operations.disputes import Claim
from dunning.operations.instalments import Wish
from invoicing import operations, queries
from invoicing.domain.instalments import propose
from invoicing.domain.late_fees import Accrued, LateTerms, add_day, days_to_count, months_begun
from invoicing.models import Bill, BillLine, KeyRate, LateFee, LateFeeRule
from invoicing.queries.open_debt import get_open
from tests.integration.invoicing.household import (
    at,
    bill,
    break_rules,
    charge,
    connect,
    days_from,
    ledger,
    make_account,
    make_version,
    pay,
)

pytestmark = pytest.mark.django_db
FEBRUARY = date(2026, 2, 1)
#: The bill of January is due on 21 February: the first day late.
FIRST = date(2026, 2, 22)


@pytest.fixture
def account() -> Account:
    """A fee of 310 for January, billed and not paid."""
    account = make_account()
    connect(account, make_version("310.00"))
    charge(date(2026, 1, 1))
    bill(FEBRUARY)
    return account


def rule(**changes: object) -> LateFeeRule:
    values = {"way": "percent", "percent": Decimal("0.1"), "active_from": date(2026, 1, 1)}
    return LateFeeRule.objects.create(**(values | changes))


def night(on: date, **accounts_range: int) -> int:
    return operations.charge_late_fees(business_date=on, now=at(on, 23), **accounts_range)


def amounts() -> list[Decimal]:
    return list(LateFee.objects.order_by("day", "bill_id").values_list("amount", flat=True))


def charged(account: Account) -> Decimal:
    return -sum((amount for _kind, amount in ledger(account, Kind.LATE_FEE)), Decimal(0))


def broken() -> set[str]:
    return {one.name for one in queries.invariants() if find_violations(one)}


RULES = [
    (
        {"way": "percent", "percent": Decimal("0.1")},
        LateTerms(percent=Decimal("0.1")),
        Decimal("0.31") * 40,
    ),
    # A hundredth of a percent is three kopecks a day, and one more every tenth day.
    (
        {"way": "percent", "percent": Decimal("0.01")},
        LateTerms(percent=Decimal("0.01")),
        Decimal("1.24"),
    ),
    (
        {"way": "key_rate", "percent": None, "divisor": 300},
        LateTerms(percent=Decimal("0.05333333")),
        Decimal("6.61"),
    ),
    (
        {"way": "fixed", "percent": None, "amount": Decimal(100)},
        LateTerms(per_month=Decimal(100)),
        Decimal("200.00"),
    ),
    (
        {"way": "percent", "percent": Decimal(1), "grace_days": 5, "cap_percent": Decimal(10)},
        LateTerms(percent=Decimal(1), grace_days=5, cap_percent=Decimal(10)),
        Decimal("31.00"),
    ),
    (
        {"way": "percent", "percent": Decimal("0.1"), "minimum": Decimal(13)},
        LateTerms(percent=Decimal("0.1"), minimum=Decimal(13)),
        Decimal(0),
    ),
    (
        {"way": "percent", "percent": Decimal("0.1"), "minimum": Decimal(10)},
        LateTerms(percent=Decimal("0.1"), minimum=Decimal(10)),
        Decimal("12.40"),
    ),
]


@pytest.mark.parametrize(("columns", "terms", "total"), RULES)
def test_forty_days_equal_the_plain_rule(
    account: Account, columns: dict, terms: LateTerms, total: Decimal
) -> None:
    KeyRate.objects.create(valid_from=date(2025, 10, 1), percent=Decimal(16))
    rule(**columns)
    expected, sums = Accrued(), []
    for day in days_from(FIRST - timedelta(days=1), 41):
        night(day)
        before = expected
        expected = add_day(before, Decimal(310), due_on=date(2026, 2, 21), day=day, terms=terms)
        if expected.exact != before.exact or (terms.per_month and day >= FIRST):
            sums.append(expected.amount)
    assert amounts() == sums
    assert (expected.charged, charged(account)) == (total, total)
    assert broken() == set()


@pytest.mark.parametrize(
    ("first", "day", "months"),
    [
        (date(2026, 1, 31), date(2026, 1, 30), 0),
        (date(2026, 1, 31), date(2026, 1, 31), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 1),
        (date(2026, 1, 31), date(2026, 2, 28), 2),
        (date(2026, 1, 31), date(2026, 3, 30), 2),
        (date(2026, 11, 15), date(2027, 1, 15), 3),
    ],
)
def test_months_begin_without_drift(first: date, day: date, months: int) -> None:
    assert months_begun(first, day) == months
    with connection.cursor() as cursor:
        cursor.execute("SELECT invoicing_months_begun(%s, %s)", [first, day])
        assert cursor.fetchone()[0] == months


def test_missed_nights_are_caught_up_as_their_days_were(account: Account) -> None:
    rule()
    night(FIRST)
    pay(account, "110.00", on=FIRST + timedelta(days=2))
    assert night(FIRST + timedelta(days=3)) == 3
    # On 23 February all was overdue, on 24 and 25 February 200 of it.
    assert amounts() == [Decimal(part) for part in ("0.31", "0.31", "0.20", "0.20")]
    assert night(FIRST + timedelta(days=3)) == 0
    assert charged(account) == Decimal("1.02")


def test_a_piece_of_accounts_is_counted_once_whatever_the_pieces(account: Account) -> None:
    rule()
    assert night(FIRST, account_from=0, account_to=account.pk) == 0
    assert night(FIRST, account_from=account.pk, account_to=account.pk + 1) == 1
    assert night(FIRST) == 0
    assert amounts() == [Decimal("0.31")]


def test_days_before_the_rule_and_longer_ago_than_a_month_are_left_alone() -> None:
    on = date(2026, 6, 30)
    assert days_to_count(on=on, since=None, counted=[]) == []
    assert days_to_count(on=on, since=on + timedelta(days=1), counted=[]) == []
    found = days_to_count(on=on, since=date(2026, 1, 1), counted=[date(2026, 6, 10)])
    assert (found[0], len(found)) == (date(2026, 5, 31), 30)


def test_disputed_money_costs_nothing(account: Account) -> None:
    rule()
    line = BillLine.objects.get()
    claim = Claim(
        account_id=account.pk, reason="x", request_id="r", bill_line_id=line.pk, amount=Decimal(210)
    )
    disputes.raise_dispute(claim=claim, business_date=FIRST, now=at(FIRST), actor="x")
    night(FIRST)
    assert LateFee.objects.get().base == Decimal(100)


def test_a_debt_in_instalments_costs_nothing(account: Account) -> None:
    rule()
    parts = propose(Decimal(310), parts=2, first_on=FIRST)
    instalments.agree(
        wish=Wish(account_id=account.pk, parts=parts, door="crm", request_id="r"),
        limit=None, business_date=FIRST, now=at(FIRST), actor="x",
    )  # fmt: skip
    assert night(FIRST) == 0
    assert LateFee.objects.count() == 0


def test_late_fees_bear_no_late_fees_and_have_a_line_of_their_own(account: Account) -> None:
    rule(percent=Decimal(1))
    night(date(2026, 2, 28))
    charge(FEBRUARY)
    bill(date(2026, 3, 1))
    made = Bill.objects.latest("id")
    line = made.lines.get(kind="late_fee")
    assert (line.gross, line.tax, line.title_ru) == (
        Decimal("21.70"),
        0,
        "Пени за просрочку, 22–28 февраля 2026",
    )
    assert line.explanation["bills"] == {Bill.objects.earliest("id").number_text: "21.70"}
    assert made.gross == Decimal("331.70")
    # Both bills are overdue by then; of the second only the fee bears.
    night(date(2026, 3, 22))
    last = LateFee.objects.filter(day=date(2026, 3, 22)).order_by("bill_id")
    assert [one.base for one in last] == [Decimal(310), Decimal(310)]
    assert [(one.what, one.open) for one in get_open(account.pk).items if one.open][2] == (
        "late_fee",
        Decimal("21.70"),
    )
    assert broken() == set()


def test_an_agent_takes_one_back_and_it_is_not_charged_anew(account: Account) -> None:
    rule()
    night(FIRST)
    entries = accounts_queries.list_entries(account_id=account.pk)
    [entry] = [one for one in entries if one.kind == Kind.LATE_FEE]
    accounts.reverse_entry(
        account_id=account.pk, entry_id=entry.id, reason="Сбой банка", limit=Decimal(100),
        business_date=FIRST, now=at(FIRST), actor="staff:1",
    )  # fmt: skip
    night(FIRST + timedelta(days=1))
    assert ledger(account, Kind.LATE_FEE) == [
        ("LATE_FEE", Decimal("-0.31")),
        ("LATE_FEE", Decimal("0.31")),
        ("LATE_FEE", Decimal("-0.31")),
    ]
    bill(date(2026, 3, 1))
    assert Bill.objects.latest("id").lines.get(kind="late_fee").gross == Decimal("0.31")
    assert broken() == set()


WHOSE = [
    ({"customer_kind": "person"}, 1),
    ({"customer_kind": "company"}, 0),
    ({"credit_class": "standard"}, 1),
    ({"credit_class": "other"}, 0),
    ({"active_to": FIRST}, 0),
    ({"active_from": FIRST + timedelta(days=1)}, 0),
    ({"way": "key_rate", "percent": None, "divisor": 300}, 0),
]


@pytest.mark.parametrize(("columns", "posted"), WHOSE)
def test_rules_say_for_whom_they_are(account: Account, columns: dict, posted: int) -> None:
    rule(**columns)
    assert night(FIRST) == posted


def test_the_first_rule_that_fits_counts(account: Account) -> None:
    rule(position=2)
    rule(position=1, percent=Decimal(1), legal_entity=account.contract.legal_entity)
    night(FIRST)
    assert amounts() == [Decimal("3.10")]


FAULTS = [
    ("UPDATE invoicing_latefee SET amount = 0", "late fees on the ledger are those counted"),
    ("UPDATE invoicing_latefee SET charged = 5", "a late fee's days add up to what was charged"),
]


@pytest.mark.parametrize(("sql", "promise"), FAULTS)
def test_a_planted_fault_is_found(account: Account, sql: str, promise: str) -> None:
    rule()
    night(FIRST)
    break_rules("invoicing_latefee", sql)
    assert f"invoicing: {promise}" in broken()
