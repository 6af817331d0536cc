"""
Random years of a service: plans, packages, pauses, an end; the ledger equals plain Decimal.

Nights are missed at random: what is charged doesn't depend on when. The operator's clock changes
twice a year (Europe/Berlin), and much is done around midnight.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import PackageAssignment, Subscription
from billing_project.invariants import broken_promises
from billing_project.kernel import operations as kernel
from invoicing import operations
from invoicing.models import Pause
from tariffs.models import MoveRule, PackageVersion, PauseRule, PlanVersion
from tests.integration.invoicing.household import ACTOR, make_account, make_version
from tests.integration.invoicing.offers import charged, make_package
from tests.scenarios.plain_fees import DAY, Held, PlainService, Rest, Terms

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Berlin")
BEGIN = date(2026, 1, 20)
REFUSALS = (
    operations.UnableToChangePlan,
    operations.UnableToBuy,
    operations.UnableToChangePause,
    accounts.UnableToRemovePackage,
)
PLANS = (
    ("310.00", {}),
    ("777.77", {"proration": "fixed_30"}),
    ("450.50", {"fee_timing": "arrears"}),
    ("9.99", {"fee_period": "day"}),
    ("0.00", {}),
)
PACKAGES = (
    ("93.00", {}),
    ("33.33", {"proration": "fixed_30", "fee_timing": "arrears"}),
    ("1.50", {"fee_period": "day"}),
    ("50.00", {"fee_period": "once"}),
)
RULES = (
    {},
    {"fee": Decimal("3.00"), "free_days": 10},
    {"fee": Decimal("100.00"), "fee_period": "month", "keeps_packages": True},
)

ACTS = st.one_of(
    st.tuples(st.just("plan"), st.integers(0, len(PLANS) - 1)),
    st.tuples(st.just("buy"), st.integers(0, len(PACKAGES) - 1)),
    st.tuples(st.just("drop"), st.integers(0, 3)),
    st.tuples(
        st.just("pause"),
        st.tuples(st.none() | st.integers(1, 40), st.none() | st.integers(1, 70)),
    ),
    st.tuples(st.just("resume"), st.none()),
    st.tuples(st.just("night"), st.none()),
)
HISTORY = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 23), ACTS), min_size=6, max_size=16)


@dataclass
class Year:
    """One service as it is lived, and as the plain model keeps it."""

    service: Subscription
    plain: PlainService
    plans: list[PlanVersion]
    packages: list[PackageVersion]
    rule: dict[str, object]

    def act(self, name: str, what: object, *, now: datetime) -> None:
        try:
            getattr(self, f"do_{name}")(what, now=now)
        except REFUSALS:
            return

    def do_plan(self, index: int, *, now: datetime) -> None:
        version = self.plans[index]
        change = operations.schedule(
            subscription_id=self.service.pk,
            plan_version_id=version.pk,
            on=now.date(),
            now=now,
            actor=ACTOR,
            door="portal",
        )
        self.plain.plans = [held for held in self.plain.plans if held.first < change.effective_on]
        self.plain.plans.append(Held(terms_of(version), change.effective_on))

    def do_buy(self, index: int, *, now: datetime) -> None:
        version = self.packages[index]
        operations.buy_package(
            subscription_id=self.service.pk,
            package_version_id=version.pk,
            door="portal",
            now=now,
            actor=ACTOR,
        )
        terms = terms_of(version)
        former = [held.until for held in self.plain.packages if held.terms == terms]
        first = max([now.date(), *(until for until in former if until)])
        self.plain.packages.append(Held(terms, first))

    def do_drop(self, index: int, *, now: datetime) -> None:
        held = PackageAssignment.objects.filter(
            subscription=self.service, package_version=self.packages[index], active_to=None
        ).first()
        if held is None:
            return
        operations.drop_package(assignment_id=held.pk, now=now, actor=ACTOR)
        terms = terms_of(self.packages[index])
        mine = next(one for one in self.plain.packages if one.terms == terms and not one.until)
        mine.until = now.date() + DAY

    def do_pause(self, wish: tuple[int | None, int | None], *, now: datetime) -> None:
        ahead, length = wish
        starts_on = now.date() + ahead * DAY if ahead else None
        first = starts_on or now.date() + DAY
        pause = operations.agree_pause(
            subscription_id=self.service.pk,
            starts_on=starts_on,
            until=first + length * DAY if length else None,
            door="portal",
            now=now,
            actor=ACTOR,
        )
        terms = Terms(pause.fee, pause.fee_period)
        self.plain.rests.append(
            Rest(first, pause.ends_on, terms, pause.free_days, pause.keeps_packages)
        )

    def do_resume(self, _nothing: None, *, now: datetime) -> None:
        pause = Pause.objects.filter(
            subscription=self.service, state__in=["scheduled", "running"]
        ).first()
        if pause is None:
            return
        if pause.state == "scheduled":
            operations.cancel_pause(pause_id=pause.pk, now=now, actor=ACTOR)
            self.plain.rests.pop()
            return
        operations.end_pause(pause_id=pause.pk, now=now, actor=ACTOR)
        self.plain.rests[-1].until = max(pause.starts_on, now.date())

    def do_night(self, _nothing: None, *, now: datetime) -> None:
        who = {"business_date": now.date(), "now": now, "actor": ACTOR}
        operations.execute_due(**who)
        operations.run_pauses(**who)
        operations.charge_fees(**who)

    def end(self, *, now: datetime) -> None:
        """End the service for good, and let the night after it charge what is left."""
        waiting = Pause.objects.filter(subscription=self.service, state="scheduled")
        if waiting.exists():
            self.plain.rests.pop()
        operations.terminate_service(subscription_id=self.service.pk, now=now, actor=ACTOR)
        self.plain.last_day = now.date()
        self.do_night(None, now=now + timedelta(days=40))


def terms_of(version: PlanVersion | PackageVersion) -> Terms:
    return Terms(version.fee, version.fee_period, version.proration)


def begin(cycle_day: int, plan: int, rule: dict[str, object]) -> Year:
    MoveRule.objects.get_or_create(from_plan=None, to_plan=None, defaults={"timing": "now"})
    PauseRule.objects.all().delete()
    PauseRule.objects.create(ahead_days=90, **rule)
    plans = [make_version(fee, **terms) for fee, terms in PLANS]
    # To the plan without a fee one moves from the next period on.
    MoveRule.objects.create(to_plan=plans[-1].plan, timing="next_period")
    account = make_account(cycle_day=cycle_day, opened_on=BEGIN)
    now = datetime.combine(BEGIN, time(12), tzinfo=ZONE)
    service = accounts.order_service(
        account=account,
        service="mobile",
        plan_version=plans[plan],
        now=now - timedelta(hours=1),
        actor=ACTOR,
    )
    accounts.activate_service(subscription_id=service.pk, now=now, actor=ACTOR)
    plain = PlainService(cycle_day, BEGIN, [Held(terms_of(plans[plan]), BEGIN)])
    packages = [make_package(fee, **terms) for fee, terms in PACKAGES]
    return Year(service, plain, plans, packages, rule)


@settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    cycle_day=st.sampled_from([1, 5, 29, 31]),
    plan=st.integers(0, len(PLANS) - 1),
    rule=st.sampled_from(RULES),
    history=HISTORY,
)
def test_a_year_costs_what_its_days_cost(cycle_day, plan, rule, history) -> None:
    # Months are cut by the clock that was there first.
    kernel.ensure_months(first=date(2025, 11, 1), last=date(2028, 3, 1))
    with override_settings(TIME_ZONE="Europe/Berlin"), timezone.override(ZONE):
        year = begin(cycle_day, plan, rule)
        now = datetime.combine(BEGIN, time(13), tzinfo=ZONE)
        for days, hour, (name, what) in history:
            wanted = datetime.combine(now.date() + days * DAY, time(hour, 30), tzinfo=ZONE)
            now = max(wanted, now + timedelta(minutes=1))
            year.act(name, what, now=now)
        # A pause that came to its end is over only once the night said so.
        now = datetime.combine(now.date() + 3 * DAY, time(23, 30), tzinfo=ZONE)
        year.do_night(None, now=now)
        year.end(now=now)
        told = {what: charged(year.service, what) for what in ("plan", "package", "pause")}
        assert told == {
            "plan": year.plain.plan_fees(),
            "package": year.plain.package_fees(),
            "pause": year.plain.pause_fees(),
        }
        balance = accounts_queries.get_balance(year.service.account_id)
        assert balance.money == -sum(told.values())
        assert broken_promises() == []
