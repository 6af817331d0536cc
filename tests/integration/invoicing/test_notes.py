"""Credit and debit notes: within the line, to the kopeck, numbered without holes, once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import queries as accounts_queries
from accounts.domain.kinds import Kind
from accounts.models import LegalEntity
from billing_project.kernel import operations as kernel
from billing_project.kernel.models import Approval, BusinessEvent
from invoicing import queries
from invoicing.models import Bill, Note, NoteLine, NoteNumber, NumberSeries
from invoicing.operations.notes import (
    UnableToCorrect,
    approve_note,
    counter_note,
    refuse_note,
)
from invoicing.queries.notes import list_lines_now, list_notes
from tests.checks import broken_promises
from tests.integration.invoicing.corrected import (
    AGENT,
    CHIEF,
    FEBRUARY,
    MARCH,
    TODAY,
    billed,
    line_of,
    note,
)
from tests.integration.invoicing.household import (
    at,
    bill,
    charge,
    ledger,
    make_account,
    make_entity,
    post,
)

pytestmark = pytest.mark.django_db


def money(of: Bill) -> Decimal:
    return accounts_queries.get_balance(of.account_id).money


def test_a_credit_note_gives_back_and_names_the_line() -> None:
    january = billed()
    line = line_of(january)
    made = note(january, (line, "61.00"))
    assert (made.number_text, made.kind) == ("К-2026-0000001", "credit_note")
    assert (made.net, made.tax, made.gross) == (
        Decimal("50.00"),
        Decimal("11.00"),
        Decimal("61.00"),
    )
    assert ledger(january.account, Kind.CREDIT_NOTE) == [("CREDIT_NOTE", Decimal("61.00"))]
    [entry] = [
        each
        for each in accounts_queries.list_entries(account_id=january.account_id)
        if each.kind is Kind.CREDIT_NOTE
    ]
    assert entry.ref == made.lines.get().pk
    assert (entry.explanation["bill_line"], entry.explanation["bill"]) == (
        line.pk,
        january.number_text,
    )
    assert money(january) == Decimal("-349.00")
    event = BusinessEvent.objects.get(kind="credit_note.issued")
    assert (event.data["amount"], event.data["money"]) == ("61.00", "-349.00")
    assert broken_promises(queries.invariants()) == []


def test_a_debit_note_takes_and_widens_what_may_be_credited() -> None:
    january = billed()
    line = line_of(january)
    made = note(january, (line, "20.00"), kind="debit_note")
    assert made.number_text == "Д-2026-0000001"
    assert money(january) == Decimal("-430.00")
    assert note(january, (line, "120.00")).gross == Decimal("120.00")
    with pytest.raises(UnableToCorrect, match=r"0\.00"):
        note(january, (line, "0.01"))
    assert broken_promises(queries.invariants()) == []


@pytest.mark.parametrize(
    ("amounts", "refused"),
    [
        (["100.01"], "100.01"),
        (["60.00", "40.00"], "0.01"),
        (["99.99"], "0.02"),
        (["33.33"] * 3, "0.02"),
    ],
)
def test_credits_never_exceed_the_line(amounts: list[str], refused: str) -> None:
    january = billed()
    line = line_of(january)
    made = [] if amounts == [refused] else [note(january, (line, each)) for each in amounts]
    before = money(january)
    with pytest.raises(UnableToCorrect):
        note(january, (line, refused))
    assert (money(january), Note.objects.count()) == (before, len(made))


def test_credits_in_parts_come_to_the_tax_of_the_line() -> None:
    january = billed()
    line = line_of(january)
    for amount in ("33.33", "33.33", "33.34"):
        note(january, (line, amount))
    sums = NoteLine.objects.filter(bill_line=line)
    assert sum(each.tax for each in sums) == line.tax == Decimal("18.03")
    assert sum(each.net for each in sums) == line.net
    assert list_lines_now(january.pk, line_ids=[line.pk])[0].left == 0


def test_the_database_itself_holds_the_line() -> None:
    january = billed()
    line = line_of(january)
    made = note(january, (line, "90.00"))
    row = NoteLine.objects.get(note=made)
    row.pk, row.gross, row.net, row.tax = None, Decimal(11), Decimal(11), Decimal(0)
    row.note = note(january, (line_of(january, "fee"), "1.00"))
    with pytest.raises(IntegrityError, match="exceed"), transaction.atomic():
        row.save(force_insert=True)
    row.gross = row.net = Decimal(10)
    row.save(force_insert=True)


@pytest.mark.parametrize("model", [Note, NoteLine, NoteNumber])
def test_notes_are_never_changed_nor_taken_away(model: type) -> None:
    january = billed()
    note(january, (line_of(january), "1.00"))
    for statement in ("DELETE FROM {}", "UPDATE {} SET id = id"):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(model._meta.db_table))


def test_a_repeat_answers_with_the_same_note_and_another_amount_is_refused() -> None:
    january = billed()
    line = line_of(january)
    first = note(january, (line, "10.00"), request_id="form-1")
    assert note(january, (line, "10.00"), request_id="form-1") == first
    with pytest.raises(UnableToCorrect):
        note(january, (line, "11.00"), request_id="form-1")
    assert (Note.objects.count(), money(january)) == (1, Decimal("-400.00"))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_note_has_a_reason(reason: str) -> None:
    january = billed()
    with pytest.raises(UnableToCorrect):
        note(january, (line_of(january), "10.00"), reason=reason)
    assert NumberSeries.objects.filter(document="credit_note").count() == 0


@pytest.mark.parametrize("amount", ["0", "-5.00", "1.001"])
def test_amounts_are_positive_and_whole_kopecks(amount: str) -> None:
    january = billed()
    with pytest.raises(UnableToCorrect):
        note(january, (line_of(january), amount))


def test_a_line_of_another_bill_or_twice_is_refused() -> None:
    january, other = billed(), billed()
    line = line_of(january)
    with pytest.raises(UnableToCorrect):
        note(january, (line_of(other), "1.00"))
    with pytest.raises(UnableToCorrect):
        note(january, (line, "1.00"), (line, "2.00"))
    with pytest.raises(UnableToCorrect):
        note(january)


def test_an_adjustment_is_not_corrected_by_a_note() -> None:
    account = make_account()
    post(account, "50.00", on=date(2026, 1, 6), kind=Kind.ADJUSTMENT)
    january = billed(account)
    with pytest.raises(UnableToCorrect):
        note(january, (line_of(january, "adjustment"), "1.00"), kind="debit_note")


class TestApproval:
    def test_above_the_limit_it_waits_and_nothing_is_numbered(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "10.01"), limit="10.00")
        assert isinstance(asked, Approval)
        assert (asked.kind, asked.amount) == ("note", Decimal("10.01"))
        assert (Note.objects.count(), money(january)) == (0, Decimal("-410.00"))

    def test_a_debit_counts_against_the_limit_too(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "10.01"), limit="10.00", kind="debit_note")
        assert asked.amount == Decimal("-10.01")

    def test_a_second_person_issues_it_once(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "90.00"), limit="10.00", request_id="r")
        made = approve_note(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF)
        assert (made.gross, made.approval_id, made.actor) == (Decimal("90.00"), asked.pk, AGENT)
        with pytest.raises(kernel.UnableToDecide):
            approve_note(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF)
        assert note(january, (line_of(january), "90.00"), request_id="r") == made
        assert money(january) == Decimal("-320.00")

    def test_not_the_one_who_asked(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "90.00"), limit="10.00")
        with pytest.raises(kernel.UnableToDecide):
            approve_note(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=AGENT)
        assert Note.objects.count() == 0

    def test_refused_nothing_happens(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "90.00"), limit="10.00")
        refuse_note(approval_id=asked.pk, now=at(TODAY), actor=CHIEF)
        assert (Note.objects.count(), money(january)) == (0, Decimal("-410.00"))

    def test_what_was_credited_meanwhile_is_seen(self) -> None:
        january = billed()
        asked = note(january, (line_of(january), "90.00"), limit="10.00")
        note(january, (line_of(january), "20.00"))
        with pytest.raises(UnableToCorrect, match=r"80\.00"):
            approve_note(approval_id=asked.pk, business_date=TODAY, now=at(TODAY), actor=CHIEF)
        assert Approval.objects.get(pk=asked.pk).state == "pending"


class TestCounter:
    def counter(self, made: Note, request: str = "c") -> Note:
        return counter_note(
            note_id=made.pk,
            reason="По ошибке",
            request_id=request,
            limit=Decimal(1000),
            business_date=TODAY,
            now=at(TODAY),
            actor=AGENT,
        )

    def test_it_puts_the_money_back(self) -> None:
        january = billed()
        made = note(january, (line_of(january), "60.00"), (line_of(january, "fee"), "1.00"))
        answer = self.counter(made)
        assert (answer.kind, answer.gross, answer.counters_id) == (
            "debit_note",
            Decimal("61.00"),
            made.pk,
        )
        assert money(january) == Decimal("-410.00")
        assert note(january, (line_of(january), "100.00")).gross == 100
        assert broken_promises(queries.invariants()) == []

    def test_once_and_not_a_counter_itself(self) -> None:
        january = billed()
        made = note(january, (line_of(january), "60.00"))
        answer = self.counter(made)
        with pytest.raises(UnableToCorrect):
            self.counter(made, "again")
        with pytest.raises(UnableToCorrect):
            self.counter(answer, "other")
        assert self.counter(made) == answer


class TestNumbers:
    def test_each_kind_entity_and_year_has_its_own_without_holes(self) -> None:
        other = make_entity("7801000002")
        bills = [billed(), billed(make_account(entity=other)), billed()]
        for each in bills:
            note(each, (line_of(each), "1.00"))
            note(each, (line_of(each), "1.00"), kind="debit_note")
        note(bills[0], (line_of(bills[0]), "1.00"), on=date(2027, 1, 1))
        found = Note.objects.order_by("pk").values_list(
            "legal_entity__inn", "kind", "year", "number"
        )
        mine, theirs = make_entity().inn, other.inn
        assert sorted(found) == sorted(
            [
                (mine, "credit_note", 2026, 1),
                (mine, "credit_note", 2026, 2),
                (mine, "credit_note", 2027, 1),
                (mine, "debit_note", 2026, 1),
                (mine, "debit_note", 2026, 2),
                (theirs, "credit_note", 2026, 1),
                (theirs, "debit_note", 2026, 1),
            ]
        )

    def test_a_refused_note_takes_no_number(self) -> None:
        january = billed()
        with pytest.raises(UnableToCorrect):
            note(january, (line_of(january), "101.00"))
        assert note(january, (line_of(january), "1.00")).number == 1

    def test_the_prefix_of_the_series_is_the_operators(self) -> None:
        january = billed()
        NumberSeries.objects.create(
            legal_entity=LegalEntity.objects.get(), document="credit_note", year=2026, prefix="КСФ-"
        )
        assert note(january, (line_of(january), "1.00")).number_text == "КСФ-2026-0000001"


def test_the_next_bill_carries_notes_apart_from_what_was_sold() -> None:
    january = billed()
    note(january, (line_of(january), "61.00"))
    note(january, (line_of(january, "fee"), "11.00"), kind="debit_note")
    charge(FEBRUARY)
    bill(MARCH)
    february = Bill.objects.get(account=january.account, period_start=FEBRUARY)
    # Tax of what was sold in February alone: the notes are documents with their own.
    assert (february.gross, february.tax) == (Decimal("310.00"), Decimal("55.90"))
    assert (february.opening, february.adjustments) == (Decimal("410.00"), Decimal("50.00"))
    assert february.closing == Decimal("670.00") == -money(january)
    titles = [line.title_ru for line in queries.list_lines(february) if line.kind == "adjustment"]
    assert titles == [
        f"Корректировочный счёт К-2026-0000001: {line_of(january).title_ru}",
        f"Корректировочный счёт на доплату Д-2026-0000001: {line_of(january, 'fee').title_ru}",
    ]
    assert january == Bill.objects.get(pk=january.pk)
    assert broken_promises(queries.invariants()) == []


def test_notes_are_listed_newest_first() -> None:
    january = billed()
    made = [note(january, (line_of(january), "1.00")) for _ in range(3)]
    assert list_notes(account_id=january.account_id) == made[::-1]
    assert list_notes(bill_id=january.pk, limit=1) == [made[-1]]
    assert list_notes(account_id=billed().account_id) == []
