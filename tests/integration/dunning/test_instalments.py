"""Instalment plans: the debt to the kopeck, not worked while kept, broken loudly, paid off early."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import Account
from billing_project.kernel.models import Approval, BusinessEvent
from billing_project.kernel.operations import UnableToDecide
from dunning import queries
from dunning.models import ServiceAccess
from dunning.operations import decide_accounts, instalments
from dunning.operations.instalments import UnableToAgree, Wish
from invoicing import queries as invoicing_queries
from invoicing.domain.instalments import (
    Applicant,
    Obstacle,
    PlannedPart,
    Terms,
    find_obstacle,
    propose,
)
from invoicing.models import DebtPolicy, InstalmentPlan
from invoicing.queries.aging import iterate_debt
from invoicing.queries.instalments import describe_plan
from invoicing.queries.open_debt import get_open
from tests.checks import broken_promises
from tests.integration.invoicing.household import (
    at,
    bill,
    break_rules,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
    pay,
    post,
)

pytestmark = pytest.mark.django_db
AGENT, CHIEF, SUBSCRIBER = "staff:1", "staff:2", "subscriber:7"
APRIL = date(2026, 4, 1)
TODAY = date(2026, 4, 10)


@pytest.fixture
def account() -> Account:
    """Fees of 310 of January to March, each on its bill, nothing paid: two bills are overdue."""
    account = make_account(kind="prepaid")
    connect(account, make_version("310.00"))
    for month in (1, 2, 3):
        charge(date(2026, month, 1))
        bill(date(2026, month + 1, 1))
    return account


def agree(account: Account, *, limit: str | None = "10000", **changes: object) -> object:
    values = {
        "parts": propose(Decimal("930.00"), parts=3, first_on=date(2026, 4, 20)),
        "door": "crm",
        "request_id": "r1",
    }
    wish = Wish(account_id=account.pk, **(values | changes))
    return instalments.agree(
        wish=wish,
        limit=None if limit is None else Decimal(limit),
        business_date=TODAY,
        now=at(TODAY),
        actor=SUBSCRIBER if wish.door == "portal" else AGENT,
    )


def follow(on: date, *, may_break: bool = True) -> object:
    return instalments.follow(on=on, may_break=may_break, now=at(on, 1), actor="system:nightly")


def balance(account: Account) -> object:
    return accounts_queries.get_balance(account.pk)


def all_promises() -> list[str]:
    return broken_promises([*queries.invariants(), *invoicing_queries.invariants()])


def kinds_told() -> list[str]:
    rows = BusinessEvent.objects.filter(kind__startswith="instalments.").order_by("id")
    return list(rows.values_list("kind", flat=True))


def left(plan: InstalmentPlan, on: date = TODAY) -> list[Decimal]:
    plan.refresh_from_db()
    return [part.open for part in describe_plan(plan, on=on).parts]


@given(
    debt=st.integers(1, 10**9),
    parts=st.integers(1, 24),
    first=st.none() | st.integers(1, 10**9),
    day=st.dates(date(2026, 1, 1), date(2027, 1, 1)),
)
def test_parts_sum_to_the_debt_to_the_kopeck(
    debt: int, parts: int, first: int | None, day: date
) -> None:
    amount = Decimal(debt) / 100
    apart = None if first is None else Decimal(first) / 100
    found = propose(amount, parts=parts, first_on=day, first=apart)
    assert sum(part.amount for part in found) == amount
    assert len(found) == parts
    assert [part.due_on for part in found] == sorted({part.due_on for part in found})


PARTS = propose(Decimal(90), parts=3, first_on=TODAY)
OBSTACLES = [
    ({"debt": "0"}, {}, PARTS, Obstacle.NO_DEBT),
    ({"debt": "89.99"}, {}, PARTS, Obstacle.MORE_THAN_DEBT),
    ({}, {"most_parts": 2}, PARTS, Obstacle.PARTS),
    ({}, {}, [], Obstacle.PARTS),
    ({}, {}, [PlannedPart(TODAY, Decimal("0.001"))], Obstacle.PARTS),
    ({}, {}, [PARTS[1], PARTS[0]], Obstacle.DAYS),
    ({}, {}, [PlannedPart(TODAY - timedelta(days=1), Decimal(9))], Obstacle.DAYS),
    ({}, {"most_days": 30}, PARTS, Obstacle.TOO_LONG),
    ({}, {"first_percent": Decimal(40)}, PARTS, Obstacle.FIRST),
    ({"is_alone": True}, {}, PARTS, Obstacle.NOT_ALONE),
    ({"is_alone": True}, {"self_service_most": Decimal(89)}, PARTS, Obstacle.TOO_MUCH_ALONE),
    (
        {"is_alone": True, "has_broken": True},
        {"self_service_most": Decimal(90)},
        PARTS,
        Obstacle.BROKEN_BEFORE,
    ),
    ({"is_alone": True}, {"self_service_most": Decimal(90)}, PARTS, None),
    ({"has_broken": True}, {}, PARTS, None),
]


@pytest.mark.parametrize(("who", "terms", "parts", "obstacle"), OBSTACLES)
def test_what_stands_in_the_way(
    who: dict, terms: dict, parts: list[PlannedPart], obstacle: Obstacle | None
) -> None:
    applicant = Applicant(**({"debt": Decimal(90)} | {k: _value(v) for k, v in who.items()}))
    assert find_obstacle(parts, terms=Terms(**terms), who=applicant, on=TODAY) == obstacle


def _value(value: object) -> object:
    return Decimal(value) if isinstance(value, str) else value


def test_the_debt_in_parts_is_not_worked_and_the_service_works_again(account: Account) -> None:
    decide_accounts(account_ids=[account.pk], now=at(TODAY), actor="x")
    assert ServiceAccess.objects.get().level != "open"
    plan = agree(account)
    assert (plan.debt, plan.frozen, plan.state) == (Decimal("930.00"), Decimal("930.00"), "active")
    assert balance(account).floor == Decimal("930.00")
    # The rules ask for more than zero, so a kopeck makes the difference between them.
    pay(account, "1.00", on=TODAY)
    decide_accounts(account_ids=[account.pk], now=at(TODAY), actor="x")
    assert ServiceAccess.objects.get().level == "open"
    [aged] = iterate_debt(on=TODAY)
    assert aged.buckets == (Decimal("929.00"), *[Decimal(0)] * 4)
    assert all_promises() == []


def test_bills_give_their_debt_to_the_plan(account: Account) -> None:
    plan = agree(account)
    debt = get_open(account.pk)
    assert (debt.total, debt.overdue(TODAY)) == (Decimal("930.00"), 0)
    assert [item.open for item in debt.items if item.what == "bill"] == [0, 0, 0]
    assert left(plan) == [Decimal("310.00")] * 3
    charge(APRIL)
    bill(date(2026, 5, 1))
    # The new bill is due on 21 May, between the second part and the third.
    pay(account, "650.00", on=date(2026, 5, 2))
    assert left(plan) == [0, 0, Decimal("310.00")]
    assert get_open(account.pk).total == Decimal("590.00")


def test_a_part_paid_in_time_keeps_it_and_the_last_one_ends_it(account: Account) -> None:
    plan = agree(account)
    pay(account, "310.00", on=date(2026, 4, 15))
    assert follow(date(2026, 4, 16), may_break=False).account_ids == (account.pk,)
    plan.refresh_from_db()
    assert (plan.frozen, balance(account).floor) == (Decimal("620.00"), Decimal("620.00"))
    assert follow(date(2026, 4, 21)).account_ids == ()
    pay(account, "620.00", on=date(2026, 4, 22))
    assert follow(date(2026, 4, 22)).kept == 1
    plan.refresh_from_db()
    assert (plan.state, plan.frozen, balance(account).floor) == ("kept", 0, 0)
    assert kinds_told() == ["instalments.agreed", "instalments.kept"]
    assert all_promises() == []


@pytest.mark.parametrize(("grace", "broken_on"), [(0, date(2026, 4, 21)), (3, date(2026, 4, 24))])
def test_a_missed_part_breaks_it_loudly(account: Account, grace: int, broken_on: date) -> None:
    entity = account.contract.legal_entity
    DebtPolicy.objects.create(legal_entity=entity, grace_days=grace)
    plan = agree(account)
    pay(account, "309.99", on=date(2026, 4, 15))
    assert follow(broken_on - timedelta(days=1)).broken == 0
    assert follow(broken_on, may_break=False).broken == 0
    assert follow(broken_on).broken == 1
    assert follow(broken_on).broken == 0
    plan.refresh_from_db()
    assert (plan.state, plan.frozen, balance(account).floor) == ("broken", 0, 0)
    assert kinds_told() == ["instalments.agreed", "instalments.broken"]
    # All of it is owed as before the plan.
    assert get_open(account.pk).overdue(date(2026, 4, 21)) == Decimal("310.01")
    assert all_promises() == []


def test_it_is_cancelled_with_a_reason_once(account: Account) -> None:
    plan = agree(account)
    with pytest.raises(UnableToAgree, match="причину"):
        instalments.cancel(plan_id=plan.pk, reason=" ", now=at(TODAY), actor=AGENT)
    instalments.cancel(plan_id=plan.pk, reason="Передумал", now=at(TODAY), actor=AGENT)
    plan.refresh_from_db()
    assert (plan.state, plan.close_reason) == ("cancelled", "Передумал")
    assert balance(account).floor == 0
    with pytest.raises(UnableToAgree):
        instalments.cancel(plan_id=plan.pk, reason="x", now=at(TODAY), actor=AGENT)
    assert agree(account, request_id="r2").state == "active"


def test_the_same_request_agrees_once_and_another_waits_for_the_first(account: Account) -> None:
    plan = agree(account)
    assert agree(account).pk == plan.pk
    with pytest.raises(UnableToAgree, match="уже"):
        agree(account, request_id="r2")
    assert InstalmentPlan.objects.count() == 1


def test_above_the_limit_a_second_person_agrees(account: Account) -> None:
    asked = agree(account, limit="929.99")
    assert isinstance(asked, Approval)
    assert agree(account, limit="929.99").pk == asked.pk
    assert (InstalmentPlan.objects.count(), balance(account).floor) == (0, 0)
    with pytest.raises(UnableToDecide):
        instalments.approve(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=AGENT)
    plan = instalments.approve(
        approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF
    )
    assert (plan.actor, plan.approval_id) == (AGENT, asked.pk)
    assert balance(account).floor == Decimal("930.00")


def test_what_was_approved_too_late_is_refused(account: Account) -> None:
    asked = agree(account, limit="1")
    pay(account, "900.00", on=TODAY)
    with pytest.raises(UnableToAgree, match="больше, чем долг"):
        instalments.approve(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF)
    assert Approval.objects.get(pk=asked.pk).state == "pending"


def test_subscribers_agree_by_themselves_where_the_rule_lets_them(account: Account) -> None:
    with pytest.raises(UnableToAgree, match="сотрудник"):
        agree(account, door="portal", limit=None)
    policy = DebtPolicy.objects.create(
        legal_entity=account.contract.legal_entity, self_service=True, fee=Decimal("50.00")
    )
    plan = agree(account, door="portal", limit=None)
    assert (plan.door, plan.actor, plan.fee) == ("portal", SUBSCRIBER, Decimal("50.00"))
    assert plan.terms["parts"][0] == ["2026-04-20", "310.00"]
    assert ledger(account, Kind.ONE_OFF) == [("ONE_OFF", Decimal("-50.00"))]
    policy.delete()
    assert all_promises() == []


def test_a_debt_that_no_bill_explains_yet_can_be_paid_in_parts() -> None:
    account = make_account()
    post(account, "-100.00", on=date(2026, 3, 10))
    parts = propose(Decimal(100), parts=2, first_on=date(2026, 4, 20))
    plan = agree(account, parts=parts)
    assert left(plan) == [Decimal(50), Decimal(50)]
    bill(APRIL)
    debt = get_open(account.pk)
    assert [(one.what, one.open) for one in debt.items] == [
        ("part", Decimal(50)),
        ("bill", 0),
        ("part", Decimal(50)),
    ]


FAULTS = [
    ("invoicing_instalmentpart", "UPDATE {} SET amount = amount + 1 WHERE number = 1"),
    ("invoicing_instalmentplan", "UPDATE {} SET closed_at = now()"),
    ("invoicing_instalmentcover", "UPDATE {} SET amount = 311"),
]
BROKEN = [
    "invoicing: the parts of a plan are its debt",
    "invoicing: only what a live plan leaves to pay is frozen",
    "invoicing: a plan takes over no more than the bill",
]


@pytest.mark.parametrize(("fault", "promise"), zip(FAULTS, BROKEN, strict=True))
def test_a_planted_fault_is_found(account: Account, fault: tuple[str, str], promise: str) -> None:
    agree(account)
    table, sql = fault
    break_rules(table, sql.format(table))
    assert promise in all_promises()
