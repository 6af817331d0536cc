"""Moves: by the matrix, at once or later, for a fee; to a new version by the operator; own fees."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from accounts import operations as accounts
from accounts.domain.kinds import Kind
from accounts.models import PlanAssignment
from billing_project.kernel.invariants import find_violations
from billing_project.kernel.models import BusinessEvent
from invoicing import operations, queries
from invoicing.models import PlanChange
from invoicing.queries import Refusal
from tariffs import operations as tariffs
from tariffs.models import PlanVersion
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_plan,
    make_version,
    pay,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
ON = date(2026, 1, 11)
MONEY = (Kind.FEE, Kind.FEE_CREDIT, Kind.ONE_OFF)


@pytest.fixture(autouse=True)
def _promises_hold():
    """Whatever a test does, fees and periods must add up."""
    yield
    assert [one.name for one in queries.invariants() if find_violations(one)] == []


@pytest.fixture
def service():
    return connect(make_account(), make_version("310"))


def quote(service, version, on=ON):
    return queries.get_quote(subscription_id=service.pk, plan_version_id=version.pk, on=on)


def schedule(service, version, *, on=ON, **words) -> PlanChange:
    return operations.schedule(
        subscription_id=service.pk,
        plan_version_id=version.pk,
        on=on,
        now=at(on),
        actor=ACTOR,
        **words,
    )


def execute(on: date) -> int:
    return operations.execute_due(business_date=on, now=at(on, 1), actor=ACTOR)


def refusals(service, version, on=ON) -> set[Refusal]:
    with pytest.raises(queries.UnableToQuote) as refusal:
        quote(service, version, on)
    return set(refusal.value.refusals)


def plans(service) -> list[str]:
    rows = PlanAssignment.objects.filter(subscription=service).order_by("active_from")
    return [
        f"{start:%d.%m}-{end:%d.%m}" if end else f"{start:%d.%m}-"
        for start, end in rows.values_list("active_from", "active_to")
    ]


def test_a_move_at_once_costs_its_fee_and_the_days_that_are_left(service) -> None:
    charge(JANUARY)
    version = make_version("620")
    tariffs.set_move_rule(fee_up=Decimal(50), timing="now")
    offer = quote(service, version)
    # 21 days of January: 420 anew less 210 given back.
    assert (offer.effective_on, offer.move_fee, offer.settlement) == (ON, 50, 210)
    assert (offer.cost_now, offer.next_fee, offer.next_fee_until) == (260, 620, MARCH)
    change = schedule(service, version, agreed=offer.as_json())
    assert change.state == "executed"
    assert plans(service) == ["01.01-11.01", "11.01-"]
    assert ledger(service.account, *MONEY) == [
        ("FEE", -310), ("ONE_OFF", -50), ("FEE_CREDIT", 210), ("FEE", -420),
    ]  # fmt: skip
    assert charge(FEBRUARY) == 1
    assert ledger(service.account, *MONEY)[-1] == ("FEE", -620)


def test_a_move_at_once_before_anything_was_charged_settles_nothing(service) -> None:
    version = make_version("620")
    tariffs.set_move_rule(timing="now")
    offer = quote(service, version, JANUARY)
    assert (offer.cost_now, offer.settlement, offer.next_fee) == (0, 0, 620)
    schedule(service, version, on=JANUARY)
    charge(JANUARY)
    assert ledger(service.account, *MONEY) == [("FEE", -620)]


def test_a_move_down_gives_back(service) -> None:
    charge(JANUARY)
    version = make_version("0")
    tariffs.set_move_rule(fee_up=Decimal(50), fee_down=Decimal(100), timing="now")
    assert quote(service, version).cost_now == -110
    schedule(service, version)
    assert ledger(service.account, *MONEY)[1:] == [("ONE_OFF", -100), ("FEE_CREDIT", 210)]


def test_a_move_on_a_date_inside_a_period_settles_then(service) -> None:
    charge(JANUARY)
    tariffs.set_move_rule(timing="on_date", on_date=date(2026, 1, 22), fee_up=Decimal(5))
    offer = quote(service, make_version("620"))
    assert (offer.effective_on, offer.cost_now, offer.settlement) == (date(2026, 1, 22), 5, 100)
    schedule(service, PlanVersion.objects.get(pk=offer.plan_version_id))
    assert ledger(service.account, *MONEY) == [("FEE", -310), ("ONE_OFF", -5)]
    assert execute(date(2026, 1, 22)) == 1
    assert ledger(service.account, *MONEY)[2:] == [("FEE_CREDIT", 100), ("FEE", -200)]


def test_the_fee_of_a_move_is_given_back_once_when_it_is_called_off(service) -> None:
    tariffs.set_move_rule(fee_up=Decimal(50))
    change = schedule(service, make_version("620"))
    assert ledger(service.account, *MONEY) == [("ONE_OFF", -50)]
    operations.cancel(change_id=change.pk, now=at(ON, 13), actor=ACTOR)
    assert ledger(service.account, *MONEY) == [("ONE_OFF", -50), ("ONE_OFF", 50)]
    with pytest.raises(operations.UnableToChangePlan):
        operations.cancel(change_id=change.pk, now=at(ON, 14), actor=ACTOR)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reverses_id FROM accounts_ledgerentry WHERE account_id = %s AND amount = 50",
            [service.account_id],
        )
        assert cursor.fetchone() == (change.fee_entry_id,)
    again = schedule(service, make_version("700"))
    assert again.fee == 50
    assert len(ledger(service.account, Kind.ONE_OFF)) == 3


def test_the_fee_of_a_move_stands_on_the_bill_with_its_name(service) -> None:
    tariffs.set_move_rule(fee_up=Decimal(50))
    schedule(service, make_version("620", plan=make_plan("tide")))
    bill(FEBRUARY)
    (issued,) = queries.list_bills(account_id=service.account_id)
    titles = [line.title_ru for line in queries.list_lines(issued)]
    assert titles == ["Переход на тариф «Тариф tide»"]


def test_a_prepaid_account_must_have_the_money() -> None:
    service = connect(make_account(kind="prepaid"), make_version("310"))
    version = make_version("620")
    tariffs.set_move_rule(fee_up=Decimal(50))
    assert refusals(service, version) == {Refusal.NOT_ENOUGH_MONEY}
    pay(service.account, "50.00", on=ON)
    assert schedule(service, version).fee == 50


def test_forbidden_and_early_moves_are_refused_and_not_offered(service) -> None:
    version = make_version("620")
    tariffs.set_move_rule(to_plan=version.plan, is_allowed=False)
    assert refusals(service, version) == {Refusal.FORBIDDEN_MOVE}
    tariffs.set_move_rule(to_plan=version.plan, min_days=11)
    with pytest.raises(queries.UnableToQuote, match=r"12\.01\.2026") as refusal:
        quote(service, version)
    assert refusal.value.refusals == [Refusal.TOO_EARLY]
    assert queries.list_quotes(subscription_id=service.pk, on=ON) == []
    assert quote(service, version, date(2026, 1, 12)).effective_on == FEBRUARY


def test_versions_of_the_same_plan_count_as_one_time_on_it() -> None:
    plan = make_plan()
    service = connect(make_account(), make_version("310", plan=plan))
    newer = make_version("320", plan=plan)
    accounts.set_plan(
        subscription_id=service.pk, plan_version_id=newer.pk, active_from=at(date(2026, 1, 9)),
        now=at(date(2026, 1, 9)), actor=ACTOR,
    )  # fmt: skip
    other = make_version("620")
    tariffs.set_move_rule(from_plan=plan, min_days=10)
    assert quote(service, other).effective_on == FEBRUARY


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"regions": ["Карелия"]}, Refusal.OTHER_REGION),
        ({"customer_kinds": ["company"]}, Refusal.OTHER_CUSTOMER),
        ({"credit_classes": ["trusted"]}, Refusal.OTHER_CREDIT_CLASS),
        ({"account_kinds": ["prepaid"]}, Refusal.OTHER_ACCOUNT),
        ({"whom": "new"}, Refusal.ONLY_NEW),
    ],
)
def test_plans_for_others_are_refused_and_not_offered(service, terms, refusal) -> None:
    version = make_version("620", **terms)
    assert refusals(service, version) == {refusal}
    assert queries.list_quotes(subscription_id=service.pk, on=ON) == []


def test_nobody_moves_to_an_archived_plan(service) -> None:
    version = make_version("620")
    tariffs.archive_plan(plan_id=version.plan_id)
    assert refusals(service, version) == {Refusal.NOT_ON_SALE}
    assert queries.list_quotes(subscription_id=service.pk, on=ON) == []


def new_version(plan, fee="400", **terms) -> PlanVersion:
    draft = tariffs.draft_plan_version(
        plan=plan, fee=Decimal(fee), on_sale_from=date(2025, 2, 1), **terms
    )
    return tariffs.publish_plan_version(version_id=draft.pk, now=at(JANUARY))


def announce(on: date = ON) -> int:
    return operations.announce_moves(business_date=on, now=at(on, 1), actor=ACTOR)


def effective_days() -> list[date]:
    rows = PlanChange.objects.filter(is_move=True).order_by("account_id")
    return list(rows.values_list("effective_on", flat=True))


def test_everyone_on_an_earlier_version_is_moved_on_its_day_once() -> None:
    plan = make_plan()
    first, second = make_version("310", plan=plan), make_version("320", plan=plan)
    services = [connect(make_account(), version) for version in (first, second)]
    outsider = connect(make_account(), make_version("310"))
    version = new_version(plan, effect="move", moves_on=FEBRUARY)
    assert queries.count_movers(plan_version_id=version.pk, on=ON) == 2
    assert (announce(), announce()) == (2, 0)
    assert queries.count_movers(plan_version_id=version.pk, on=ON) == 0
    assert effective_days() == [FEBRUARY, FEBRUARY]
    told = BusinessEvent.objects.filter(kind="plan.change_scheduled")
    assert {event.subscription_id for event in told} == {one.pk for one in services}
    assert told[0].data["effective_on"] == "2026-02-01"
    assert execute(FEBRUARY) == 2
    assert queries.get_plan_on(services[0].pk, on=FEBRUARY) == version
    assert queries.get_plan_on(outsider.pk, on=FEBRUARY) != version
    assert (announce(FEBRUARY), len(effective_days())) == (0, 2)


@pytest.mark.parametrize(
    ("announced", "notice", "day"),
    [(date(2026, 1, 11), 10, FEBRUARY), (date(2026, 1, 25), 10, date(2026, 2, 4)),
     (date(2026, 1, 11), 25, date(2026, 2, 5))],
)  # fmt: skip
def test_nobody_is_moved_before_the_notice_has_passed(announced, notice, day) -> None:
    plan = make_plan()
    connect(make_account(), make_version("310", plan=plan))
    new_version(plan, effect="move", moves_on=FEBRUARY, notice_days=notice)
    announce(announced)
    assert effective_days() == [day]


@pytest.mark.parametrize(
    ("cycle_day", "day"), [(1, FEBRUARY), (21, date(2026, 1, 21)), (20, date(2026, 2, 20))]
)
def test_at_renewal_each_is_moved_at_the_start_of_a_cycle(cycle_day, day) -> None:
    plan = make_plan()
    connect(make_account(cycle_day=cycle_day), make_version("310", plan=plan))
    new_version(plan, effect="renewal")
    announce()
    assert effective_days() == [day]


def test_a_version_that_is_kept_moves_nobody() -> None:
    plan = make_plan()
    connect(make_account(), make_version("310", plan=plan))
    kept = new_version(plan)
    assert (announce(), queries.count_movers(plan_version_id=kept.pk, on=ON)) == (0, 0)
    with pytest.raises(operations.UnableToMove):
        operations.move_to_new_version(
            plan_version_id=kept.pk, business_date=ON, now=at(ON), actor=ACTOR
        )


def test_a_choice_of_ones_own_goes_before_the_operators_move() -> None:
    plan = make_plan()
    service = connect(make_account(), make_version("310", plan=plan))
    other = make_version("200")
    new_version(plan, effect="move", moves_on=MARCH)
    announce()
    schedule(service, other)
    states = dict(PlanChange.objects.values_list("plan_version_id", "state"))
    assert states[other.pk] == "scheduled"
    assert set(states.values()) == {"scheduled", "cancelled"}
    assert announce(FEBRUARY) == 0


def test_who_was_let_off_a_move_stays_and_who_has_a_change_is_left_alone() -> None:
    plan = make_plan()
    spared, changing, ended = (
        connect(make_account(), make_version("310", plan=plan)) for _ in range(3)
    )
    schedule(changing, make_version("200"))
    accounts.end_service(subscription_id=ended.pk, now=at(ON), actor=ACTOR)
    new_version(plan, effect="move", moves_on=MARCH)
    assert announce() == 1
    move = PlanChange.objects.get(is_move=True)
    assert move.subscription_id == spared.pk
    operations.cancel(change_id=move.pk, now=at(ON), actor=ACTOR)
    assert announce() == 0


def own_fee(account, version, fee: str, **days: date) -> None:
    accounts.set_company_fee(
        customer_id=account.customer_id, plan_version_id=version.pk, fee=Decimal(fee),
        reason="договор", now=at(JANUARY), actor=ACTOR, **{"active_from": JANUARY, **days},
    )  # fmt: skip


def test_a_company_pays_its_own_fee_while_it_holds() -> None:
    account, version = make_account(company=True), make_version("310")
    other = connect(make_account(), version)
    service = connect(account, version)
    own_fee(account, version, "155", active_to=MARCH)
    for day in (JANUARY, FEBRUARY, MARCH):
        charge(day)
    assert [amount for _, amount in ledger(account, Kind.FEE)] == [-155, -155, -310]
    assert [amount for _, amount in ledger(other.account, Kind.FEE)] == [-310] * 3
    assert queries.forecast_fee(subscription_id=service.pk, on=MARCH).amount == 310


def test_what_is_given_back_and_charged_anew_is_at_the_companys_fee() -> None:
    account, version, after = make_account(company=True), make_version("310"), make_version("620")
    own_fee(account, version, "155")
    own_fee(account, after, "465")
    service = connect(account, version)
    charge(JANUARY)
    tariffs.set_move_rule(timing="now")
    offer = quote(service, after)
    # 21 of 31 days: 315 at its own fee, less 105 of 155.
    assert (offer.fee_before, offer.settlement, offer.next_fee) == (155, 210, 465)
    schedule(service, after)
    assert ledger(account, *MONEY) == [("FEE", -155), ("FEE_CREDIT", 105), ("FEE", -315)]
    assert (
        operations.terminate_service(
            subscription_id=service.pk, now=at(date(2026, 1, 21)), actor=ACTOR
        )
        == 150
    )


def test_the_ledger_explains_the_companys_fee() -> None:
    account, version = make_account(company=True), make_version("310")
    own_fee(account, version, "155")
    connect(account, version)
    charge(JANUARY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT explanation->>'fee' FROM accounts_ledgerentry WHERE account_id = %s",
            [account.pk],
        )
        assert cursor.fetchall() == [("155.00",)]
