"""From the end of sessions to the ledger: booked once, in order, with nothing lost or held twice."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import queries as accounts_queries
from accounts.models import Account
from accounts.models.ledger import LedgerEntry
from bench.world import Operator
from rating import operations, queries
from rating.models import (
    AllowanceHold,
    AllowanceUse,
    ChargingSession,
    PricedUsage,
    SuspenseRecord,
    UsageBatch,
    UsageFile,
)
from rating.operations import charging
from tests.checks import broken_promises
from tests.integration.rating import charging_world as world
from tests.integration.rating.charging_world import COUNTRY, HOME, SMS, Switch, figures, session
from tests.integration.rating.night import CSV_HEADER, Night

pytestmark = pytest.mark.django_db
TODAY = world.NOON.date()
# The bench's subscribers have numbers that no pool knows.
PROMISES = [
    promise
    for promise in (*accounts_queries.invariants(), *queries.invariants())
    if "pool" not in promise.name
]


@pytest.fixture
def switch(operator: Operator) -> Switch:
    """A switch whose first subscriber has 100 roubles, prepaid."""
    Account.objects.update(kind="prepaid")
    world.give(operator, "100.00")
    return world.switch(operator)


@pytest.fixture
def account(operator: Operator) -> int:
    return operator.accounts[0].pk


def book(switch: Switch, **how: int) -> charging.Booked:
    return charging.book_sessions(
        business_date=TODAY, reference=switch.reference, now=switch.now, **how
    )


def call(switch: Switch, key: str, seconds: int, **asked: object) -> None:
    switch.told("reserve", key, **asked)
    switch.told("terminate", key, 1, used=seconds)


class TestBooking:
    def test_moves_the_price_from_held_to_the_ledger(self, switch: Switch, account: int) -> None:
        call(switch, "a", 130, number=COUNTRY)
        assert figures(account) == (Decimal("100.00"), Decimal("10.35"))
        assert book(switch) == charging.Booked(sessions=1)
        assert figures(account) == (Decimal("89.65"), Decimal("0.00"))
        row = PricedUsage.objects.get()
        assert (row.amount, row.quantity, row.billed) == (Decimal("10.35"), 130, 180)
        assert (row.source_id, row.record_key) == (
            session().source_id,
            session().record_key,
        )
        entry = LedgerEntry.objects.exclude(amount__gt=0).get()
        assert (entry.amount, entry.business_date) == (Decimal("-10.35"), TODAY)
        assert UsageBatch.objects.get().state == "posted"
        assert broken_promises(PROMISES) == []

    def test_again_does_nothing(self, switch: Switch, account: int) -> None:
        call(switch, "a", 130, number=COUNTRY)
        book(switch)
        assert book(switch) == charging.Booked()
        assert figures(account) == (Decimal("89.65"), Decimal("0.00"))
        assert UsageBatch.objects.count() == 1

    def test_leaves_what_is_running(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        call(switch, "b", 10, number=COUNTRY)
        assert book(switch).sessions == 1
        assert figures(account) == (Decimal("96.55"), Decimal("17.25"))
        assert broken_promises(PROMISES) == []

    def test_counts_units_and_gives_reserved_ones_back(self, switch: Switch) -> None:
        call(switch, "a", 130, number=HOME)
        assert AllowanceHold.objects.get().reserved == 180
        assert not AllowanceUse.objects.exists()
        book(switch)
        assert AllowanceHold.objects.get().reserved == 0
        assert AllowanceUse.objects.get().used == 180
        assert broken_promises(PROMISES) == []

    def test_in_portions_ends_the_same(self, switch: Switch, account: int) -> None:
        for number in range(5):
            call(switch, f"s{number}", 60, number=COUNTRY)
        booked = [book(switch, limit=2).sessions for _ in range(4)]
        assert booked == [2, 2, 1, 0]
        assert figures(account) == (Decimal("82.75"), Decimal("0.00"))
        assert broken_promises(PROMISES) == []

    def test_of_nothing_used_writes_no_row(self, switch: Switch, account: int) -> None:
        call(switch, "a", 0, number=COUNTRY)
        assert figures(account) == (Decimal("100.00"), Decimal("0.00"))
        assert book(switch).total == 0
        assert not PricedUsage.objects.exists()

    def test_prices_anew_what_a_file_used_up(self, switch: Switch, account: int) -> None:
        call(switch, "a", 120, number=HOME)
        held = AllowanceHold.objects.get()
        AllowanceUse.objects.create(
            account_id=account,
            subscription_id=held.subscription_id,
            allowance_id=held.allowance_id,
            period=held.period,
            granted=3600,
            used=3540,
        )
        book(switch)
        assert session().amount == Decimal("1.20")
        assert AllowanceUse.objects.get().used == 3600
        assert figures(account) == (Decimal("98.80"), Decimal("0.00"))


class TestTheSwitchsOwnRecord:
    """retel_csv hashes the record's id: the session's id is that of its record."""

    def arrives(self, night: Night, switch: Switch, *, quantity: int) -> None:
        moment = world.NOON.isoformat()
        line = f"a,voice,{world.FIRST_NUMBER},{moment},{quantity},{COUNTRY}"
        night.bring(line, source="csv-1")
        report = night.price()
        operations.post_batch(batch_id=report.batch_id, now=switch.now)

    def test_before_the_booking_is_the_truth(
        self, switch: Switch, night: Night, account: int
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        self.arrives(night, switch, quantity=190)
        assert figures(account) == (Decimal("86.20"), Decimal("10.35"))
        assert book(switch) == charging.Booked(by_record=1)
        assert figures(account) == (Decimal("86.20"), Decimal("0.00"))
        assert session().ending == "by_record"
        assert broken_promises(PROMISES) == []


class TestARecordThatIsSomebodyElses:
    """The switch asked for the first subscriber; its file says that the second one called."""

    @pytest.fixture(autouse=True)
    def _one_after_the_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Booking keeps files out until its transaction ends: that of the whole test."""
        monkeypatch.setattr("rating.operations.batches.hold_sources", lambda _ids: nullcontext())

    def brings(
        self,
        night: Night,
        *,
        key: str = "a",
        at: datetime = world.NOON,
        correction: str = "",
        who: int = 1,
    ) -> int:
        line = f"{key},voice,{world.FIRST_NUMBER + who},{at.isoformat()},190,{COUNTRY},{correction}"
        path = night.bring(line, source="csv-1")
        path.write_text("\n".join([f"{CSV_HEADER},correction", line, ""]))
        return night.price().batch_id

    def pays(self, operator: Operator) -> list[tuple[Decimal, Decimal]]:
        """Money and held of both."""
        return [figures(account.pk) for account in operator.accounts[:2]]

    def test_is_the_truth_where_it_came_first(
        self, switch: Switch, night: Night, operator: Operator
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        operations.post_batch(batch_id=self.brings(night), now=switch.now)
        assert book(switch) == charging.Booked(by_record=1)
        assert self.pays(operator) == [
            (Decimal("100.00"), Decimal(0)),
            (Decimal("-13.80"), Decimal(0)),
        ]
        assert PricedUsage.objects.get().account_id == operator.accounts[1].pk
        ended = session()
        assert (ended.ending, ended.batch_id) == ("by_record", None)
        assert operator.accounts[1].number in ended.reason
        assert broken_promises(PROMISES) == []

    def test_is_a_duplicate_where_the_session_was_booked(
        self, switch: Switch, night: Night, operator: Operator
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        assert book(switch) == charging.Booked(sessions=1)
        self.brings(night)
        assert UsageFile.objects.get().duplicates == 1
        assert self.pays(operator) == [(Decimal("89.65"), Decimal(0)), (Decimal(0), Decimal(0))]
        assert PricedUsage.objects.get().account_id == operator.accounts[0].pk
        assert broken_promises(PROMISES) == []

    def test_moves_a_booked_session_where_it_is_a_correction(
        self, switch: Switch, night: Night, operator: Operator
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        book(switch)
        operations.post_batch(batch_id=self.brings(night, correction="1"), now=switch.now)
        assert self.pays(operator) == [
            (Decimal("100.00"), Decimal(0)),
            (Decimal("-13.80"), Decimal(0)),
        ]
        assert broken_promises(PROMISES) == []

    def test_is_waited_for_until_it_is_in_the_ledger(
        self, switch: Switch, night: Night, account: int
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        batch_id = self.brings(night)
        assert book(switch) == charging.Booked()
        assert figures(account) == (Decimal("100.00"), Decimal("10.35"))
        operations.post_batch(batch_id=batch_id, now=switch.now)
        assert book(switch) == charging.Booked(by_record=1)
        assert figures(account) == (Decimal("100.00"), Decimal("0.00"))

    def test_gives_units_back_that_were_reserved(
        self, switch: Switch, night: Night, account: int
    ) -> None:
        call(switch, "a", 130, number=HOME)
        operations.post_batch(batch_id=self.brings(night), now=switch.now)
        book(switch)
        assert AllowanceHold.objects.get().reserved == 0
        assert not AllowanceUse.objects.exists()
        assert broken_promises(PROMISES) == []

    @pytest.mark.parametrize(
        "told",
        [{"at": world.NOON + timedelta(minutes=61)}, {"at": world.NOON - timedelta(minutes=59)}],
        ids=["an hour later", "an hour earlier"],
    )
    def test_may_tell_another_start(
        self, switch: Switch, night: Night, told: dict[str, datetime]
    ) -> None:
        call(switch, "a", 130, number=COUNTRY)
        operations.post_batch(batch_id=self.brings(night, **told), now=switch.now)
        assert book(switch) == charging.Booked(by_record=1)

    def test_that_waited_in_suspense_meanwhile_is_a_duplicate(
        self, switch: Switch, night: Night, operator: Operator
    ) -> None:
        """Nobody's number in the file: the session is charged, and the record nothing more."""
        call(switch, "a", 130, number=COUNTRY)
        operations.post_batch(batch_id=self.brings(night, who=9000), now=switch.now)
        assert book(switch) == charging.Booked(sessions=1)
        waiting = SuspenseRecord.objects.get()
        line = f"a,voice,{world.FIRST_NUMBER + 1},{world.NOON.isoformat()},190,{COUNTRY},"
        recycled = operations.recycle(
            record_ids=[waiting.pk], corrected={waiting.pk: line}, actor="staff:1", now=switch.now
        )
        assert (recycled.priced, list(recycled.closed)) == ([], [waiting.pk])
        assert self.pays(operator) == [(Decimal("89.65"), Decimal(0)), (Decimal(0), Decimal(0))]
        assert broken_promises(PROMISES) == []

    def test_of_another_call_says_nothing(self, switch: Switch, night: Night, account: int) -> None:
        call(switch, "a", 130, number=COUNTRY)
        operations.post_batch(batch_id=self.brings(night, key="b"), now=switch.now)
        assert book(switch) == charging.Booked(sessions=1)
        assert figures(account) == (Decimal("89.65"), Decimal("0.00"))
        assert session().reason == ""
        assert broken_promises(PROMISES) == []

    def test_is_told_beside_what_a_person_gave_as_a_reason(
        self, switch: Switch, night: Night
    ) -> None:
        for key in ("a", "b"):
            switch.told("reserve", key, number=COUNTRY)
            switch.told("update", key, 1, used=60)
            charging.close_session(
                session_id=session(key).pk,
                reason="hangs",
                reference=switch.reference,
                now=switch.now,
                actor="staff:1",
            )
        operations.post_batch(batch_id=self.brings(night), now=switch.now)
        assert book(switch) == charging.Booked(sessions=1, by_record=1)
        assert session("b").reason == "hangs"
        assert session("a").reason != "hangs"

    def test_costs_no_look_at_usage_while_no_file_was_priced(self, switch: Switch) -> None:
        call(switch, "a", 130, number=COUNTRY)
        book(switch)
        call(switch, "b", 130, number=COUNTRY)
        with CaptureQueriesContext(connection) as asked:
            assert book(switch) == charging.Booked(sessions=1)
        assert not [one for one in asked if "s.account_id <> u.account_id" in one["sql"]]


class TestExpiry:
    def expire(self, switch: Switch) -> int:
        return charging.expire_sessions(reference=switch.reference, now=switch.now)

    def test_waits_for_validity_and_grace(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.later(300 + 120)
        assert self.expire(switch) == 0
        switch.later(1)
        assert self.expire(switch) == 1
        assert self.expire(switch) == 0

    def test_charges_what_was_reported(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.told("update", sequence=1, used=130)
        switch.later(3600)
        self.expire(switch)
        assert figures(account) == (Decimal("100.00"), Decimal("10.35"))
        book(switch)
        assert figures(account) == (Decimal("89.65"), Decimal("0.00"))
        assert session().ending == "expired"

    def test_of_what_never_reported_charges_nothing(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.later(3600)
        self.expire(switch)
        assert figures(account) == (Decimal("100.00"), Decimal("0.00"))
        assert book(switch).total == 0

    def test_waits_for_the_record_as_long_as_the_client_says(
        self, operator: Operator, switch: Switch, account: int
    ) -> None:
        patient = world.switch(operator, code="patient", terms={"record_wait": 86_400})
        patient.told("reserve", "p", number=COUNTRY)
        patient.told("update", "p", 1, used=60)
        patient.later(3600)
        self.expire(patient)
        assert book(patient).total == 0
        patient.later(86_400)
        assert book(patient).sessions == 1

    def test_a_report_that_comes_late_counts(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.told("update", sequence=1, used=60)
        switch.later(3600)
        self.expire(switch)
        told = switch.told("terminate", sequence=2, used=200)
        assert told["amount"] == "13.80"
        assert figures(account) == (Decimal("100.00"), Decimal("13.80"))
        assert session().ending == "terminated"

    def test_but_not_after_it_was_booked(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.told("update", sequence=1, used=60)
        switch.later(3600)
        self.expire(switch)
        book(switch)
        told = switch.told("terminate", sequence=2, used=200)
        assert (told["code"], told["amount"]) == ("session_ended", "3.45")

    def test_lets_a_session_live_that_reported_meanwhile(self, switch: Switch) -> None:
        switch.told("reserve", number=COUNTRY)
        late = switch.now + timedelta(seconds=421)
        stale = list(ChargingSession.objects.select_related("client__source"))
        switch.later(290)
        switch.told("update", sequence=1, used=290)
        assert charging.expire_sessions(reference=switch.reference, now=late) == 0
        assert session().ended_at is None
        assert len(stale) == 1


class TestClosingByHand:
    def test_ends_with_what_was_reported(self, switch: Switch, account: int) -> None:
        switch.told("reserve", number=COUNTRY)
        switch.told("update", sequence=1, used=60)
        charging.close_session(
            session_id=session().pk,
            reason="hangs",
            reference=switch.reference,
            now=switch.now,
            actor="staff:1",
        )
        assert figures(account) == (Decimal("100.00"), Decimal("3.45"))
        ended = session()
        assert (ended.ending, ended.ended_by, ended.reason) == ("closed", "staff:1", "hangs")

    def test_only_what_runs(self, switch: Switch) -> None:
        call(switch, "a", 60, number=COUNTRY)
        with pytest.raises(charging.UnableToClose):
            charging.close_session(
                session_id=session().pk,
                reason="",
                reference=switch.reference,
                now=switch.now,
                actor="staff:1",
            )
        assert session().ending == "terminated"


def test_messages_and_data_are_booked_beside_calls(switch: Switch, account: int) -> None:
    for number in range(7):
        switch.told("event", f"sms{number}", kind=SMS)
    call(switch, "a", 60, number=COUNTRY)
    switch.told("reserve", "d", kind=world.DATA)
    switch.told("terminate", "d", 1, used=70_000)
    assert figures(account) == (Decimal("100.00"), Decimal("8.45"))
    assert book(switch).sessions == 9
    assert figures(account) == (Decimal("91.55"), Decimal("0.00"))
    assert broken_promises(PROMISES) == []
