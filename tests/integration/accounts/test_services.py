"""Customers, contracts, accounts, numbers, services and their plans."""

from datetime import date, timedelta

import numpy as np
import pytest

from accounts import operations, queries
from accounts.domain.identifiers import subscriber_key
from accounts.domain.numbering import is_account_number
from accounts.models import (
    Account,
    Contract,
    IdentifierUse,
    PlanAssignment,
    PoolNumber,
    Subscription,
)
from billing_project.kernel.models import BusinessEvent, EventInbox, StateChange
from tests import people
from tests.people import CLERK, NOON

LATER = NOON + timedelta(days=3)
WHO = {"now": LATER, "actor": CLERK}


class TestPeople:
    def test_a_person_is_written_with_clean_contacts(self, db: None) -> None:
        customer = people.person(
            "Пётров",
            "Пётр",
            phone="8 (921) 555-01-01",
            email=" p@example.org ",
            address="Невский 1",
        )
        assert customer.name == "Пётров Пётр"
        assert (customer.phone, customer.email) == ("79215550101", "p@example.org")
        assert customer.search_text == "petrov petr 79215550101 nevskii 1 p@example.org"

    @pytest.mark.parametrize(
        ("field", "value"), [("phone", "12"), ("email", "nobody"), ("inn", "500100732258")]
    )
    def test_a_field_that_cannot_be_right_is_named(self, db: None, field: str, value: str) -> None:
        with pytest.raises(operations.UnableToWriteCustomer) as refusal:
            people.person("Петров", "Пётр", **{field: value})
        assert refusal.value.field == field
        assert not BusinessEvent.objects.exists()

    def test_a_company_needs_an_inn_that_checks(self, db: None) -> None:
        company = {"name": "ООО «Берег»", "now": NOON, "actor": CLERK}
        assert operations.create_company(**company, inn="7830002293").kind == "company"
        with pytest.raises(operations.UnableToWriteCustomer):
            operations.create_company(**company, inn="7830002294")

    def test_a_contact_is_changed_and_found_by_the_new_one(self, bob: Account) -> None:
        who = {"now": NOON, "actor": CLERK}
        operations.edit_contact(customer_id=bob.customer_id, phone="+7 911 111 11 11", **who)
        [found] = queries.find_accounts("8 911 111-11-11")
        assert found.account_id == bob.pk
        event = BusinessEvent.objects.get(kind="customer.changed")
        assert event.data == {"before": {"phone": ""}, "after": {"phone": "79111111111"}}
        operations.edit_contact(customer_id=bob.customer_id, phone="79111111111", **who)
        assert BusinessEvent.objects.filter(kind="customer.changed").count() == 1


class TestNumbers:
    def test_contracts_are_numbered_per_prefix_and_year(self, alice: Account, bob: Account) -> None:
        numbers = list(Contract.objects.order_by("pk").values_list("number", flat=True))
        assert numbers == ["Д-2026-00001", "Д-2026-00002"]

    def test_accounts_have_numbers_that_check(self, alice: Account, bob: Account) -> None:
        assert (alice.number, bob.number) == ("100000017", "100000025")
        assert is_account_number(alice.number)
        taken = operations.take_account_numbers(count=2)
        assert taken == ["100000033", "100000041"]

    def test_a_range_fills_the_pool_once(self, db: None) -> None:
        span = {"kind": "fixed", "first": "+7 812 555-00-00", "last": "8 812 555-00-09"}
        assert operations.add_pool_range(**span) == 10
        assert operations.add_pool_range(**span) == 0
        free = queries.list_free_numbers(kind="fixed", contains="0003")
        assert [number.value for number in free] == ["78125550003"]

    def test_a_range_backwards_is_refused(self, db: None) -> None:
        with pytest.raises(operations.UnableToAddNumbers):
            operations.add_pool_range(kind="fixed", first="78125550009", last="78125550000")


