"""Pauses of services: right to the day under billing in advance and in arrears."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import operations as accounts
from accounts import queries as accounts_queries
from accounts.models import PausedDays
from billing_project.invariants import broken_promises
from invoicing import operations
from invoicing.models import Pause
from invoicing.queries.pauses import UnableToPause, get_pause_quote
from tests.integration.invoicing.household import ACTOR, at, connect, make_account, make_version
from tests.integration.invoicing.offers import (
    buy,
    charged,
    lines,
    make_package,
    make_rule,
    night,
    nights,
    pause,
    resume,
)

pytestmark = pytest.mark.django_db
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
D = Decimal


def day(number: int, month: int = 1) -> date:
    return date(2026, month, number)


@pytest.fixture
def service():
    return connect(make_account(), make_version("310.00"))


def quote(service, on: date, **wish):
    return get_pause_quote(subscription_id=service.pk, on=on, **wish)


class TestInAdvance:
    def test_days_that_are_paid_are_given_back(self, service) -> None:
        night(JAN)
        told = quote(service, day(10))
        assert (told.starts_on, told.ends_on, told.given_back) == (day(11), None, D("210.00"))
        pause(service, on=day(10))
        assert charged(service) == D("100.00")
        service.refresh_from_db()
        assert service.state == "suspended"

    def test_ended_in_the_month_its_rest_is_charged_anew(self, service) -> None:
        night(JAN)
        one = pause(service, on=day(10))
        resume(one, on=day(22))
        assert charged(service) == D("200.00")
        nights(day(23), FEB)
        assert charged(service) == D("510.00")
        assert broken_promises() == []

    def test_over_months_nothing_is_charged_until_it_ends(self, service) -> None:
        night(JAN)
        one = pause(service, on=day(10))
        nights(day(11), day(15, 3))
        assert charged(service) == D("100.00")
        resume(one, on=day(15, 3))
        night(day(16, 3))
        # 17 of 31 days of March
        assert charged(service) == D("270.00")
        assert broken_promises() == []

    def test_from_a_day_to_a_day_the_nights_do_it(self, service) -> None:
        night(JAN)
        one = pause(service, on=day(5), starts_on=day(11), until=day(22))
        assert one.state == "scheduled"
        nights(day(6), day(10))
        assert charged(service) == D("310.00")
        night(day(11))
        assert charged(service) == D("100.00")
        nights(day(12), day(22))
        one.refresh_from_db()
        assert (one.state, charged(service)) == ("ended", D("200.00"))
        service.refresh_from_db()
        assert service.state == "active"

    def test_missed_nights_change_nothing(self, service) -> None:
        night(JAN)
        pause(service, on=day(5), starts_on=day(11), until=day(22))
        night(day(28))
        assert charged(service) == D("200.00")
        assert list(PausedDays.objects.values_list("first", "until")) == [(day(11), day(22))]
        assert broken_promises() == []

    def test_begun_and_ended_on_one_day_costs_and_gives_nothing(self, service) -> None:
        night(JAN)
        resume(pause(service, on=day(10)), on=day(10))
        assert charged(service) == D("310.00")
        assert broken_promises() == []

    def test_twice_in_a_month(self, service) -> None:
        night(JAN)
        resume(pause(service, on=day(5)), on=day(10))
        resume(pause(service, on=day(15)), on=day(20))
        assert charged(service) == D("310.00") - D("80.00")
        assert broken_promises() == []

    def test_a_plan_that_comes_meanwhile_is_charged_from_the_day_it_ends(self, service) -> None:
        night(JAN)
        dearer = make_version("620.00")
        operations.schedule(
            subscription_id=service.pk,
            plan_version_id=dearer.pk,
            on=day(5),
            now=at(day(5)),
            actor=ACTOR,
        )
        one = pause(service, on=day(20))
        nights(day(21), day(3, 2))
        resume(one, on=day(15, 2))
        night(day(16, 2))
        # 20 days of January at 310, 14 of 28 days of February at 620
        assert charged(service) == D("200.00") + D("310.00")
        assert broken_promises() == []


class TestInArrears:
    @pytest.fixture
    def service(self):
        return connect(make_account(), make_version("310.00", fee_timing="arrears"))

    def test_only_days_that_worked_are_charged(self, service) -> None:
        one = pause(service, on=day(10))
        nights(day(11), day(22))
        resume(one, on=day(22))
        nights(day(23), FEB)
        assert charged(service) == D("200.00")
        assert broken_promises() == []

    def test_paused_and_ended_for_good_before_the_fee_is_due(self, service) -> None:
        pause(service, on=day(10))
        operations.terminate_service(subscription_id=service.pk, now=at(day(20)), actor=ACTOR)
        nights(day(21), FEB)
        assert charged(service) == D("100.00")
        assert Pause.objects.get().state == "ended"
        assert broken_promises() == []


class TestFees:
    def test_free_days_first_then_by_the_day(self, service) -> None:
        make_rule(fee=D("5.00"), free_days=10)
        night(JAN)
        told = quote(service, day(10), until=day(26))
        assert (told.free_days, told.total) == (10, D("25.00"))
        pause(service, on=day(10), until=day(26))
        nights(day(11), day(28))
        assert charged(service, "pause") == D("25.00")
        assert lines(service, "pause") == [(day(21), day(26), D("25.00"))]
        assert broken_promises() == []

    def test_within_the_free_days_it_costs_nothing(self, service) -> None:
        make_rule(fee=D("5.00"), free_days=10)
        told = quote(service, day(10), until=day(21))
        assert (told.free_days, told.total) == (10, D("0.00"))
        pause(service, on=day(10), until=day(20))
        nights(day(11), day(21))
        assert lines(service, "pause") == []

    def test_by_the_month_it_is_prorated(self, service) -> None:
        make_rule(fee=D("31.00"), fee_period="month")
        night(JAN)
        pause(service, on=day(10), until=day(11, 2))
        nights(day(11), day(12, 2))
        assert lines(service, "pause") == [
            (day(11), FEB, D("21.00")),
            (FEB, day(11, 2), D("11.07")),
        ]

    def test_ended_earlier_it_costs_less_and_the_days_stay_used(self, service) -> None:
        make_rule(fee=D("5.00"), free_days=3)
        night(JAN)
        resume(pause(service, on=day(10), until=day(26)), on=day(16))
        nights(day(17), FEB)
        # five days rested, three of them free
        assert charged(service, "pause") == D("10.00")
        assert quote(service, day(2, 2)).free_days == 0

    def test_the_consent_to_the_fee_lasts_as_long(self, service) -> None:
        make_rule(fee=D("5.00"))
        one = pause(service, on=day(10))
        mine = {"account_id": service.account_id, "subscription_id": service.pk, "what": "pause"}
        assert accounts_queries.find_consent(object_id=one.pk, **mine).amount == D("5.00")
        resume(one, on=day(12))
        assert accounts_queries.find_consent(object_id=one.pk, **mine) is None


class TestPackages:
    @pytest.mark.parametrize("keeps", [False, True])
    def test_they_rest_or_go_on_as_the_rule_says(self, service, keeps) -> None:
        make_rule(keeps_packages=keeps)
        night(JAN)
        buy(service, make_package("93.00"), on=JAN)
        pause(service, on=day(10))
        nights(day(11), day(31))
        back = D("30.00") if not keeps else D("93.00")
        assert charged(service, "package") == back
        night(FEB)
        assert charged(service, "package") == (D("30.00") if not keeps else D("186.00"))
        assert broken_promises() == []

    def test_what_rested_is_charged_anew(self, service) -> None:
        night(JAN)
        buy(service, make_package("93.00"), on=JAN)
        resume(pause(service, on=day(10)), on=day(22))
        assert charged(service, "package") == D("60.00")


class TestRefusals:
    def test_each_says_its_rule(self, service) -> None:
        make_rule(min_days=7, max_days=30, days_a_year=20)
        with pytest.raises(UnableToPause, match=r"\b7\b"):
            quote(service, day(10), until=day(12))
        with pytest.raises(UnableToPause, match=r"01\.01\.2027"):
            quote(service, day(10), until=day(5, 2))
        assert quote(service, day(10)).ends_on == day(31)

    def test_one_at_a_time(self, service) -> None:
        pause(service, on=day(10), starts_on=day(20))
        with pytest.raises(operations.UnableToChangePause):
            pause(service, on=day(11))
        assert Pause.objects.count() == 1

    def test_an_offer_that_changed_is_not_agreed(self, service) -> None:
        told = quote(service, day(10)).as_json()
        make_rule(fee=D("5.00"))
        with pytest.raises(operations.UnableToChangePause, match="Условия"):
            operations.agree_pause(
                subscription_id=service.pk,
                door="portal",
                now=at(day(10)),
                actor=ACTOR,
                agreed=told,
            )
        assert not Pause.objects.exists()

    def test_called_off_before_it_begins(self, service) -> None:
        night(JAN)
        one = pause(service, on=day(5), starts_on=day(11))
        operations.cancel_pause(pause_id=one.pk, now=at(day(6)), actor=ACTOR)
        nights(day(7), day(12))
        assert charged(service) == D("310.00")
        with pytest.raises(operations.UnableToChangePause):
            operations.cancel_pause(pause_id=one.pk, now=at(day(6)), actor=ACTOR)

    def test_one_that_can_not_begin_is_called_off_loudly(self, service) -> None:
        one = pause(service, on=day(5), starts_on=day(11))
        accounts.suspend_service(subscription_id=service.pk, now=at(day(6)), actor=ACTOR)
        night(day(11))
        one.refresh_from_db()
        assert (one.state, bool(one.close_reason)) == ("cancelled", True)
