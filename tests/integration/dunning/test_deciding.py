"""Access decided and applied: from a posting to the level, the fact, the event, the order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts import operations as accounts_operations
from accounts.models import Account, Subscription
from billing_project.kernel.models import BusinessEvent, EventInbox
from crm.admin.site import site
from dunning import operations, queries
from dunning.domain.access import HIGHEST
from dunning.models import AccessChange, AccessRule, ServiceAccess
from dunning.operations import deciding
from provisioning.models import NetworkOrder
from tests import people
from tests.checks import broken_promises
from tests.people import NOON
from tests.subscribers import charge, connect, drain, level_of, pay

pytestmark = pytest.mark.django_db
ALL = {"account_from": 0, "account_to": 2**62}


@pytest.fixture
def account() -> Account:
    return people.open_account_for("Иванова", "Мария")


@pytest.fixture
def internet(account: Account) -> Subscription:
    pay(account, "100.00")
    return connect(account)


def _watch(account: Account) -> tuple[Decimal, Decimal]:
    from accounts.models.ledger import AccountBalance

    row = AccountBalance.objects.get(pk=account.pk)
    return row.watch_low, row.watch_high


def _kinds(account: Account) -> list[str]:
    events = BusinessEvent.objects.filter(account_id=account.pk, kind__startswith="access.")
    return list(events.order_by("pk").values_list("kind", flat=True))


class TestDrain:
    def test_no_transaction_decides_more_accounts_than_the_limit(
        self, account: Account, internet: Subscription, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drain()
        charge(account, "500.00")
        other = people.open_account_for("Сидорова", "Анна")
        waiting = connect(other, identifier="sidorova")
        decide, decided = deciding.decide_accounts, []

        def note(*, account_ids: set[int], **values: Any) -> operations.Decided:
            decided.append(set(account_ids))
            return decide(account_ids=account_ids, **values)

        monkeypatch.setattr(deciding, "decide_accounts", note)
        operations.drain_crossings(now=NOON, limit=1)
        assert {account.pk} in decided
        assert max(map(len, decided)) == 1
        assert (level_of(internet), level_of(waiting)) == ("suspended", "open")

    def test_an_activated_service_is_opened_in_the_network(
        self, account: Account, internet: Subscription
    ) -> None:
        assert drain() == operations.Decided(accounts=1, changed=1)
        order = NetworkOrder.objects.get(subscription_id=internet.pk)
        assert (order.action, order.desired) == (
            "open",
            {
                "level": "open",
                "speed_kbps": None,
                "plan": "plan-internet",
                "identifiers": ["ivanova"],
            },
        )
        assert _watch(account) == (Decimal(0), HIGHEST)
        assert _kinds(account) == []

    def test_a_charge_below_zero_slows_the_internet_once(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        charge(account, "220.00")
        assert drain() == operations.Decided(accounts=1, changed=1, restricted=1)
        access = ServiceAccess.objects.get(pk=internet.pk)
        assert (access.level, access.speed_kbps, access.since) == ("slow", 512, NOON)
        assert _watch(account) == (Decimal(-300), Decimal(0))
        assert _kinds(account) == ["access.restricted"]
        change = AccessChange.objects.latest("pk")
        assert (change.old, change.new, change.available) == ("open", "slow", Decimal(-120))
        assert change.reason["to_open"] == "120.00"
        assert NetworkOrder.objects.latest("pk").desired["speed_kbps"] == 512
        assert drain() == operations.Decided()

    def test_money_that_stays_inside_the_interval_is_not_looked_at(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        charge(account, "100.00")
        assert drain() == operations.Decided()
        assert level_of(internet) == "open"

    def test_a_payment_restores_and_tells_the_network(
        self, account: Account, internet: Subscription
    ) -> None:
        charge(account, "220.00")
        drain()
        assert level_of(internet) == "slow"
        pay(account, "120.00")
        assert drain() == operations.Decided(accounts=1, changed=1, restored=1)
        assert level_of(internet) == "open"
        assert _kinds(account) == ["access.restricted", "access.restored"]
        assert NetworkOrder.objects.latest("pk").action == "set_access"

    def test_deep_debt_suspends_every_service(
        self, account: Account, internet: Subscription
    ) -> None:
        mobile = connect(account, service="mobile", identifier="79215550101")
        drain()
        charge(account, "400.01")
        drain()
        assert (level_of(internet), level_of(mobile)) == ("suspended", "suspended")
        pay(account, "300.01")
        drain()
        assert (level_of(internet), level_of(mobile)) == ("open", "bar_long_distance")

    def test_a_postpaid_account_uses_its_limit_first(self) -> None:
        account = people.open_account_for(
            "Смирнова", "Алиса", kind="postpaid", credit_limit="300.00"
        )
        internet = connect(account)
        drain()
        charge(account, "300.00")
        drain()
        assert level_of(internet) == "open"
        charge(account, "0.01")
        drain()
        assert level_of(internet) == "slow"

    def test_a_pause_and_an_end_go_before_money(
        self, account: Account, internet: Subscription
    ) -> None:
        charge(account, "500.00")
        drain()
        accounts_operations.suspend_service(
            subscription_id=internet.pk, now=NOON, actor=people.CLERK
        )
        drain()
        assert level_of(internet) == "paused"
        accounts_operations.end_service(subscription_id=internet.pk, now=NOON, actor=people.CLERK)
        drain()
        order = NetworkOrder.objects.latest("pk")
        assert level_of(internet) == "ended"
        assert (order.action, order.desired["identifiers"]) == ("close", ["ivanova"])
        assert _kinds(account) == ["access.restricted"]

    def test_a_new_plan_reaches_the_network_without_a_new_level(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        faster = people.plan_version("faster", service="internet")
        accounts_operations.set_plan(
            subscription_id=internet.pk,
            plan_version_id=faster.pk,
            active_from=NOON + timedelta(hours=1),
            now=NOON,
            actor=people.CLERK,
        )
        later = NOON + timedelta(hours=2)
        assert drain(later) == operations.Decided(accounts=1)
        order = NetworkOrder.objects.latest("pk")
        assert (order.action, order.desired["plan"]) == ("set_plan", "faster")
        assert AccessChange.objects.count() == 1

    def test_nothing_waits_and_no_promise_is_broken_afterwards(
        self, account: Account, internet: Subscription
    ) -> None:
        charge(account, "500.00")
        drain()
        assert not EventInbox.objects.filter(consumer="access").exists()
        assert broken_promises(queries.invariants()) == []


class TestAudit:
    def test_accounts_never_decided_are_decided(
        self, account: Account, internet: Subscription
    ) -> None:
        EventInbox.objects.all().delete()
        assert operations.audit_all(**ALL, now=NOON).changed == 1
        assert level_of(internet) == "open"
        assert operations.audit_all(**ALL, now=NOON) == operations.Decided()

    def test_a_lost_crossing_is_found(self, account: Account, internet: Subscription) -> None:
        from accounts.models.ledger import BalanceCrossing

        drain()
        charge(account, "150.00")
        BalanceCrossing.objects.all().delete()
        assert operations.audit_all(**ALL, now=NOON).restricted == 1
        assert level_of(internet) == "slow"

    def test_a_lost_event_of_a_service_is_found(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        accounts_operations.suspend_service(
            subscription_id=internet.pk, now=NOON, actor=people.CLERK
        )
        EventInbox.objects.all().delete()
        assert operations.audit_all(**ALL, now=NOON).changed == 1
        assert level_of(internet) == "paused"

    def test_edited_rules_decide_everybody_anew(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        AccessRule.objects.filter(service="internet").update(below=Decimal(200))
        assert operations.audit_all(**ALL, now=NOON).restricted == 1
        assert level_of(internet) == "slow"
        assert operations.audit_all(**ALL, now=NOON) == operations.Decided()

    def test_editing_a_rule_in_the_crm_asks_for_it(
        self, settings: Any, rf: Any, admin_user: Any
    ) -> None:
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
        rule = AccessRule.objects.get(position=10)
        request = rf.post("/")
        request.user = admin_user
        site.get_model_admin(AccessRule).save_model(request, rule, None, True)
        names = [getattr(entry[1], "task_name", "") for entry in connection.run_on_commit]
        assert names == ["access.audit"]

    def test_only_its_range_is_touched(self, account: Account, internet: Subscription) -> None:
        EventInbox.objects.all().delete()
        told: list[tuple[int, int]] = []
        beyond = operations.audit_all(account_from=account.pk + 1, account_to=2**62, now=NOON)
        inside = operations.audit_all(
            account_from=account.pk,
            account_to=account.pk + 1,
            now=NOON,
            advance=lambda done, total: told.append((done, total)),
        )
        assert (beyond.accounts, inside.accounts, told) == (0, 1, [(1, 1)])


class TestAccessOf:
    def test_it_says_what_why_and_what_lifts_it(
        self, account: Account, internet: Subscription
    ) -> None:
        mobile = connect(account, service="mobile", identifier="79215550101")
        drain()
        charge(account, "220.00")
        drain()
        slow, barred = queries.access_of(account.pk)
        assert (slow.subscription, slow.level, slow.speed_kbps) == (internet, "slow", 512)
        assert (slow.to_lift, slow.to_pay) == (Decimal("120.00"), Decimal("120.00"))
        assert "512" in slow.why
        assert (barred.subscription, barred.to_pay) == (mobile, Decimal("120.01"))


class TestInvariants:
    def _broken_after(self, internet: Subscription, **changes: object) -> list[str]:
        drain()
        ServiceAccess.objects.filter(pk=internet.pk).update(**changes)
        return broken_promises(queries.invariants())

    def test_a_level_against_the_rules_is_found(self, internet: Subscription) -> None:
        assert self._broken_after(internet, level="suspended") == [
            "a service is restricted exactly when its rules say so",
            "the access of a service is its last change",
        ]

    def test_a_service_never_decided_is_found(self, internet: Subscription) -> None:
        EventInbox.objects.all().delete()
        assert broken_promises(queries.invariants()) == [
            "a service is restricted exactly when its rules say so"
        ]

    def test_a_balance_outside_its_interval_that_nobody_noted_is_found(
        self, account: Account, internet: Subscription
    ) -> None:
        from accounts.models.ledger import BalanceCrossing

        drain()
        charge(account, "500.00")
        assert broken_promises(queries.invariants()) == []
        BalanceCrossing.objects.all().delete()
        assert broken_promises(queries.invariants()) == [
            "a service is restricted exactly when its rules say so",
            "a balance outside its interval waits to be decided",
        ]

    def test_a_floor_nobody_agreed_on_is_found(
        self, account: Account, internet: Subscription
    ) -> None:
        drain()
        accounts_operations.set_floor(rows=[(account.pk, Decimal(50))])
        assert broken_promises(queries.invariants()) == [
            "the floor is the credit limit, the open promise and what is disputed"
        ]

    def test_access_the_network_did_not_confirm_is_an_alarm(self, internet: Subscription) -> None:
        drain()
        soon, late = NOON + timedelta(minutes=5), NOON + timedelta(minutes=20)
        assert broken_promises(queries.alarms(now=soon)) == []
        assert broken_promises(queries.alarms(now=late)) == [
            "the network confirmed what access it should give"
        ]