class TestOrder:
    def test_occupies_the_number_and_begins_the_plan(self, mobile: Subscription) -> None:
        use = IdentifierUse.objects.get(subscription=mobile)
        assert (use.value, use.key, use.active_to) == ("79215550101", 79215550101, None)
        assert PoolNumber.objects.get(value="79215550101").is_free is False
        assert PlanAssignment.objects.get(subscription=mobile).active_from == NOON
        assert queries.subscription_by_identifier("79215550101", NOON) == mobile
        before = NOON - timedelta(seconds=1)
        assert queries.subscription_by_identifier("79215550101", before) is None

    def test_a_number_in_use_is_refused_and_nothing_is_ordered(
        self, mobile: Subscription, bob: Account
    ) -> None:
        with pytest.raises(operations.UnableToOccupy):
            people.order_mobile(bob, number="79215550101")
        assert not Subscription.objects.filter(account=bob).exists()
        assert not BusinessEvent.objects.filter(account_id=bob.pk, kind="service.ordered").exists()

    def test_a_number_outside_the_pool_is_refused(self, bob: Account) -> None:
        with pytest.raises(operations.UnableToOccupy):
            self.order(bob, identifiers=[("msisdn", "79219990000")])

    def test_a_login_comes_into_the_pool_by_itself(self, bob: Account) -> None:
        subscription = self.order(bob, identifiers=[("login", " Boris ")], service="internet")
        use = subscription.identifiers.get()
        assert (use.value, use.key) == ("boris", subscriber_key("boris"))
        assert use.key < 0
        assert PoolNumber.objects.get(value="boris").is_free is False

    @pytest.mark.parametrize(
        "pair", [("msisdn", "12"), ("login", "два слова"), ("login", "79215550101")]
    )
    def test_what_is_no_identifier_or_anothers_number_is_refused(
        self, mobile: Subscription, bob: Account, pair: tuple[str, str]
    ) -> None:
        with pytest.raises(operations.UnableToOccupy):
            self.order(bob, identifiers=[pair])
        assert not Subscription.objects.filter(account=bob).exists()
        assert not PoolNumber.objects.filter(kind="login").exists()

    def test_a_plan_of_another_service_is_refused(self, bob: Account) -> None:
        version = people.plan_version("net", service="internet")
        with pytest.raises(operations.UnableToOrder):
            operations.order_service(
                account=bob, service="mobile", plan_version=version, now=NOON, actor=CLERK
            )

    def test_a_plan_that_is_not_published_is_refused(self, bob: Account) -> None:
        version = people.plan_version()
        version.published_at = None
        with pytest.raises(operations.UnableToOrder):
            operations.order_service(
                account=bob, service="mobile", plan_version=version, now=NOON, actor=CLERK
            )

    def order(
        self, account: Account, *, identifiers: list[tuple[str, str]], service: str = "mobile"
    ) -> Subscription:
        return operations.order_service(
            account=account,
            service=service,
            plan_version=people.plan_version(f"{service}-plan", service=service),
            identifiers=identifiers,
            now=NOON,
            actor=CLERK,
        )


class TestLife:
    def test_activation_pause_and_return(self, mobile: Subscription) -> None:
        one = {"subscription_id": mobile.pk, **WHO}
        assert operations.activate_service(**one).activated_at == LATER
        assert operations.suspend_service(**one).state == "suspended"
        assert operations.resume_service(**one).state == "active"
        moves = list(StateChange.objects.order_by("pk").values_list("old", "new"))
        assert moves == [("ordered", "active"), ("active", "suspended"), ("suspended", "active")]
        kinds = set(BusinessEvent.objects.filter(happened_at=LATER).values_list("kind", flat=True))
        assert kinds == {"service.activated", "service.suspended", "service.resumed"}
        assert EventInbox.objects.filter(consumer="access").count() == 3

    @pytest.mark.parametrize("move", [operations.suspend_service, operations.resume_service])
    def test_an_ordered_service_is_not_paused_nor_resumed(self, mobile, move) -> None:
        with pytest.raises(operations.UnableToChangeService):
            move(subscription_id=mobile.pk, **WHO)
        assert not StateChange.objects.exists()

    def test_activating_twice_keeps_the_first_moment(self, mobile: Subscription) -> None:
        operations.activate_service(subscription_id=mobile.pk, now=NOON, actor=CLERK)
        with pytest.raises(operations.UnableToChangeService):
            operations.activate_service(subscription_id=mobile.pk, **WHO)
        assert Subscription.objects.get(pk=mobile.pk).activated_at == NOON

    def test_the_end_closes_plan_and_number_and_the_number_rests(
        self, mobile: Subscription
    ) -> None:
        operations.activate_service(subscription_id=mobile.pk, now=NOON, actor=CLERK)
        ended = operations.end_service(subscription_id=mobile.pk, quarantine_days=10, **WHO)
        assert (ended.state, ended.terminated_at) == ("terminated", LATER)
        assert PlanAssignment.objects.get(subscription=mobile).active_to == LATER
        assert IdentifierUse.objects.get(subscription=mobile).active_to == LATER
        rests_until = date(2026, 11, 15)
        assert PoolNumber.objects.get(value="79215550101").quarantine_until == rests_until
        for day, free in ((rests_until - timedelta(days=1), 0), (rests_until, 1)):
            assert queries.list_free_numbers(kind="msisdn", on=day).count() == free
        with pytest.raises(operations.UnableToChangeService):
            operations.end_service(subscription_id=mobile.pk, **WHO)


