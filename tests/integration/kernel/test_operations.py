"""Months, events, states, approvals and job pieces of the kernel, on one connection."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Account, Payment, Subscription
from billing_project.kernel import jobs, operations, queries
from billing_project.kernel.events import CONSUMERS, NUDGES, UnknownEventKind
from billing_project.kernel.models import (
    Approval,
    BusinessEvent,
    ChangeRefused,
    EventInbox,
    JobRun,
    StateChange,
)
from tests import people
from tests.people import CLERK, NOON

pytestmark = pytest.mark.django_db

STEP = {"job": "night", "business_date": date(2026, 11, 2), "step": "fees"}


def partitions(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
            " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
            [table],
        )
        return dict(cursor.fetchall())


class TestEnsureMonths:
    SPAN = {"first": date(2003, 10, 31), "last": date(2003, 11, 1)}

    def test_makes_each_month_of_each_table_once(self) -> None:
        made = operations.ensure_months(**self.SPAN)
        assert {"accounts_ledgerentry_y2003m10", "kernel_businessevent_y2003m11"} <= set(made)
        assert not any(name.endswith("m12") for name in made)
        assert operations.ensure_months(**self.SPAN) == []

    def test_days_are_cut_at_days_and_moments_at_local_midnight(self) -> None:
        operations.ensure_months(**self.SPAN)
        ledger = partitions("accounts_ledgerentry")["accounts_ledgerentry_y2003m10"]
        assert ledger == "FOR VALUES FROM ('2003-10-01') TO ('2003-11-01')"
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL timezone = 'Europe/Moscow'")
        events = partitions("kernel_businessevent")["kernel_businessevent_y2003m10"]
        assert "'2003-10-01 00:00:00+04'" in events  # Moscow had summer time then

    def test_a_made_month_is_append_only_too(self, bob: Account) -> None:
        operations.ensure_months(**self.SPAN)
        moment = datetime(2003, 10, 5, tzinfo=ZoneInfo("Europe/Moscow"))
        operations.record_event(kind="note.written", happened_at=moment, actor=CLERK)
        with pytest.raises(IntegrityError), transaction.atomic():
            BusinessEvent.objects.filter(happened_at=moment).update(actor="x")
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("DELETE FROM kernel_businessevent_y2003m10")

    def test_post_migrate_made_the_months_around_today(self) -> None:
        assert len(partitions("accounts_ledgerentry")) >= 8


class TestEvents:
    def test_one_inbox_row_per_consumer(self) -> None:
        event_id = operations.record_event(
            kind="service.activated", account_id=5, happened_at=NOON, actor=CLERK, data={"a": "1"}
        )
        rows = EventInbox.objects.filter(event_id=event_id).values_list("consumer", "account_id")
        assert sorted(rows) == [("access", 5), ("notifications", 5)]
        assert BusinessEvent.objects.get(pk=event_id).data == {"a": "1"}

    def test_a_kind_nobody_reads_has_no_inbox(self) -> None:
        operations.record_event(kind="note.written", happened_at=NOON, actor=CLERK)
        assert BusinessEvent.objects.get().account_id == 0
        assert not EventInbox.objects.exists()

    def test_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(UnknownEventKind):
            operations.record_event(kind="nonsense", happened_at=NOON, actor=CLERK)
        assert not BusinessEvent.objects.exists()

    def test_many_at_once(self) -> None:
        source = "SELECT n, 2, NULL::bigint, %(at)s::timestamptz, '{}'::jsonb FROM generate_series(1, 3) n"
        params = {"at": NOON}
        count = operations.record_events(
            kind="bill.issued", source_sql=source, params=params, actor="system:night"
        )
        assert count == 3
        assert EventInbox.objects.filter(consumer="notifications").count() == 3

    def test_the_inbox_is_taken_oldest_first_and_once(self) -> None:
        ids = [
            operations.record_event(kind="payment.received", happened_at=NOON, actor=CLERK)
            for _ in range(3)
        ]
        take = {"consumer": "notifications", "limit": 2}
        taken = [[event.pk for event in operations.take_inbox(**take)] for _ in range(3)]
        assert taken == [ids[:2], ids[2:], []]

    def test_consumers_have_a_task_each(self) -> None:
        assert {name for names in CONSUMERS.values() for name in names} <= set(NUDGES)

    def test_rows_are_never_saved_again_or_deleted(self) -> None:
        operations.record_event(kind="note.written", happened_at=NOON, actor=CLERK)
        event = BusinessEvent.objects.get()
        for change in (event.save, event.delete):
            with pytest.raises(ChangeRefused):
                change()


class TestChangeState:
    def move(self, *ids: int, to: str = "active") -> list[int]:
        return operations.change_state(
            model=Subscription, ids=ids, to=to, at=NOON, actor=CLERK, reason="because"
        )

    def test_moves_and_writes_the_fact(self, mobile: Subscription) -> None:
        assert self.move(mobile.pk) == [mobile.pk]
        fact = StateChange.objects.get()
        assert (fact.model, fact.object_id) == ("accounts.subscription", mobile.pk)
        assert (fact.old, fact.new, fact.reason) == ("ordered", "active", "because")
        assert fact.account_id == mobile.account_id
        assert queries.list_state_changes(model=fact.model, object_id=mobile.pk) == [fact]

    def test_what_the_graph_forbids_stays(self, mobile: Subscription) -> None:
        assert self.move(mobile.pk, to="suspended") == []
        assert Subscription.objects.get(pk=mobile.pk).state == "ordered"
        assert not StateChange.objects.exists()

    def test_many_by_a_select(self, alice: Account) -> None:
        numbers = ("79215550101", "79215550102")
        ids = [people.order_mobile(alice, number=number).pk for number in numbers]
        self.move(ids[0])
        moved = operations.change_state(
            model=Subscription,
            ids_sql="SELECT id FROM accounts_subscription WHERE account_id = %s",
            params=[alice.pk],
            to="active",
            at=NOON,
            actor=CLERK,
        )
        assert moved == ids[1:]

    def test_a_state_without_a_way_is_refused(self, mobile: Subscription) -> None:
        with pytest.raises(operations.UnableToChangeState):
            self.move(mobile.pk, to="ordered")

    def test_the_graph_of_a_plain_model_is_its_moves(self) -> None:
        assert operations.allowed_sources(Payment, "reversed") == ["posted"]


class TestApprovals:
    def request(self) -> Approval:
        return operations.request_approval(
            kind="write_off", comment="x", requested_by=CLERK, now=NOON
        )

    def test_a_second_person_decides_once(self) -> None:
        approval = self.request()
        assert list(queries.list_approvals()) == [approval]
        decided = operations.approve(approval_id=approval.pk, actor="staff:2", now=NOON)
        assert (decided.state, decided.decided_by) == ("approved", "staff:2")
        with pytest.raises(operations.UnableToDecide):
            operations.refuse(approval_id=approval.pk, actor="staff:3", now=NOON)
        assert list(queries.list_approvals()) == []

    def test_nobody_approves_their_own(self) -> None:
        approval = self.request()
        with pytest.raises(operations.UnableToDecide):
            operations.approve(approval_id=approval.pk, actor=CLERK, now=NOON)
        assert Approval.objects.get().state == "pending"


class TestJobs:
    def test_a_failed_piece_waits_for_the_next_start(self) -> None:
        jobs.plan_pieces(**STEP)
        piece = jobs.claim_piece(**STEP, worker="w")
        jobs.fail_piece(piece, error="Traceback …")
        assert jobs.claim_piece(**STEP, worker="w") is None
        [step] = queries.list_steps(job="night", business_date=STEP["business_date"])
        assert (step.failed, step.error, step.percent) == (1, "Traceback …", 0)
        jobs.plan_pieces(**STEP)
        assert jobs.claim_piece(**STEP, worker="w").attempts == 2

    def test_planning_again_keeps_the_pieces(self) -> None:
        jobs.plan_pieces(**STEP, ranges=[(0, 10), (10, jobs.LAST_ACCOUNT)])
        jobs.finish_piece(jobs.claim_piece(**STEP, worker="w"), rows_done=4)
        again = jobs.plan_pieces(**STEP, ranges=[(0, jobs.LAST_ACCOUNT)])
        assert [(piece.account_from, piece.state) for piece in again] == [
            (0, "done"),
            (10, "pending"),
        ]

    def test_progress_adds_up(self) -> None:
        jobs.plan_pieces(**STEP, position=2, ranges=[(0, 10), (10, 20), (20, 30)])
        jobs.finish_piece(jobs.claim_piece(**STEP, worker="w"), rows_done=4)
        jobs.beat(jobs.claim_piece(**STEP, worker="w"), rows_done=1, rows_total=9)
        [step] = queries.list_steps(job="night", business_date=STEP["business_date"])
        assert (step.done, step.running, step.waiting, step.percent) == (1, 1, 1, 33)
        assert (step.rows_done, step.rows_total, step.position) == (5, 13, 2)
        assert step.finished_at is None

    def test_other_days_and_steps_are_not_claimed(self) -> None:
        jobs.plan_pieces(**STEP)
        tomorrow = STEP["business_date"] + timedelta(days=1)
        assert jobs.claim_piece(**{**STEP, "business_date": tomorrow}, worker="w") is None
        assert jobs.claim_piece(**{**STEP, "step": "bills"}, worker="w") is None
        assert JobRun.objects.get().state == "pending"
