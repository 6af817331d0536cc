"""What is left of an allowance moves on once; who has used most of one is told once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts import operations as accounts_operations
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent, EventInbox
from rating.models import AllowanceCarry, AllowanceUse
from rating.operations.limits import carry_over, notice_allowances
from tariffs import operations as tariffs_operations
from tariffs.domain.drafts import AllowanceDraft
from tariffs.models import Allowance, Plan
from tests import people

LAST = date(2026, 11, 30)
NIGHT = datetime(2026, 12, 1, 0, 10, tzinfo=UTC)


def subscribe(account: Account, number: str, **columns: Any) -> tuple[Subscription, Allowance]:
    """A working mobile service on a plan with one allowance of 6,000 seconds of calls."""
    plan = Plan.objects.create(
        code=f"plan-{number}", name_ru="План", name_en="Plan", service="mobile"
    )
    version = tariffs_operations.draft_plan_version(
        plan=plan,
        fee=Decimal(0),
        on_sale_from=date(2026, 1, 1),
        allowances=[AllowanceDraft("voice", 6000)],
    )
    Allowance.objects.filter(plan_version=version).update(**columns)
    version.published_at = people.NOON
    version.save(update_fields=["published_at"])
    accounts_operations.add_pool_numbers(kind="msisdn", values=[number])
    service = accounts_operations.order_service(
        account=account,
        service="mobile",
        plan_version=version,
        identifiers=[("msisdn", number)],
        now=people.NOON,
        actor=people.CLERK,
    )
    who = {"subscription_id": service.pk, "now": people.NOON, "actor": people.CLERK}
    accounts_operations.activate_service(**who)
    return service, Allowance.objects.get(plan_version=version)


def use(
    service: Subscription,
    allowance: Allowance,
    used: int,
    *,
    period: int = 20261101,
    carried: int = 0,
) -> None:
    AllowanceUse.objects.create(
        account_id=service.account_id,
        subscription_id=service.pk,
        allowance_id=allowance.pk,
        period=period,
        granted=allowance.amount,
        carried=carried,
        used=used,
    )


def carried_of(service: Subscription) -> dict[int, int]:
    rows = AllowanceUse.objects.filter(subscription_id=service.pk)
    return dict(rows.values_list("period", "carried"))


class TestRollover:
    @pytest.mark.parametrize(
        ("rollover", "cap", "carried", "used", "moves"),
        [
            ("first", None, 0, 1000, 5000),
            ("first", 3000, 0, 1000, 3000),
            ("first", None, 2000, 1000, 6000),
            ("first", None, 2000, 2500, 5500),
            ("first", None, 2000, 8000, 0),
            ("last", None, 2000, 1000, 5000),
            ("last", None, 2000, 6500, 0),
            ("last", 0, 0, 100, 0),
            ("none", None, 0, 100, 0),
        ],
    )
    def test_own_units_left_move_on(
        self, alice: Account, rollover: str, cap: int | None, carried: int, used: int, moves: int
    ) -> None:
        service, allowance = subscribe(alice, "79215550111", rollover=rollover, rollover_cap=cap)
        use(service, allowance, used, carried=carried)
        assert carry_over(business_date=LAST, now=NIGHT) == (1 if moves else 0)
        after = carried_of(service)
        assert after.get(20261201, 0) == moves
        assert after[20261101] == carried - moves

    def test_twice_moves_nothing_more(self, alice: Account) -> None:
        service, allowance = subscribe(alice, "79215550111", rollover="first")
        use(service, allowance, 1000)
        carry_over(business_date=LAST, now=NIGHT)
        before = carried_of(service)
        assert carry_over(business_date=LAST, now=NIGHT) == 0
        assert carried_of(service) == before
        assert AllowanceCarry.objects.get().units == 5000

    def test_unused_month_has_no_row_and_moves_whole(self, alice: Account) -> None:
        service, _allowance = subscribe(alice, "79215550111", rollover="last")
        carry_over(business_date=LAST, now=NIGHT)
        assert carried_of(service) == {20261101: -6000, 20261201: 6000}

    def test_use_of_the_new_month_before_the_night_keeps_its_row(self, alice: Account) -> None:
        service, allowance = subscribe(alice, "79215550111", rollover="first")
        use(service, allowance, 700, period=20261201)
        carry_over(business_date=LAST, now=NIGHT)
        row = AllowanceUse.objects.get(period=20261201)
        assert (row.used, row.carried, row.granted) == (700, 6000, 6000)

    def test_only_at_the_end_of_the_period(self, alice: Account) -> None:
        subscribe(alice, "79215550111", rollover="first")
        assert carry_over(business_date=date(2026, 11, 29), now=NIGHT) == 0

    @pytest.mark.parametrize(
        ("recurrence", "day", "new"),
        [("day", date(2026, 11, 24), 20261125), ("week", date(2026, 11, 29), 20261130)],
    )
    def test_other_periods(self, alice: Account, recurrence: str, day: date, new: int) -> None:
        service, _ = subscribe(alice, "79215550111", rollover="first", recurrence=recurrence)
        carry_over(business_date=day, now=NIGHT)
        assert carried_of(service)[new] == 6000

    def test_only_if_paid(self, alice: Account, bob: Account) -> None:
        payer, _ = subscribe(alice, "79215550111", rollover="first", rollover_if_paid=True)
        debtor, _ = subscribe(bob, "79215550112", rollover="first", rollover_if_paid=True)
        accounts_operations.adjust(
            account_id=bob.pk,
            amount=Decimal(-1),
            reason="долг",
            request_id="1",
            limit=Decimal(10),
            business_date=LAST,
            now=NIGHT,
            actor=people.CLERK,
        )
        assert carry_over(business_date=LAST, now=NIGHT) == 1
        assert carried_of(payer)[20261201] == 6000
        assert carried_of(debtor) == {}

    def test_terminated_service_carries_nothing(self, alice: Account) -> None:
        service, _ = subscribe(alice, "79215550111", rollover="first")
        accounts_operations.end_service(subscription_id=service.pk, now=NIGHT, actor="staff:1")
        assert carry_over(business_date=LAST, now=NIGHT) == 0


class TestNotices:
    def notice(self) -> int:
        return notice_allowances(business_date=LAST, now=NIGHT, actor="system:nightly")

    @pytest.mark.parametrize(
        ("used", "kinds"),
        [(4799, []), (4800, ["allowance.low"]), (6000, ["allowance.used_up"])],
    )
    def test_thresholds(self, alice: Account, used: int, kinds: list[str]) -> None:
        service, allowance = subscribe(alice, "79215550111")
        use(service, allowance, used)
        assert self.notice() == len(kinds)
        events = BusinessEvent.objects.filter(kind__startswith="allowance.")
        assert [event.kind for event in events] == kinds
        assert EventInbox.objects.filter(event_id__in=[e.pk for e in events]).count() == len(kinds)

    def test_each_threshold_is_told_once(self, alice: Account) -> None:
        service, allowance = subscribe(alice, "79215550111")
        use(service, allowance, 5000)
        assert (self.notice(), self.notice()) == (1, 0)
        AllowanceUse.objects.update(used=6000)
        assert (self.notice(), self.notice()) == (1, 0)
        data = BusinessEvent.objects.get(kind="allowance.low").data
        assert (data["included"], data["left"], data["usage_kind"]) == (6000, 1000, "voice")

    def test_carried_units_count(self, alice: Account) -> None:
        service, allowance = subscribe(alice, "79215550111")
        use(service, allowance, 6000, carried=4000)
        assert self.notice() == 0

    @pytest.mark.parametrize(("recurrence", "period"), [("month", 20261001), ("day", 20261130)])
    def test_past_periods_and_days_are_not_told(
        self, alice: Account, recurrence: str, period: int
    ) -> None:
        service, allowance = subscribe(alice, "79215550111", recurrence=recurrence)
        use(service, allowance, 6000, period=period)
        assert self.notice() == 0
