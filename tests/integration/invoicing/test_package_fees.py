"""Fees of packages: charged at once and night by night, given back by their terms."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts import queries as accounts_queries
from accounts.models import Consent
from billing_project.invariants import broken_promises
from invoicing import operations
from invoicing.queries.offers import UnableToOffer, get_package_quote
from tests.integration.invoicing.household import (
    at,
    charge,
    connect,
    ledger,
    make_account,
    make_version,
    pay,
)
from tests.integration.invoicing.offers import (
    buy,
    charged,
    drop,
    lines,
    make_package,
    night,
    nights,
)

pytestmark = pytest.mark.django_db
JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))


def quote(service, version, on: date):
    return get_package_quote(subscription_id=service.pk, package_version_id=version.pk, now=at(on))


@pytest.fixture
def service():
    return connect(make_account(), make_version())


class TestBuying:
    def test_the_rest_of_the_month_is_charged_at_once(self, service) -> None:
        package = make_package("93.00")
        assert quote(service, package, date(2026, 1, 11)).cost_now == Decimal("63.00")
        buy(service, package, on=date(2026, 1, 11))
        assert lines(service, "package") == [(date(2026, 1, 11), FEB, Decimal("63.00"))]
        assert ("FEE", Decimal("-63.00")) in ledger(service.account)
        assert broken_promises() == []

    def test_the_night_goes_on_from_there_and_does_nothing_twice(self, service) -> None:
        buy(service, make_package("93.00"), on=date(2026, 1, 11))
        nights(date(2026, 1, 12), date(2026, 2, 2))
        assert charge(date(2026, 2, 2)) == 0
        assert lines(service, "package") == [
            (date(2026, 1, 11), FEB, Decimal("63.00")),
            (FEB, MAR, Decimal("93.00")),
        ]

    def test_the_consent_says_price_and_offer(self, service) -> None:
        package = make_package("93.00")
        told = quote(service, package, JAN)
        buy(service, package, on=JAN)
        given = accounts_queries.find_consent(
            account_id=service.account_id,
            subscription_id=service.pk,
            what="package",
            object_id=package.pk,
        )
        assert (given.amount, given.per, given.door) == (Decimal("93.00"), "month", "portal")
        assert given.terms == told.as_json()

    def test_an_offer_that_changed_is_not_bought(self, service) -> None:
        package = make_package("93.00")
        told = quote(service, package, date(2026, 1, 10)).as_json()
        with pytest.raises(operations.UnableToBuy, match="Условия"):
            buy(service, package, on=date(2026, 1, 11), agreed=told)
        assert lines(service, "package") == []
        assert not Consent.objects.exists()

    def test_what_it_has_already_it_can_not_have_again(self, service) -> None:
        package = make_package()
        buy(service, package, on=JAN)
        with pytest.raises(operations.UnableToBuy):
            buy(service, package, on=date(2026, 1, 2))
        assert len(lines(service, "package")) == 1

    def test_prepaid_needs_the_money(self) -> None:
        account = make_account(kind="prepaid")
        service = connect(account, make_version("0.00"))
        package = make_package("50.00", fee_period="once")
        with pytest.raises(UnableToOffer, match=r"50\.00"):
            quote(service, package, JAN)
        with pytest.raises(operations.UnableToBuy):
            buy(service, package, on=JAN)
        pay(account, "50.00", on=JAN)
        buy(service, package, on=JAN)
        balance = accounts_queries.get_balance(account.pk)
        assert (balance.money, balance.held) == (Decimal("0.00"), Decimal("0.00"))

    def test_what_is_due_once_is_charged_once(self, service) -> None:
        package = make_package("50.00", fee_period="once", validity_days=40)
        told = quote(service, package, JAN)
        assert (told.cost_now, told.next_on, told.ends_before) == (
            Decimal("50.00"),
            None,
            date(2026, 2, 10),
        )
        buy(service, package, on=JAN)
        nights(date(2026, 1, 2), date(2026, 3, 2))
        assert lines(service, "package") == [(JAN, date(2026, 1, 2), Decimal("50.00"))]

    def test_in_arrears_it_costs_nothing_now(self, service) -> None:
        package = make_package("93.00", fee_timing="arrears")
        told = quote(service, package, date(2026, 1, 11))
        assert (told.cost_now, told.next_on, told.next_fee) == (
            Decimal("0.00"),
            FEB,
            Decimal("63.00"),
        )
        buy(service, package, on=date(2026, 1, 11))
        nights(date(2026, 1, 12), date(2026, 1, 31))
        assert lines(service, "package") == []
        night(FEB)
        assert lines(service, "package") == [(date(2026, 1, 11), FEB, Decimal("63.00"))]

    def test_by_the_day_each_day_is_charged(self, service) -> None:
        buy(service, make_package("2.50", fee_period="day", validity_days=5), on=date(2026, 1, 30))
        nights(date(2026, 1, 31), date(2026, 2, 10))
        assert charged(service, "package") == Decimal("12.50")
        assert len(lines(service, "package")) == 5

    def test_thirty_days(self, service) -> None:
        buy(service, make_package("30.00", proration="fixed_30"), on=date(2026, 1, 31))
        assert charged(service, "package") == Decimal("1.00")


class TestEnding:
    @pytest.mark.parametrize(
        ("terms", "day", "back"),
        [
            ({}, 10, "63.00"),
            ({}, 31, "0.00"),
            ({"gives_back": False}, 10, "0.00"),
            ({"fee_period": "once"}, 10, "0.00"),
        ],
    )
    def test_taken_off_it_gives_back_by_its_terms(self, service, terms, day, back) -> None:
        held = buy(service, make_package("93.00", **terms), on=JAN)
        assert drop(held, on=date(2026, 1, day)) == Decimal(back)
        nights(date(2026, 1, day + 1) if day < 31 else FEB, MAR)
        assert charged(service, "package") == Decimal("93.00") - Decimal(back)
        assert accounts_queries.list_consents([service.account_id], only_in_force=True) == []
        assert broken_promises() == []

    def test_the_day_it_changes_hands_is_charged_once(self, service) -> None:
        package = make_package("93.00")
        held = buy(service, package, on=JAN)
        drop(held, on=date(2026, 1, 10))
        again = quote(service, package, date(2026, 1, 10))
        assert (again.cost_now, again.next_on) == (Decimal("0.00"), date(2026, 1, 11))
        buy(service, package, on=date(2026, 1, 10), hour=15)
        nights(date(2026, 1, 11), FEB)
        assert charged(service, "package") == Decimal("93.00") * 2
        assert lines(service, "package")[1] == (date(2026, 1, 11), FEB, Decimal("63.00"))

    def test_it_ends_with_the_service(self, service) -> None:
        nights(JAN, JAN)
        buy(service, make_package("93.00"), on=JAN)
        given_back = operations.terminate_service(
            subscription_id=service.pk, now=at(date(2026, 1, 10)), actor="system:test"
        )
        # 21 of 31 days of the plan at 310.00 and of the package at 93.00
        assert given_back == Decimal("210.00") + Decimal("63.00")
        nights(date(2026, 1, 11), MAR)
        assert charged(service) == Decimal("130.00")

    def test_it_ends_with_a_plan_it_does_not_fit(self, service) -> None:
        night(JAN)
        plan = accounts_queries.plan_at(subscription_id=service.pk, at=at(JAN, 13)).plan_version
        held = buy(service, make_package("93.00", plans=[plan.plan]), on=date(2026, 1, 1))
        other = make_version("310.00")
        operations.schedule(
            subscription_id=service.pk,
            plan_version_id=other.pk,
            on=date(2026, 1, 20),
            now=at(date(2026, 1, 20)),
            actor="system:test",
            door="portal",
        )
        nights(date(2026, 1, 21), date(2026, 2, 2))
        held.refresh_from_db()
        assert held.active_to == at(FEB, 0)
        assert charged(service, "package") == Decimal("93.00")


def test_a_package_before_the_service_begins_costs_from_its_first_day() -> None:
    from accounts import operations as accounts

    account, version = make_account(), make_version()
    service = accounts.order_service(
        account=account, service="mobile", plan_version=version, now=at(JAN, 9), actor="t"
    )
    package = make_package("93.00")
    assert quote(service, package, JAN).cost_now == Decimal("0.00")
    buy(service, package, on=JAN)
    accounts.activate_service(subscription_id=service.pk, now=at(date(2026, 1, 22)), actor="t")
    night(date(2026, 1, 22))
    assert lines(service, "package") == [(date(2026, 1, 22), FEB, Decimal("30.00"))]


@pytest.mark.parametrize("day", range(1, 32, 6))
@pytest.mark.parametrize("terms", [{}, {"proration": "fixed_30"}, {"fee_period": "day"}])
def test_what_is_quoted_is_what_is_charged(service, day: int, terms: dict[str, str]) -> None:
    package = make_package("77.77", **terms)
    on = date(2026, 1, day)
    told = quote(service, package, on)
    buy(service, package, on=on, agreed=told.as_json())
    assert charged(service, "package") == told.cost_now
    night(told.next_on)
    assert charged(service, "package") == told.cost_now + told.next_fee
    assert told.next_on >= on + timedelta(days=1)