class TestSetPlan:
    def test_ends_the_present_plan_and_replaces_later_ones(self, mobile: Subscription) -> None:
        first, second = people.plan_version(), people.plan_version()
        when = NOON + timedelta(days=10)
        self.set(mobile, first.pk, at=when + timedelta(days=10))
        self.set(mobile, second.pk, at=when)
        history = PlanAssignment.objects.filter(subscription=mobile).order_by("active_from")
        assert [(row.active_from, row.active_to) for row in history] == [
            (NOON, when),
            (when, None),
        ]
        assert queries.plan_at(subscription_id=mobile.pk, at=when).plan_version == second
        event = BusinessEvent.objects.filter(kind="plan.changed").latest("id")
        assert event.data["plan_version_id"] == second.pk

    def test_a_day_before_the_present_plan_is_refused(self, mobile: Subscription) -> None:
        with pytest.raises(operations.UnableToSetPlan):
            self.set(mobile, people.plan_version().pk, at=NOON - timedelta(seconds=1))
        assert PlanAssignment.objects.filter(subscription=mobile).count() == 1

    def test_an_ended_service_gets_no_plan(self, mobile: Subscription) -> None:
        operations.end_service(subscription_id=mobile.pk, **WHO)
        with pytest.raises(operations.UnableToSetPlan):
            self.set(mobile, people.plan_version().pk, at=LATER)

    def set(self, subscription: Subscription, version_id: int, *, at) -> PlanAssignment:
        return operations.set_plan(
            subscription_id=subscription.pk,
            plan_version_id=version_id,
            active_from=at,
            now=NOON,
            actor=CLERK,
        )


class TestSearch:
    @pytest.mark.parametrize(
        "text",
        [
            "алиса",
            "СМИРН",
            "смирнова алиса",
            "100000017",
            "10000",
            "Д-2026-00001",
            "00001",
            "79215550101",
            "8 (921) 555-01-01",
            "+7921555",
            "5550101",
            "921555",
            "0101",
            "д-2026-00001",
            "smirnova",
        ],
    )
    def test_finds_alice_alone(self, mobile: Subscription, bob: Account, text: str) -> None:
        found = [row for row in queries.find_accounts(text) if row.account_id != bob.pk]
        assert [row.account_id for row in found] == [mobile.account_id]
        assert found[0].identifiers == ["79215550101"]

    @pytest.mark.parametrize("text", ["", "ал", "нет такого", "999999", "%%%", "___"])
    def test_finds_nobody(self, mobile: Subscription, text: str) -> None:
        assert queries.find_accounts(text) == []

    def test_finds_a_customer_without_an_account(self, db: None) -> None:
        customer = people.person("Одиноков", "Олег")
        [found] = queries.find_accounts("одиноков")
        assert (found.customer_id, found.account_id, found.money) == (customer.pk, None, None)


class TestColumns:
    def test_identifiers_come_as_arrays(self, mobile: Subscription) -> None:
        operations.end_service(subscription_id=mobile.pk, **WHO)
        columns = queries.identifier_columns()
        assert columns.key.tolist() == [79215550101]
        assert columns.subscription_id.tolist() == [mobile.pk]
        assert columns.account_id.tolist() == [mobile.account_id]
        assert columns.active_from.tolist() == [int(NOON.timestamp())]
        assert columns.active_to.tolist() == [int(LATER.timestamp())]
        assert columns.key.dtype == np.int64

    def test_plans_come_as_arrays_with_an_open_end(self, mobile: Subscription) -> None:
        columns = queries.plan_history_columns()
        plan = PlanAssignment.objects.get()
        assert columns.plan_version_id.tolist() == [plan.plan_version_id]
        assert columns.active_to.tolist() == [queries.FOREVER]

    def test_no_rows_make_empty_arrays(self, db: None) -> None:
        assert queries.identifier_columns().key.size == 0


def test_ranges_cover_every_account_once(alice: Account, bob: Account) -> None:
    ranges = queries.list_account_ranges(size=1)
    assert ranges[0][0] == 0
    assert [low for low, _ in ranges[1:]] == [high for _, high in ranges[:-1]]
    inside = [[low <= pk < high for low, high in ranges] for pk in (alice.pk, bob.pk)]
    assert [sum(row) for row in inside] == [1, 1]
    assert len(ranges) == 2
