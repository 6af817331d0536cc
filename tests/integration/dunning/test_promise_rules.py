"""Rules of the promised payment against real accounts: what they look at, whom they are for."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.utils.translation import override

from accounts import operations as accounts_operations
from accounts import queries as accounts_queries
from accounts.models import Account, Customer, Payment, Subscription
from billing_project.demo.credit import trust
from billing_project.kernel.models import BusinessEvent
from dunning import queries
from dunning.models import PromisedPayment, PromiseRule
from dunning.operations import UnableToPromise, promises
from dunning.queries.promise_rules import paid_since, preview
from tests import people
from tests.checks import broken_promises
from tests.people import CLERK, NOON
from tests.subscribers import charge, connect, drain, level_of, pay

pytestmark = pytest.mark.django_db
UPGRADE = Path("dunning/migrations/sql/0004_one_rule.sql")
LATER = NOON + timedelta(days=40)


@pytest.fixture
def account() -> Account:
    return people.open_account_for("Иванова", "Мария")


@pytest.fixture
def internet(account: Account) -> Subscription:
    """Slowed for a debt of 120; 300 a month."""
    subscription = connect(account)
    charge(account, "120.00")
    drain()
    return subscription


def rule(**changes: object) -> None:
    PromiseRule.objects.update(**{"days_between": 0} | changes)


def give(account: Account, amount: str, **changes: object) -> PromisedPayment:
    values: dict = {"now": NOON, "actor": CLERK} | changes
    return promises.give(account_id=account.pk, amount=Decimal(amount), **values)


def codes(account: Account, *, now: object = NOON) -> list[str]:
    verdict = queries.can_promise(account.pk, now).verdict  # type: ignore[arg-type]
    return [reason.code for reason in verdict.reasons]


class TestAmount:
    def test_what_is_missing_opens_every_service_after_its_price(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(amount_is="missing", price=Decimal(15))
        mobile = connect(account, service="mobile", identifier="79215550101")
        drain()
        answer = queries.can_promise(account.pk, NOON)
        # The mobile is barred at zero too: a kopeck more than the debt, its price, whole roubles.
        assert (answer.max_amount, answer.is_exact) == (Decimal(136), True)
        promise = give(account, "136")
        assert (level_of(internet), level_of(mobile)) == ("open", "open")
        assert promise.rule == PromiseRule.objects.get()
        assert BusinessEvent.objects.get(kind="promise.given").data["rule_id"] == promise.rule_id
        assert broken_promises(queries.invariants()) == []

    def test_another_amount_than_the_rules_is_refused(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(amount_is="fixed")
        with override("en"), pytest.raises(UnableToPromise, match=r"is ₽500\.00 and no other"):
            give(account, "499")
        assert not PromisedPayment.objects.exists()

    def test_a_share_of_what_plans_cost_a_month(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(amount_is="fee_share", fee_percent=Decimal(50))
        fee = internet.plan_assignments.get().plan_version.fee
        assert queries.can_promise(account.pk, NOON).max_amount == fee / 2
        connect(account, service="mobile", identifier="79215550101")
        assert queries.can_promise(account.pk, NOON).max_amount > fee / 2


class TestHistory:
    def test_payments_count_while_they_stand_and_are_young(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(min_payments=2, min_paid=Decimal(20), history_days=30)
        pay(account, "10.00", now=NOON - timedelta(days=30))
        pay(account, "10.00", now=NOON - timedelta(days=29))
        pay(account, "10.00")
        assert codes(account) == []
        latest = Payment.objects.latest("pk")
        accounts_operations.reverse_payment(
            payment_id=latest.pk, reason="ошибка", business_date=NOON.date(), now=NOON, actor=CLERK
        )
        assert codes(account) == ["few_payments", "little_paid"]
        assert queries.can_promise(account.pk, NOON).to_pay == Decimal(10)

    def test_a_broken_one_is_honoured_once_it_is_paid_be_it_late(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(after_kept=True)
        promise = give(account, "200")
        pay(account, "50.00", now=NOON + timedelta(days=1))
        promises.close_due(now=NOON + timedelta(days=5))
        assert codes(account, now=LATER) == ["not_honoured"]
        assert queries.can_promise(account.pk, LATER).to_pay == Decimal(150)
        pay(account, "150.00", now=NOON + timedelta(days=9))
        charge(account, "300.00")
        assert codes(account, now=LATER) == []
        promise.refresh_from_db()
        assert (promise.state, promise.paid, paid_since(promise)) == ("broken", 50, 200)

    def test_its_price_and_terms_are_those_of_its_day(
        self, account: Account, internet: Subscription
    ) -> None:
        rule(price=Decimal(15))
        promise = give(account, "200")
        rule(price=Decimal(99), days=1)
        promise.refresh_from_db()
        assert (promise.price, promise.due_at) == (Decimal(15), NOON + timedelta(days=5))
        assert accounts_queries.get_balance(account.pk).money == Decimal(-135)


class TestWhom:
    @pytest.mark.parametrize(
        "whom",
        [
            {"account_kinds": ["postpaid"]},
            {"customer_kinds": ["company"]},
            {"credit_classes": ["trusted"]},
            {"regions": ["Карелия"]},
            {"valid_to": date(2026, 11, 2)},
            {"is_active": False},
        ],
    )
    def test_a_rule_for_others_is_not_offered(
        self, account: Account, internet: Subscription, whom: dict
    ) -> None:
        assert codes(account) == []
        rule(**whom)
        assert codes(account) == ["not_offered"]

    def test_a_preview_tells_how_many_and_what_the_deepest_would_be_answered(
        self, account: Account, internet: Subscription
    ) -> None:
        other = people.open_account_for("Кузнецов", "Борис")
        Customer.objects.filter(pk=other.customer_id).update(region="карелия")
        row = PromiseRule.objects.get()
        found = preview(row, now=NOON)
        assert (found.total, found.is_more, found.giving) == (2, False, 1)
        assert [each.account for each in found.deepest] == [account, other]
        assert found.deepest[1].sentences != []
        row.regions = ["Карелия"]
        assert [each.account for each in preview(row, now=NOON).deepest] == [other]
        Account.objects.filter(pk=other.pk).update(closed_on=NOON.date())
        assert preview(row, now=NOON).total == 0


class TestEnds:
    def test_a_kept_one_is_told(self, account: Account, internet: Subscription) -> None:
        give(account, "200")
        pay(account, "200.00", now=NOON + timedelta(days=1))
        assert promises.close_due(now=NOON + timedelta(days=1)).kept == 1
        event = BusinessEvent.objects.get(kind="promise.kept")
        assert (event.account_id, event.data["amount"]) == (account.pk, "200.00")


def test_an_upgrade_keeps_the_one_rule_that_was_offered() -> None:
    first = PromiseRule.objects.get()
    PromiseRule.objects.filter(pk=first.pk).update(is_active=False)
    used, spare = PromiseRule.objects.create(price=5), PromiseRule.objects.create()
    with connection.cursor() as cursor:
        cursor.execute(UPGRADE.read_text())
    offered = PromiseRule.objects.filter(is_active=True)
    assert list(offered) == [used]
    assert spare.max_amount == 500


def test_the_demo_trusts_by_class_and_history(account: Account, internet: Subscription) -> None:
    trust(now=NOON, actor="system:demo")
    trusted = PromiseRule.objects.get(position=10)
    assert queries.can_promise(account.pk, NOON).verdict.rule_id != trusted.pk
    Account.objects.update(credit_class="trusted")
    assert queries.can_promise(account.pk, NOON).verdict.rule_id == trusted.pk
    Account.objects.update(credit_class="risky")
    assert "class_refused" in codes(account)
