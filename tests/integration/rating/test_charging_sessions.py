"""What a switch is told: grants, refusals, repeats and disorder."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.test import override_settings

from accounts import operations as accounts_operations
from accounts.models import Account, Subscription
from bench.world import FIRST_NUMBER, Operator
from provisioning.models import NetworkState
from rating.models import ChargingSession
from rating.operations import charging, limits
from rating.queries.charging import MEMORY
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import (
    COUNTRY,
    DATA,
    HELP,
    HOME,
    SMS,
    USA,
    Switch,
    figures,
    session,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch(operator: Operator) -> Switch:
    """A switch whose first subscriber has 10 roubles, prepaid: 3.45 a minute to the country."""
    Account.objects.update(kind="prepaid")
    world.give(operator, "10.00")
    return world.switch(operator)


@pytest.fixture
def account(operator: Operator) -> int:
    return operator.accounts[0].pk


class TestAuthorise:
    @pytest.mark.parametrize(
        ("number", "units", "is_final"),
        # Home calls have an hour included, then 1.20 a minute; help costs nothing.
        [(COUNTRY, 120, True), (HOME, 3600 + 480, True), (HELP, 14_400, False)],
    )
    def test_says_how_long(self, switch: Switch, number: str, units: int, is_final: bool) -> None:
        told = switch.told("authorise", number=number)
        assert (told["result"], told["units"], told["is_final"]) == ("ok", units, is_final)

    def test_writes_nothing(self, switch: Switch, account: int) -> None:
        switch.told("authorise", number=COUNTRY)
        assert not ChargingSession.objects.exists()
        assert figures(account) == (Decimal("10.00"), Decimal("0.00"))

    def test_counts_what_others_hold(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        assert switch.told("authorise", number=COUNTRY)["units"] == 60

    def test_who_pays_afterwards_is_not_limited(self, switch: Switch) -> None:
        Account.objects.update(kind="postpaid")
        told = switch.told("authorise", number=USA)
        assert (told["units"], told["is_final"]) == (14_400, False)
        assert "available" not in told


class TestRefusals:
    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"subscriber": "79219999999"}, "unknown_subscriber"),
            ({"subscriber": "none"}, "unknown_subscriber"),
            ({"number": "x", "kind": SMS}, "no_zone"),
            ({"number": "4912345678901"}, "no_zone"),
            ({"number": USA}, "no_money"),
            ({"started_at": 1}, "bad_time"),
        ],
    )
    @pytest.mark.parametrize("verb", ["authorise", "reserve", "event"])
    def test_have_codes(
        self, switch: Switch, verb: str, asked: dict[str, object], code: str
    ) -> None:
        assert switch.told(verb, **asked) == {"result": "refused", "code": code}
        assert not ChargingSession.objects.exists()

    def test_before_the_plan(self, switch: Switch) -> None:
        day_of_plan = world.NOON - timedelta(days=400)
        switch.now = day_of_plan
        assert switch.told("reserve")["code"] == "unknown_subscriber"

    @pytest.mark.parametrize("level", ["suspended", "paused", "bar_long_distance"])
    def test_of_the_blocked(self, switch: Switch, operator: Operator, level: str) -> None:
        NetworkState.objects.create(
            subscription_id=operator.subscriptions[0].pk,
            account_id=operator.accounts[0].pk,
            confirmed={"level": level},
            order_id=1,
            confirmed_at=world.NOON,
        )
        assert switch.told("reserve", number=COUNTRY)["code"] == "blocked"
        # Help always answers.
        assert switch.told("reserve", "h", number=HELP)["result"] == "ok"

    def test_of_a_service_that_is_paused(self, switch: Switch, operator: Operator) -> None:
        service = Subscription.objects.filter(pk=operator.subscriptions[0].pk)
        accounts_operations.suspend_service(
            subscription_id=service.get().pk, now=world.NOON, actor="staff:1"
        )
        assert switch.told("reserve", number=HOME)["code"] == "blocked"

    def test_by_a_spending_guard(self, switch: Switch, operator: Operator, account: int) -> None:
        world.give(operator, "90.00")
        limits.set_guard(
            subscription_id=operator.subscriptions[0].pk,
            amount=Decimal("8.00"),
            now=world.NOON,
            actor="subscriber:1",
        )
        assert switch.told("reserve", number=COUNTRY)["granted"] == 120
        # What the first holds counts, though nothing of it is spent yet.
        assert switch.told("reserve", "b", number=COUNTRY)["code"] == "no_money"
        assert figures(account) == (Decimal("100.00"), Decimal("6.90"))


class TestReserving:
    def test_holds_the_price_of_the_slice(self, switch: Switch, account: int) -> None:
        told = switch.told("reserve", number=COUNTRY)
        assert told == {
            "result": "ok",
            "granted": 120,
            "total": 120,
            "held": "6.90",
            "validity": 120,
            "is_final": True,
            "final_reason": "no_money",
        }
        assert figures(account) == (Decimal("10.00"), Decimal("6.90"))

    def test_goes_on_from_what_is_used(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        told = switch.told("update", sequence=1, used=50, units=60)
        assert (told["granted"], told["total"], told["held"]) == (60, 110, "6.90")
        told = switch.told("update", sequence=2, used=110, units=60)
        assert (told["granted"], told["is_final"], told["final_reason"]) == (10, True, "no_money")
        assert figures(account) == (Decimal("10.00"), Decimal("6.90"))

    def test_of_included_units_costs_nothing(self, switch: Switch, account: int) -> None:
        told = switch.told("reserve", number=HOME, units=3600)
        assert (told["granted"], told["held"]) == (3600, "0.00")
        # The units are this session's: the next one pays.
        told = switch.told("reserve", "b", number=HOME, units=60)
        assert (told["granted"], told["held"]) == (60, "1.20")
        switch.told("terminate", "a", 1, used=60)
        told = switch.told("reserve", "c", number=HOME, units=60)
        assert (told["granted"], told["held"]) == (60, "0.00")

    def test_ends_blocked_services_at_the_next_report(
        self, switch: Switch, operator: Operator
    ) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        accounts_operations.suspend_service(
            subscription_id=operator.subscriptions[0].pk, now=world.NOON, actor="staff:1"
        )
        told = switch.told("update", sequence=1, used=60)
        assert (told["granted"], told["is_final"]) == (0, True)
        assert switch.told("terminate", sequence=2, used=60)["amount"] == "3.45"

    def test_of_data_by_bytes(self, switch: Switch, account: int) -> None:
        told = switch.told("reserve", kind=DATA, units=700 * 2**20)
        # 500 MiB are included, 10 roubles pay for eleven more and no step of 64 KiB above.
        assert told["granted"] // 2**20 == 511
        assert told["held"] == "9.96"
        assert told["validity"] == 3600

    def test_from_the_moment_of_the_answer(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        answered = int((world.NOON + timedelta(seconds=20)).timestamp())
        switch.told("terminate", sequence=1, used=10, started_at=answered)
        assert int(session().started_at.timestamp()) == answered


class TestEnding:
    def test_charges_what_was_used(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        told = switch.told("terminate", sequence=1, used=61)
        assert told == {"result": "ok", "amount": "6.90", "billed": 120, "used": 61}
        assert figures(account) == (Decimal("10.00"), Decimal("6.90"))

    def test_charges_an_overrun_too(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        assert switch.told("terminate", sequence=1, used=500)["amount"] == "31.05"
        assert session().is_overrun
        assert world.available(account) == Decimal("-21.05")

    def test_of_an_event_is_at_once(self, switch: Switch, account: int) -> None:
        for number in range(5):
            told = switch.told("event", f"e{number}", kind=SMS)
            assert told["amount"] == "0.00"
        assert switch.told("event", "e5", kind=SMS)["amount"] == "2.50"
        assert figures(account) == (Decimal("10.00"), Decimal("2.50"))

    def test_of_an_event_is_all_or_nothing(self, switch: Switch, account: int) -> None:
        assert switch.told("event", "many", kind=SMS, units=10)["code"] == "no_money"
        assert figures(account) == (Decimal("10.00"), Decimal("0.00"))
        assert not ChargingSession.objects.exists()

    def test_by_cancelling_gives_all_back(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        assert switch.told("cancel", sequence=1)["released"] == "6.90"
        switch.told("event", "e", kind=SMS, units=6)
        assert switch.told("cancel", "e", 1)["released"] == "2.50"
        assert figures(account) == (Decimal("10.00"), Decimal("0.00"))
        assert switch.told("update", sequence=2, used=5)["code"] == "session_ended"


class TestRepeats:
    def test_get_the_same_answer(self, switch: Switch, account: int) -> None:
        for verb, asked in (
            ("reserve", {"number": COUNTRY, "units": 60}),
            ("update", {"sequence": 1, "used": 30, "units": 60}),
            ("terminate", {"sequence": 2, "used": 61}),
        ):
            first = switch.ask(verb, **asked)
            before = figures(account)
            switch.later(7)
            assert switch.ask(verb, **asked) == first
            assert figures(account) == before
        assert ChargingSession.objects.count() == 1

    def test_of_events_are_charged_once(self, switch: Switch, account: int) -> None:
        first = switch.ask("event", kind=SMS, units=6)
        assert switch.ask("event", kind=SMS, units=6) == first
        assert figures(account)[1] == Decimal("2.50")

    def test_of_older_requests_are_refused(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        switch.told("update", sequence=2, used=50)
        told = switch.told("update", sequence=1, used=20)
        assert (told["code"], told["last_sequence"]) == ("stale_sequence", 2)
        assert session().used == 50

    @pytest.mark.parametrize(
        ("verb", "sequence", "asked", "code"),
        [
            ("reserve", 0, {"number": HOME}, "sequence_reused"),
            ("reserve", 5, {"number": COUNTRY}, "session_exists"),
            ("update", 1, {"used": 20}, "sequence_reused"),
            ("update", 2, {"used": 20}, "used_went_back"),
            ("terminate", 2, {"used": 20}, "used_went_back"),
        ],
    )
    def test_that_are_none(
        self, switch: Switch, verb: str, sequence: int, asked: dict[str, object], code: str
    ) -> None:
        switch.told("reserve", number=COUNTRY, units=60)
        if sequence:
            switch.told("update", sequence=1, used=30)
        assert switch.told(verb, sequence=sequence, **asked)["code"] == code

    @pytest.mark.parametrize("verb", ["update", "terminate", "cancel"])
    def test_of_what_nobody_began(self, switch: Switch, verb: str) -> None:
        assert switch.told(verb, sequence=1, used=1)["code"] == "unknown_session"

    def test_of_another_client_are_another_session(
        self, switch: Switch, operator: Operator, account: int
    ) -> None:
        other = world.switch(operator, code="other")
        switch.told("reserve", number=COUNTRY, units=60)
        other.told("reserve", number=COUNTRY, units=60)
        assert figures(account) == (Decimal("10.00"), Decimal("6.90"))
        other.told("cancel", sequence=1)
        assert switch.told("terminate", sequence=1, used=60)["amount"] == "3.45"


class TestDoor:
    @pytest.fixture
    def post(self, switch: Switch):
        MEMORY.forget()
        with override_settings(ROOT_URLCONF="billing_project.net_urls", MIDDLEWARE=[]):

            def send(verb: str, body: object, token: str = switch.token):
                return Browser().post(
                    f"/net/charging/{verb}",
                    body,
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {token}"},
                )

            yield send
        MEMORY.forget()

    def test_answers_json(self, post) -> None:
        body = {"session": "x", "subscriber": str(FIRST_NUMBER), "number": HELP}
        told = post("reserve", body)
        assert (told.status_code, told.json()["granted"]) == (200, 300)
        told = post("terminate", {"session": "x", "sequence": 1, "used": 5})
        assert told.json()["amount"] == "0.00"

    @pytest.mark.parametrize("token", ["", "wrong"])
    def test_is_shut_without_its_token(self, post, token: str) -> None:
        assert post("authorise", {}, token).status_code == 401

    def test_is_shut_with_a_token_that_was_renewed(self, post, switch: Switch) -> None:
        charging.renew_token(code=switch.code)
        MEMORY.forget()
        assert post("authorise", {}, switch.token).status_code == 401

    @pytest.mark.parametrize(
        ("verb", "body", "field"),
        [
            ("reserve", "[]", "the body is not an object"),
            ("reserve", "{", "the body is not JSON"),
            ("reserve", {"subscriber": "7"}, "session"),
            ("reserve", {"session": "a"}, "subscriber"),
            ("reserve", {"session": "a", "subscriber": "7", "kind": "fax"}, "kind"),
            ("reserve", {"session": "a" * 200, "subscriber": "7"}, "session"),
            ("authorise", {"subscriber": "7", "units": 0}, "units"),
            ("authorise", {"subscriber": "7", "units": True}, "units"),
            ("authorise", {"subscriber": "7", "started_at": "yesterday"}, "started_at"),
            (
                "authorise",
                {"subscriber": "7", "started_at": "2026-11-18T12:00:00"},
                "started_at: without offset from UTC",
            ),
            ("update", {"session": "a", "sequence": 1}, "used"),
            ("terminate", {"session": "a", "sequence": -1, "used": 1}, "sequence"),
            ("terminate", {"session": "a", "used": 1.5}, "used"),
            ("event", {"session": "a", "subscriber": "7", "record_id": []}, "record_id"),
        ],
    )
    def test_names_what_is_wrong(self, post, verb: str, body: object, field: str) -> None:
        told = post(verb, body)
        assert told.status_code == 400
        assert told.json() == {"result": "refused", "code": "malformed", "detail": field}

    @pytest.mark.parametrize(
        ("verb", "body", "status"),
        [
            ("authorise", {"subscriber": "79219999999", "number": HOME}, 403),
            ("update", {"session": "none", "sequence": 1, "used": 1}, 404),
        ],
    )
    def test_says_by_status(self, post, verb: str, body: object, status: int) -> None:
        assert post(verb, body).status_code == status

    def test_wants_post(self, switch: Switch) -> None:
        MEMORY.forget()
        with override_settings(ROOT_URLCONF="billing_project.net_urls", MIDDLEWARE=[]):
            token = {"Authorization": f"Bearer {switch.token}"}
            assert Browser().get("/net/charging/authorise", headers=token).status_code == 405
