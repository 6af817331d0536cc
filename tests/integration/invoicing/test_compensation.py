"""Outages made good by rule: previewed, approved, given once a service, billed with their tax."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import Subscription
from billing_project.kernel.models import BusinessEvent
from invoicing import queries
from invoicing.domain.compensation import compensation
from invoicing.models import Bill, BillLine, Compensation, Outage
from invoicing.operations import compensation as operations
from invoicing.operations.compensation import OutageRecord, UnableToCompensate
from invoicing.queries.compensation import preview
from tests.checks import broken_promises
from tests.integration.invoicing.household import (
    at,
    bill,
    charge,
    connect,
    ledger,
    make_account,
    make_plan,
    make_version,
)

pytestmark = pytest.mark.django_db
BEGAN = at(date(2026, 1, 10), 6)
TODAY = date(2026, 1, 12)
AGENT, CHIEF = "staff:1", "staff:2"


def internet(fee: str = "310.00", **changes: object) -> Subscription:
    return connect(make_account(), make_version(fee, plan=make_plan(service="internet"), **changes))


def record(
    minutes: int = 600,
    *,
    unit: str = "hour",
    percent: str = "5",
    from_minutes: int = 60,
    **changes: object,
) -> Outage:
    rule = operations.save_rule(
        name_ru="Правило",
        name_en="Rule",
        unit=unit,
        percent=Decimal(percent),
        from_minutes=from_minutes,
    )
    values = {
        "title_ru": "Авария на узле",
        "title_en": "A node is down",
        "started_at": BEGAN,
        "ended_at": BEGAN + timedelta(minutes=minutes),
        "selection": {"service": "internet"},
        "rule_id": rule.pk,
        "request_id": f"r{rule.pk}",
    } | changes
    return operations.record_outage(record=OutageRecord(**values), now=at(TODAY), actor=AGENT)


def approve(outage: Outage, *, actor: str = CHIEF, limit: str = "0") -> Outage:
    return operations.approve_outage(
        outage_id=outage.pk,
        limit=Decimal(limit),
        business_date=TODAY,
        now=at(TODAY),
        actor=actor,
    )


def apply(outage: Outage) -> int:
    return operations.apply_outage(outage_id=outage.pk, now=at(TODAY))


def test_each_service_that_was_down_is_given_its_share_once() -> None:
    services = [internet("310.00"), internet("620.00"), connect(make_account(), make_version())]
    outage = record()
    seen = preview(outage)
    # Half of the daily fee of 10 and of 20: ten hours at 5 %.
    assert (seen.services, seen.accounts, seen.amount) == (2, 2, Decimal("15.00"))
    approve(outage)
    assert [apply(outage), apply(outage), operations.apply_all(now=at(TODAY))] == [2, 0, 0]
    given_back = {row.subscription_id: row.amount for row in Compensation.objects.all()}
    assert given_back == {services[0].pk: Decimal("5.00"), services[1].pk: Decimal("10.00")}
    assert ledger(services[2].account) == []
    assert accounts_queries.get_balance(services[0].account_id).money == 5
    [entry] = accounts_queries.list_entries(account_id=services[0].account_id)
    assert (entry.explanation["minutes"], entry.explanation["outage"]) == (600, outage.pk)
    assert BusinessEvent.objects.filter(kind="compensation.given").count() == 2
    assert Outage.objects.get().state == "applied"
    assert broken_promises(queries.invariants()) == []


def test_killed_after_a_part_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    services = [internet() for _ in range(3)]
    outage = approve(record())
    cut = services[1].account_id
    ranges = [(0, cut), (cut, 2**62)]
    operations._apply_range(outage, ranges[0], now=at(TODAY))
    assert Compensation.objects.count() == 1
    assert apply(outage) == 2
    assert [ledger(each.account) for each in services] == [[("COMPENSATION", Decimal("5.00"))]] * 3
    assert BusinessEvent.objects.filter(kind="compensation.given").count() == 3


def test_the_bill_takes_it_off_with_its_tax() -> None:
    service = internet("310.00")
    charge(date(2026, 1, 1))
    outage = approve(record())
    apply(outage)
    bill(date(2026, 2, 1))
    line = BillLine.objects.get(kind="one_off")
    assert (line.gross, line.tax, line.tax_percent) == (-5, Decimal("-0.90"), 22)
    assert line.title_ru == "Компенсация за перерыв: Авария на узле"
    assert Bill.objects.get(account=service.account).gross == 305


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"service": "internet"}, {"a", "b"}),
        ({"service": "mobile"}, {"c"}),
        ({"region": "Санкт-Петербург"}, {"b"}),
        ({"address": "САДОВАЯ, 1"}, {"a"}),
        ({"address": "100%"}, set()),
        ({"service": "internet", "region": "Санкт-Петербург"}, {"b"}),
    ],
)
def test_the_selection_narrows(selection: dict, expected: set[str]) -> None:
    services = {"a": internet(), "b": internet(), "c": connect(make_account(), make_version())}
    Subscription.objects.filter(pk=services["a"].pk).update(address="г. Пушкин, Садовая, 1")
    customer = services["b"].account.customer
    accounts.edit_contact(
        customer_id=customer.pk, region="Санкт-Петербург", now=at(TODAY), actor=AGENT
    )
    apply(approve(record(selection=selection)))
    found = set(Compensation.objects.values_list("subscription_id", flat=True))
    assert found == {services[name].pk for name in expected}


def test_only_the_time_that_the_service_was_there_counts() -> None:
    late = internet()
    Subscription.objects.filter(pk=late.pk).update(activated_at=BEGAN + timedelta(hours=5))
    late.plan_assignments.update(active_from=BEGAN + timedelta(hours=5))
    gone = internet()
    Subscription.objects.filter(pk=gone.pk).update(terminated_at=BEGAN)
    apply(approve(record()))
    assert Compensation.objects.get().minutes == 300


@pytest.mark.parametrize(
    ("minutes", "unit", "expected"),
    [(59, "hour", None), (60, "hour", "0.50"), (61, "hour", "1.00"), (3000, "day", "1.50")],
)
def test_from_which_length_and_for_each_unit_begun(
    minutes: int, unit: str, expected: str | None
) -> None:
    internet("310.00")
    apply(
        approve(
            record(
                minutes,
                unit=unit,
                started_at=at(date(2026, 1, 8)),
                ended_at=at(date(2026, 1, 8)) + timedelta(minutes=minutes),
            )
        )
    )
    found = [row.amount for row in Compensation.objects.all()]
    assert found == ([] if expected is None else [Decimal(expected)])


class TestDeciding:
    def test_who_recorded_it_approves_up_to_the_limit(self) -> None:
        internet()
        outage = record()
        with pytest.raises(UnableToCompensate):
            approve(outage, actor=AGENT, limit="4.99")
        assert approve(outage, actor=AGENT, limit="5.00").state == "approved"

    def test_once(self) -> None:
        internet()
        outage = approve(record())
        with pytest.raises(UnableToCompensate):
            approve(outage)

    def test_not_approved_nothing_is_given(self) -> None:
        internet()
        outage = record()
        assert apply(outage) == 0
        operations.cancel_outage(outage_id=outage.pk, now=at(TODAY), actor=AGENT)
        with pytest.raises(UnableToCompensate):
            approve(outage)

    @pytest.mark.parametrize(
        "changes",
        [
            {"selection": {}},
            {"selection": {"moon": 1}},
            {"ended_at": BEGAN},
            {"ended_at": at(date(2026, 2, 1))},
        ],
    )
    def test_a_wrong_record_is_refused(self, changes: dict) -> None:
        with pytest.raises(UnableToCompensate):
            record(**changes)
        assert Outage.objects.count() == 0

    def test_a_form_sent_twice_is_one_outage(self) -> None:
        assert record(request_id="same") == record(request_id="same")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    fee=st.decimals(1, 5000, places=2),
    minutes=st.integers(1, 4000),
    percent=st.decimals(Decimal("0.01"), 300, places=2),
    unit=st.sampled_from(["hour", "day"]),
    from_minutes=st.integers(0, 200),
    proration=st.sampled_from(["actual", "fixed_30"]),
)
def test_sql_and_the_domain_agree(
    fee: Decimal, minutes: int, percent: Decimal, unit: str, from_minutes: int, proration: str
) -> None:
    service = internet(str(fee), proration=proration)
    began = datetime.fromisoformat("2026-01-02T00:00:00+03:00")
    outage = Outage(
        title_ru="",
        started_at=began,
        ended_at=began + timedelta(minutes=minutes),
        selection={"services": [service.pk]},
        unit=unit,
        percent=percent,
        from_minutes=from_minutes,
    )
    Subscription.objects.filter(pk=service.pk).update(activated_at=began)
    service.plan_assignments.update(active_from=began)
    expected = compensation(
        daily_fee=fee / (30 if proration == "fixed_30" else 31),
        minutes=minutes,
        unit=unit,
        percent=percent,
        from_minutes=from_minutes,
    )
    assert preview(outage).amount == expected
