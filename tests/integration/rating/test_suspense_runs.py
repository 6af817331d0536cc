"""Work on many suspended records: corrected by a rule, recycled, given up; portions, undoing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts import queries as accounts_queries
from accounts.models.ledger import LedgerEntry
from bench.world import Operator
from billing_project.kernel.models import Approval, StateChange
from billing_project.kernel.operations import UnableToDecide
from rating import operations, queries
from rating.domain.corrections import Action, Rule
from rating.domain.selections import Limits, Selection
from rating.models import PricedUsage, SuspenseRecord, SuspenseRun, UsageBatch, UsageFile
from rating.operations import suspense
from rating.operations.batches import SOURCE_LOCK
from rating.operations.suspense import Order, UnableToCorrect, UnableToRun, runs
from tests.integration.rating.night import NOW, Night, call

CLERK, CHIEF = "staff:7", "staff:8"
LATER = NOW + timedelta(days=1)
ABROAD = {"dst": "81012125550101"}
CORRECT, RECYCLE, WRITE_OFF = SuspenseRun.Kind
STRANGER = "9990000000"
ALL = Selection()
MEND = Rule(Action.SET, "src", value="79210000001")


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PORTIONS", dict.fromkeys(SuspenseRun.Kind, 2))


@pytest.fixture
def strangers(night: Night) -> list[SuspenseRecord]:
    """Five calls abroad of nobody known, and one without a duration, after a good one."""
    night.load(
        call(id="good"),
        *(call(id=f"s{place}", src=STRANGER, **ABROAD) for place in range(5)),
        call(id="short", seconds="-1"),
    )
    return list(SuspenseRecord.objects.filter(reason="unknown_subscriber").order_by("pk"))


def start(
    kind: SuspenseRun.Kind, selection: Selection = ALL, *, limits: Limits | None = None, **more: Any
) -> SuspenseRun:
    order = Order(kind, selection, **{"request_id": f"r{kind}", "note": "потому что", **more})
    return suspense.start_run(order=order, now=LATER, actor=CLERK, limits=limits)


def start_without_working(monkeypatch: pytest.MonkeyPatch, *args: Any, **more: Any) -> SuspenseRun:
    with monkeypatch.context() as patch:
        patch.setattr(runs, "AT_ONCE", 0)
        return start(*args, **more)


def states() -> dict[str, int]:
    found = list(SuspenseRecord.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in sorted(set(found))}


UNKNOWN = Selection(reason="unknown_subscriber")


class TestCorrecting:
    def test_all_selected_are_corrected_and_no_other(self, strangers: list[SuspenseRecord]) -> None:
        run = start(CORRECT, UNKNOWN, rule=MEND)
        assert (run.state, run.total, run.done) == ("done", 5, 5)
        assert run.outcome == {"corrected": 5}
        lines = SuspenseRecord.objects.order_by("line").values_list("raw", "corrected")
        assert list(lines) == [
            *(
                (
                    call(id=f"s{n}", src=STRANGER, **ABROAD),
                    call(id=f"s{n}", src="79210000001", **ABROAD),
                )
                for n in range(5)
            ),
            (call(id="short", seconds="-1"), ""),
        ]
        assert states() == {"waiting": 6}
        assert (run.asked_by, run.note, run.rule) == (CLERK, "потому что", MEND.as_json())

    def test_corrected_ones_are_priced_again_and_posted(
        self, strangers: list[SuspenseRecord], operator: Operator
    ) -> None:
        start(CORRECT, UNKNOWN, rule=MEND)
        run = start(RECYCLE)
        assert run.outcome == {"priced": 5, "waiting": 1}
        assert states() == {"recycled": 5, "waiting": 1}
        account = operator.accounts[1].pk
        assert PricedUsage.objects.filter(account_id=account).count() == 5
        assert accounts_queries.get_balance(account).money == Decimal("-107.45")
        assert set(UsageBatch.objects.values_list("state", flat=True)) == {"posted"}

    def test_a_record_recycled_meanwhile_keeps_its_line_when_undone(
        self, strangers: list[SuspenseRecord]
    ) -> None:
        run = start(CORRECT, UNKNOWN, rule=MEND)
        operations.recycle(record_ids=[strangers[0].pk], actor=CLERK, now=LATER)
        undone = suspense.undo_run(run_id=run.pk, reason="ошибка", now=LATER, actor=CHIEF)
        assert (undone.state, undone.outcome["restored"], undone.outcome["kept"]) == (
            "undone",
            4,
            1,
        )
        corrected = SuspenseRecord.objects.exclude(corrected="").values_list("pk", flat=True)
        assert list(corrected) == [strangers[0].pk]

    def test_undoing_gives_back_the_correction_before(
        self, strangers: list[SuspenseRecord]
    ) -> None:
        start(CORRECT, UNKNOWN, rule=MEND)
        second = start(
            CORRECT, UNKNOWN, rule=replace(MEND, value="79210000002"), request_id="second"
        )
        suspense.undo_run(run_id=second.pk, reason="ошибка", now=LATER, actor=CHIEF)
        corrected = SuspenseRecord.objects.get(line=2).corrected
        assert corrected == call(id="s0", src="79210000001", **ABROAD)

    def test_what_the_rule_does_not_change_is_counted(
        self, strangers: list[SuspenseRecord]
    ) -> None:
        run = start(CORRECT, rule=Rule(Action.REPLACE, "src", "^999", "+7999"))
        assert run.outcome == {"corrected": 5, "unchanged": 1}
        shown = [line.before for line in queries.list_changed_lines(run)]
        assert sorted(shown) == [call(id=f"s{n}", src=STRANGER, **ABROAD) for n in range(5)]

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (Rule(Action.REPLACE, "src", r"^9(\d{3})", "7${1}"), "7990000000"),
            (Rule(Action.REPLACE, "2", "^", "7"), "79990000000"),
            (Rule(Action.PREFIX, "src", value='8"'), '8""9990000000'),
            (Rule(Action.REPLACE, "", STRANGER, "8800"), "8800"),
        ],
    )
    def test_what_a_rule_makes_of_a_line(
        self, strangers: list[SuspenseRecord], rule: Rule, expected: str
    ) -> None:
        selection = Selection(text='"s0"')
        [after] = [each.after for each in suspense.preview_rule(rule=rule, selection=selection)]
        assert after == call(id="s0", src=expected, **ABROAD)

    def test_the_preview_marks_what_is_no_usage_still_and_writes_nothing(
        self, strangers: list[SuspenseRecord]
    ) -> None:
        seen = suspense.preview_rule(rule=Rule(Action.SET, "src", value="x"), selection=ALL)
        assert {each.reason for each in seen} == {"bad_subscriber", "bad_duration"}
        assert {each.wrong for each in seen} == {"src: x", "billsec: -1"}
        mended = suspense.preview_rule(rule=Rule(Action.SET, "billsec", value="5"), selection=ALL)
        assert {each.reason for each in mended} == {""}
        assert not SuspenseRecord.objects.exclude(corrected="").exists()

    @pytest.mark.parametrize(
        "rule",
        [
            Rule(Action.REPLACE, "src", "(", "x"),
            Rule(Action.REPLACE, "src", "", "x"),
            Rule(Action.REPLACE, "src", "a" * 201, "x"),
            Rule(Action.SET, "", value="x"),
            Rule(Action.SET, "src", value="a\nb"),
            Rule(Action.SET, "src", value="a\0b"),
            Rule(Action.PREFIX, "src"),
        ],
    )
    def test_a_rule_that_is_none_begins_nothing(
        self, strangers: list[SuspenseRecord], rule: Rule
    ) -> None:
        with pytest.raises(UnableToCorrect):
            start(CORRECT, rule=rule)
        assert not SuspenseRun.objects.exists()

    def test_a_file_with_a_header_is_corrected_by_its_names(self, night: Night) -> None:
        line = "{},sms,{},2026-11-20T10:00:00Z,7,79031234567"
        night.load(line.format("1", "79210000000"), line.format("2", "1"), source="csv-1")
        record = SuspenseRecord.objects.get()
        assert "subscriber" in suspense.fields_of(record.file).names
        start(CORRECT, rule=Rule(Action.SET, "subscriber", value="79210000003"))
        assert SuspenseRecord.objects.get().corrected == line.format("2", "79210000003")
        assert start(RECYCLE).outcome == {"priced": 1}


@pytest.mark.parametrize(
    ("code", "mapping", "text", "names", "delimiter"),
    [
        ("asterisk", {}, "x", ("accountcode", "src", "dst"), ","),
        ("retel_csv", {}, "record_id,kind,subscriber\n1,2,3\n", ("record_id", "kind"), ","),
        ("freeswitch_csv", {}, "x", ("caller_id_name", "caller_id_number"), ","),
        ("freeswitch_csv", {"columns": ["a", "b"]}, "x", ("a", "b"), ","),
        ("unknown", {}, "x", (), ","),
    ],
)
def test_the_names_of_fields(
    operator: Operator,
    settings: Any,
    *,
    code: str,
    mapping: dict[str, Any],
    text: str,
    names: tuple[str, ...],
    delimiter: str,
) -> None:
    source = operator.sources["msc-1"]
    source.format, source.mapping = code, mapping
    settings.ARCHIVE_DIR.mkdir(parents=True, exist_ok=True)
    (settings.ARCHIVE_DIR / "file").write_text(text)
    found = suspense.fields_of(UsageFile(source=source, archive_path="file"))
    assert (found.names[: len(names)], found.delimiter) == (names, delimiter)


class TestPortions:
    def test_a_run_killed_between_portions_goes_on(
        self, strangers: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = start_without_working(monkeypatch, CORRECT, UNKNOWN, rule=MEND)
        assert (run.state, run.done) == ("waiting", 0)
        assert runs._advance(run.pk, LATER)
        run.refresh_from_db()
        assert (run.done, run.cursor, run.outcome) == (2, strangers[1].pk, {"corrected": 2})
        assert SuspenseRecord.objects.exclude(corrected="").count() == 2
        assert suspense.drain_runs(now=LATER) == 1
        run.refresh_from_db()
        assert (run.state, run.done, run.outcome) == ("done", 5, {"corrected": 5})
        assert suspense.drain_runs(now=LATER) == 0

    def test_a_portion_that_fails_leaves_nothing(
        self, strangers: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = start_without_working(monkeypatch, RECYCLE, UNKNOWN)
        with monkeypatch.context() as patch:
            patch.setattr(runs, "recycle", _fail)
            suspense.drain_runs(now=LATER)
        run.refresh_from_db()
        assert (run.state, run.done, run.trouble) == ("waiting", 0, "disk gone")
        suspense.drain_runs(now=LATER)
        run.refresh_from_db()
        assert (run.state, run.done, run.trouble) == ("done", 5, "")

    def test_records_that_came_later_are_not_meant(
        self, strangers: list[SuspenseRecord], night: Night, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start_without_working(monkeypatch, WRITE_OFF, UNKNOWN)
        night.load(call(id="late", src=STRANGER))
        suspense.drain_runs(now=LATER)
        assert states() == {"waiting": 2, "written_off": 5}

    def test_a_busy_source_is_waited_for(
        self, strangers: list[SuspenseRecord], operator: Operator
    ) -> None:
        other = connection.Database.connect(**connection.get_connection_params())
        try:
            source = operator.sources["msc-1"].pk
            other.cursor().execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source])
            run = start(RECYCLE)
        finally:
            other.close()
        assert (run.state, run.done) == ("waiting", 0)
        assert run.trouble
        suspense.drain_runs(now=LATER)
        run.refresh_from_db()
        assert (run.state, run.outcome) == ("done", {"waiting": 6})

    def test_the_same_form_is_one_order(self, strangers: list[SuspenseRecord]) -> None:
        assert start(WRITE_OFF, UNKNOWN).pk == start(WRITE_OFF, UNKNOWN).pk
        assert SuspenseRun.objects.count() == 1

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            (WRITE_OFF, {"note": " "}),
            (CORRECT, {"note": "", "rule": MEND}),
            (CORRECT, {}),
            (RECYCLE, {"selection": Selection(state="written_off")}),
            (RECYCLE, {"selection": Selection(text="nowhere")}),
            (RECYCLE, {"selection": Selection(record_id=2**40)}),
        ],
    )
    def test_an_order_for_nothing_is_refused(
        self, strangers: list[SuspenseRecord], kind: SuspenseRun.Kind, more: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToRun):
            start(kind, **more)
        assert not SuspenseRun.objects.exists()

    def test_recycled_twice_by_two_runs_is_charged_once(
        self, strangers: list[SuspenseRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start(CORRECT, UNKNOWN, rule=MEND)
        first = start_without_working(monkeypatch, RECYCLE, UNKNOWN, request_id="one")
        second = start_without_working(monkeypatch, RECYCLE, UNKNOWN, request_id="two")
        suspense.drain_runs(now=LATER)
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.outcome, second.outcome) == ({"priced": 5}, {"gone": 5})
        assert LedgerEntry.objects.count() == 3


def _fail(**_values: Any) -> None:
    raise OSError("disk gone")


class TestWritingOff:
    LIMITS = Limits(money=Decimal(1000), records=3)

    def test_below_the_limit_at_once(self, strangers: list[SuspenseRecord]) -> None:
        run = start(WRITE_OFF, Selection(reason="bad_duration"), limits=self.LIMITS)
        assert (run.state, run.outcome) == ("done", {"written_off": 1})
        assert not Approval.objects.exists()
        fact = StateChange.objects.get(model="rating.suspenserecord")
        assert (fact.new, fact.actor, fact.reason) == ("written_off", CLERK, "потому что")

    def test_above_it_after_a_second_person(self, strangers: list[SuspenseRecord]) -> None:
        run = start(WRITE_OFF, limits=self.LIMITS)
        approval = Approval.objects.get()
        assert (run.state, approval.data) == ("asked", {"run_id": run.pk, "records": 6})
        assert suspense.drain_runs(now=LATER) == 0
        assert states() == {"waiting": 6}
        with pytest.raises(UnableToDecide):
            suspense.approve_write_off(approval_id=approval.pk, now=LATER, actor=CLERK)
        run = suspense.approve_write_off(approval_id=approval.pk, now=LATER, actor=CHIEF)
        assert (run.state, run.outcome) == ("done", {"written_off": 6})
        with pytest.raises(UnableToDecide):
            suspense.approve_write_off(approval_id=approval.pk, now=LATER, actor=CHIEF)

    def test_money_alone_can_be_above_it(self, strangers: list[SuspenseRecord]) -> None:
        start(CORRECT, Selection(record_id=strangers[0].pk), rule=MEND)
        start(RECYCLE, Selection(record_id=strangers[0].pk))
        operations.summarise_batches(now=LATER)
        # A good call at home for nothing and one abroad at 21.49: a record is worth 10.745.
        run = start(WRITE_OFF, limits=Limits(money=Decimal(50), records=1000))
        assert (run.state, run.at_stake) == ("asked", Decimal("53.73"))

    def test_refused_nothing_happens(self, strangers: list[SuspenseRecord]) -> None:
        start(WRITE_OFF, limits=self.LIMITS)
        approval = Approval.objects.get()
        run = suspense.refuse_write_off(approval_id=approval.pk, now=LATER, actor=CHIEF)
        assert run.state == "refused"
        assert suspense.drain_runs(now=LATER) == 0
        assert states() == {"waiting": 6}

    def test_another_kind_of_approval_is_refused_and_stays_open(self, night: Night) -> None:
        other = Approval.objects.create(kind="adjustment", requested_by=CLERK, requested_at=NOW)
        with pytest.raises(UnableToRun):
            suspense.approve_write_off(approval_id=other.pk, now=LATER, actor=CHIEF)
        other.refresh_from_db()
        assert other.state == "pending"

    def test_undone_its_records_wait_again_and_no_other(
        self, strangers: list[SuspenseRecord]
    ) -> None:
        operations.write_off(record_ids=[strangers[0].pk], actor=CLERK, reason="раньше", now=LATER)
        run = start(WRITE_OFF)
        suspense.take_back(record_ids=[strangers[1].pk], actor=CHIEF, reason="нужна", now=LATER)
        undone = suspense.undo_run(run_id=run.pk, reason="ошибка", now=LATER, actor=CHIEF)
        assert (undone.outcome["restored"], undone.outcome["kept"]) == (4, 1)
        assert states() == {"waiting": 5, "written_off": 1}
        waiting = SuspenseRecord.objects.filter(state="waiting").first()
        assert waiting is not None
        assert (waiting.closed_at, waiting.closed_by) == (None, "")
        with pytest.raises(UnableToRun):
            suspense.undo_run(run_id=run.pk, reason="снова", now=LATER, actor=CHIEF)

    def test_what_pricing_closed_is_not_taken_back(self, night: Night) -> None:
        night.load(call(id="ok"), call(id="x", seconds="-1"))
        night.load(call(id="x", **ABROAD))
        record = SuspenseRecord.objects.get()
        operations.recycle(
            record_ids=[record.pk], corrected={record.pk: call(id="x")}, actor=CLERK, now=LATER
        )
        with pytest.raises(operations.UnableToWriteOff):
            suspense.take_back(record_ids=[record.pk], actor=CHIEF, reason="x", now=LATER)
        assert states() == {"written_off": 1}

    @pytest.mark.parametrize("state", ["waiting", "recycled"])
    def test_only_what_is_given_up_is_taken_back(
        self, strangers: list[SuspenseRecord], state: str
    ) -> None:
        SuspenseRecord.objects.filter(pk=strangers[0].pk).update(state=state)
        with pytest.raises(operations.UnableToWriteOff):
            suspense.take_back(record_ids=[strangers[0].pk], actor=CHIEF, reason="x", now=LATER)

    def test_recycling_is_not_undone(self, strangers: list[SuspenseRecord]) -> None:
        run = start(RECYCLE)
        with pytest.raises(UnableToRun):
            suspense.undo_run(run_id=run.pk, reason="x", now=LATER, actor=CHIEF)
