"""Changes of plan: offered, agreed, executed exactly or cancelled loudly."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import operations as accounts
from billing_project.kernel.models import BusinessEvent, StateChange
from invoicing import operations, queries
from invoicing.models import BilledPeriod, PlanChange
from invoicing.operations import plan_changes
from tariffs import operations as tariffs
from tests.integration.invoicing.household import (
    ACTOR,
    at,
    charge,
    connect,
    ledger,
    make_account,
    make_plan,
    make_version,
)

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
ON = date(2026, 1, 15)


def schedule(service, version, **changes) -> PlanChange:
    words = {"on": ON, "now": at(ON), "actor": "subscriber:7", **changes}
    return operations.schedule(subscription_id=service.pk, plan_version_id=version.pk, **words)


def execute(on: date = FEBRUARY) -> int:
    return operations.execute_due(business_date=on, now=at(on, 1), actor=ACTOR)


@pytest.fixture
def service():
    return connect(make_account(), make_version("310", minutes=[300]))


def test_the_quote_says_when_how_much_and_what_changes(service) -> None:
    version = make_version("450", minutes=[500], speed_kbps=2048)
    quote = queries.get_quote(subscription_id=service.pk, plan_version_id=version.pk, on=ON)
    assert (quote.effective_on, quote.cost_now) == (FEBRUARY, Decimal(0))
    assert (quote.fee_before, quote.next_fee, quote.next_fee_until) == (310, 450, MARCH)
    assert [(one.what, one.before, one.after) for one in quote.gained] == [
        ("speed", 0, 2048),
        ("voice", 18_000, 30_000),
    ]
    assert quote.lost == []


def test_what_was_agreed_is_executed_on_its_day(service) -> None:
    version = make_version("450")
    charge(JANUARY)
    change = schedule(service, version)
    assert execute(date(2026, 1, 31)) == 0
    assert execute() == 1
    charge(FEBRUARY)
    change.refresh_from_db()
    assert (change.state, change.closed_at) == ("executed", at(FEBRUARY, 1))
    assert queries.get_plan_on(service.pk, on=date(2026, 1, 31)) != version
    assert queries.get_plan_on(service.pk, on=FEBRUARY) == version
    assert [amount for _kind, amount in ledger(service.account)] == [-310, -450]
    assert execute() == 0


def test_a_change_leaves_facts_and_events(service) -> None:
    change = schedule(service, make_version("450"))
    execute()
    kinds = BusinessEvent.objects.filter(kind__startswith="plan.").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == ["plan.change_scheduled", "plan.changed"]
    fact = StateChange.objects.get(model="invoicing.planchange", object_id=change.pk)
    assert (fact.old, fact.new) == ("scheduled", "executed")


def test_days_charged_on_the_old_plan_already_are_split(service) -> None:
    version = make_version("620")
    schedule(service, version)
    charge(FEBRUARY)
    assert execute(date(2026, 2, 3)) == 1
    assert [(kind, amount) for kind, amount in ledger(service.account)] == [
        ("FEE", Decimal("-310.00")),
        ("FEE", Decimal("-310.00")),
        ("FEE_CREDIT", Decimal("310.00")),
        ("FEE", Decimal("-620.00")),
    ]
    anew = BilledPeriod.objects.get(plan_version_id=version.pk)
    assert (anew.period_start, anew.period_end, anew.previous_end) == (FEBRUARY, MARCH, None)
    assert charge(MARCH) == 1


def test_a_second_change_while_one_waits_is_refused(service) -> None:
    schedule(service, make_version("450"))
    with pytest.raises(operations.UnableToChangePlan) as refusal:
        schedule(service, make_version("500"))
    assert refusal.value.refusals == ["already_scheduled"]
    assert PlanChange.objects.count() == 1


def test_all_reasons_against_a_change_are_told_at_once(service) -> None:
    plan = make_plan(service="internet", account_kind="prepaid")
    tariffs.archive_plan(plan_id=plan.pk)
    with pytest.raises(operations.UnableToChangePlan) as refusal:
        schedule(service, make_version("1", plan=plan))
    assert refusal.value.refusals == ["not_on_sale", "other_service", "other_account"]


def test_the_present_plan_and_plans_for_companies_are_refused(service) -> None:
    present = queries.get_plan_on(service.pk, on=ON)
    business = tariffs.create_plan(
        code="firm", name_ru="Ф", name_en="F", service="mobile", audience="company"
    )
    for version, reason in (
        (present, "same_plan"),
        (make_version(plan=business), "other_audience"),
    ):
        with pytest.raises(queries.UnableToQuote) as refusal:
            queries.get_quote(subscription_id=service.pk, plan_version_id=version.pk, on=ON)
        assert refusal.value.refusals == [reason]


def test_an_offer_that_changed_since_it_was_shown_is_refused(service) -> None:
    version = make_version("450")
    shown = queries.get_quote(subscription_id=service.pk, plan_version_id=version.pk, on=ON)
    agreed = {**shown.as_json(), "next_fee": "400.00"}
    with pytest.raises(operations.UnableToChangePlan):
        schedule(service, version, agreed=agreed)
    assert not PlanChange.objects.exists()
    assert schedule(service, version, agreed=shown.as_json()).quote == shown.as_json()


def test_a_cancelled_change_is_not_executed(service) -> None:
    change = schedule(service, make_version("450"))
    operations.cancel(change_id=change.pk, now=at(ON, 13), actor="subscriber:7", reason="передумал")
    assert execute() == 0
    with pytest.raises(operations.UnableToChangePlan):
        operations.cancel(change_id=change.pk, now=at(ON, 14), actor="subscriber:7")
    schedule(service, make_version("500"))


def test_what_can_no_longer_be_executed_is_cancelled_loudly(service) -> None:
    change = schedule(service, make_version("450"))
    accounts.end_service(subscription_id=service.pk, now=at(date(2026, 1, 20)), actor=ACTOR)
    assert execute() == 0
    change.refresh_from_db()
    assert change.state == "cancelled"
    assert change.close_reason
    assert BusinessEvent.objects.filter(kind="plan.change_cancelled").count() == 1


def test_the_next_fee_is_forecast_on_the_plan_to_come(service) -> None:
    charge(JANUARY)
    fee = queries.forecast_fee(subscription_id=service.pk, on=ON)
    assert (fee.due_on, fee.period.end, fee.amount) == (FEBRUARY, MARCH, 310)
    schedule(service, make_version("450"))
    fee = queries.forecast_fee(subscription_id=service.pk, on=ON)
    assert (fee.due_on, fee.amount) == (FEBRUARY, 450)


def test_offers_list_every_other_plan_on_sale(service) -> None:
    cheap, dear = make_version("100"), make_version("900")
    make_version("1", plan=make_plan(service="internet"))
    offers = queries.list_quotes(subscription_id=service.pk, on=ON)
    assert [offer.plan_version_id for offer in offers] == [cheap.pk, dear.pk]


def test_whoever_cancels_what_cannot_be_executed_first_stops_no_other(
    service, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = schedule(service, make_version("450"))
    other = schedule(connect(make_account(), make_version("310")), make_version("620"))
    set_plan = accounts.set_plan

    def refuse(*, subscription_id: int, **terms: object) -> object:
        if subscription_id == service.pk:
            raise accounts.UnableToSetPlan
        return set_plan(subscription_id=subscription_id, **terms)

    def too_late(*, change_id: int, **terms: object) -> PlanChange:
        operations.cancel(change_id=change_id, now=at(FEBRUARY), actor="staff:1", reason="")
        return operations.cancel(change_id=change_id, **terms)

    monkeypatch.setattr(accounts, "set_plan", refuse)
    monkeypatch.setattr(plan_changes, "cancel", too_late)
    assert execute() == 1
    states = PlanChange.objects.in_bulk([lost.pk, other.pk])
    assert (states[lost.pk].state, states[other.pk].state) == ("cancelled", "executed")
    assert StateChange.objects.get(object_id=lost.pk, new="cancelled").actor == "staff:1"
