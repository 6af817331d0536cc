"""Should-be minus was: whatever happened and whenever it was billed, used time is billed once."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.cycles import ANNIVERSARY, CALENDAR, Unit
from invoicing.domain.proration import Convention
from invoicing.domain.timeline import Account, Item, Plan, Terms, UnableToMove
from invoicing.domain.timeline.spans import active, without
from invoicing.domain.timeline.terms import ARREARS, CREDIT, CREDIT_NOTE, RECURRING

FIRST = date(2026, 1, 1)
FAR = date(2027, 6, 1)
KOPECK = Decimal("0.01")
PLANS = {
    "A": Plan(Decimal("300.00")),
    "B": Plan(Decimal("499.99")),
    "Q": Plan(Decimal("1000.00"), Unit.QUARTER),
    "L": Plan(Decimal("250.00"), timing=ARREARS),
}
ANCHORS = st.one_of(st.integers(1, 31), st.sampled_from([CALENDAR, ANNIVERSARY]))
MOVES = ("change", "change", "pause", "resume", "use", "run", "run")


def events_of(kinds: Sequence[str], plans: str) -> st.SearchStrategy[list[Any]]:
    """Return random events: days passed, what, which plan, a number, yes or no."""
    one = st.tuples(
        st.integers(0, 40),
        st.sampled_from(kinds),
        st.sampled_from(plans),
        st.integers(1, 31),
        st.booleans(),
    )
    return st.lists(one, max_size=12)


EVENTS = events_of([*MOVES, "day"], "ABQL")
many = settings(deadline=None, max_examples=150)


def account(**terms: Any) -> Account:
    return Account(Terms(plans=PLANS, **terms))


def do(books: Account, event: tuple[int, str, str, int, bool], *, on: date) -> None:
    """Let one random event happen; what isn't possible is left out."""
    _days, kind, plan, number, flag = event
    moves = {
        "change": lambda: books.change_plan("S", plan, on=on, at_end_of_period=flag),
        "pause": lambda: books.pause("S", since=on - timedelta(days=number if flag else 0)),
        "resume": lambda: books.resume("S", at=on),
        "day": lambda: books.set_cycle_day(
            "S", number, effective=on + timedelta(days=number), credits_overlap=flag
        ),
        "use": lambda: books.use("S", Decimal(number)),
        "run": lambda: None,
    }
    try:
        moves[kind]()
    except UnableToMove:
        assert kind == "resume"


def play(books: Account, events: list[Any], *, bills: bool) -> list[Item]:
    """Play random events on one service, then bill up to a far day; return all lines."""
    on, items = FIRST, []
    for event in events:
        on += timedelta(days=event[0])
        do(books, event, on=on)
        if bills and event[1] == "run":
            items += books.bill_run(on=on)[0]
    return items + books.bill_run(on=FAR)[0]


def days_billed(items: list[Item]) -> dict[date, int]:
    """Return how often each day is billed, credits taken off."""
    found: dict[date, int] = {}
    for item in items:
        for day in item.period or ():
            found[day] = found.get(day, 0) + (1 if item.kind == RECURRING else -1)
    return {day: times for day, times in found.items() if times}


def started(plan: str = "A", anchor: int | str = 1, on: date = FIRST, **terms: Any) -> Account:
    books = account(**terms)
    books.subscribe("S", plan, on=on, anchor=anchor)
    return books


@many
@given(events=EVENTS, anchor=ANCHORS, plan=st.sampled_from(sorted(PLANS)))
def test_no_day_is_billed_twice_and_none_that_is_paused(events, anchor, plan) -> None:
    books = started(plan, anchor)
    billed = days_billed(play(books, events, bills=True))
    assert set(billed.values()) <= {1}
    service = books.services["S"]
    used = {
        day
        for stretch in service.stretches
        for start, end in active((stretch.start, stretch.end), service.pauses)
        for day in Period(start, max(end or FAR, start + timedelta(days=1)))
        if day < min(end or FAR, FAR)
    }
    # In arrears the last cycle is still open; in advance it is billed beyond the far day.
    lasts = books.terms.plans[service.stretches[-1].plan].timing == ARREARS
    until = FAR - timedelta(days=70 if lasts else 0)
    assert {day for day in used if day < until} == {day for day in billed if day < until}


@many
@given(events=events_of(MOVES, "ABL"), anchor=ANCHORS)
def test_runs_in_between_change_nothing_of_the_sum(events, anchor) -> None:
    often, once = started("A", anchor), started("A", anchor)
    lines = [play(often, events, bills=True), play(once, events, bills=False)]
    sums = [sum((item.amount for item in one), ZERO) for one in lines]
    assert abs(sums[0] - sums[1]) <= KOPECK * (len(lines[0]) + len(lines[1]))


@many
@given(events=EVENTS, anchor=ANCHORS, notes=st.booleans(), rate=st.sampled_from(["0", "0.2"]))
def test_documents_hold_the_lines_and_the_accounts_credit(events, anchor, notes, rate) -> None:
    books = started(
        "B",
        anchor,
        tax_rate=Decimal(rate),
        credit_document=CREDIT_NOTE if notes else "same_invoice",
    )
    on = FIRST
    for event in events:
        on += timedelta(days=event[0])
        do(books, event, on=on)
        before = books.credit
        items, papers = books.bill_run(on=on)
        assert bool(papers) == bool(items)
        assert sum(
            (one.owed - one.tax * (1 if one.owed == one.total else -1) for one in papers), ZERO
        ) == sum((item.amount for item in items), ZERO)
        assert books.credit == before + sum((one.credit_change for one in papers), ZERO) >= 0
        assert all(one.due >= 0 for one in papers)
        assert books.bill_run(on=on) == ([], [])


@many
@given(events=EVENTS, adjusted=st.decimals(0, 300, places=2))
def test_a_charge_gives_back_no_more_than_it_took(events, adjusted) -> None:
    books = started("A")
    books.bill_run(on=FIRST)
    books.adjust(1, adjusted)
    play(books, events, bills=True)
    for charge in books.charged():
        assert ZERO <= charge.given_back + charge.adjusted <= charge.amount


@many
@given(day=st.integers(0, 60), anchor=ANCHORS, count=st.sampled_from(["actual", "fixed_30"]))
def test_what_ends_at_once_costs_nothing(day, anchor, count) -> None:
    on = FIRST + timedelta(days=day)
    books = started("A", anchor, on=on, convention=Convention(count))
    charged, _ = books.bill_run(on=on)
    books.cancel("S", on=on)
    given, _ = books.bill_run(on=on)
    # The 31st of a month of thirty is worth nothing.
    kinds = [RECURRING, CREDIT] if charged else []
    assert [item.kind for item in charged + given] == kinds
    assert sum((item.amount for item in charged + given), ZERO) == ZERO


def test_the_last_day_is_billed_on_it() -> None:
    books = started("L", CALENDAR, is_last_day_billed=True)
    books.cancel("S", on=date(2026, 1, 10))
    items, _ = books.bill_run(on=date(2026, 1, 10))
    assert [(item.period, item.amount) for item in items] == [
        (Period(FIRST, date(2026, 1, 11)), Decimal("80.65"))
    ]


def test_a_pause_told_late_gives_back_what_was_billed_in_arrears() -> None:
    books = started("L")
    billed, _ = books.bill_run(on=date(2026, 2, 1))
    books.pause("S", since=date(2026, 1, 17))
    given, _ = books.bill_run(on=date(2026, 2, 1))
    assert [(item.kind, item.period) for item in given] == [
        (CREDIT, Period(date(2026, 1, 17), date(2026, 2, 1)))
    ]
    assert days_billed(billed + given) == {date(2026, 1, day): 1 for day in range(1, 17)}


def test_a_change_takes_the_place_of_one_that_waits() -> None:
    books = started()
    books.change_plan("S", "B", on=date(2026, 1, 5), at_end_of_period=True)
    books.change_plan("S", "Q", on=date(2026, 1, 10))
    books.cancel("S", on=date(2026, 1, 20))
    billed = days_billed(books.bill_run(on=FAR)[0])
    assert (len(billed), max(billed)) == (19, date(2026, 1, 19))
    assert [charge.plan for charge in books.charged()] == ["A", "Q"]


def test_a_cycle_day_moves_also_what_is_to_begin_later() -> None:
    books = started()
    books.change_plan("S", "B", on=date(2026, 1, 5), at_end_of_period=True)
    books.set_cycle_day("S", 15, effective=date(2026, 1, 15))
    periods = [item.period for item in books.bill_run(on=date(2026, 2, 15))[0]]
    ends = [date(2026, 1, 15), date(2026, 2, 1), date(2026, 2, 15), date(2026, 3, 15)]
    assert [period.end for period in periods if period] == ends


def test_a_cancelled_service_does_not_come_back_with_another_cycle_day() -> None:
    books = started()
    books.cancel("S", on=date(2026, 1, 10), at_end_of_period=True)
    books.set_cycle_day("S", 20, effective=date(2026, 1, 20))
    books.set_cycle_day("S", 25, effective=date(2026, 3, 25))
    items, _ = books.bill_run(on=FAR)
    assert max(item.period.end for item in items if item.period) == date(2026, 2, 1)


@pytest.mark.parametrize(
    "move",
    [
        lambda books: books.cancel("T", on=FIRST),
        lambda books: books.change_plan("T", "A", on=FIRST),
        lambda books: books.pause("T", since=FIRST),
        lambda books: books.resume("T", at=FIRST),
        lambda books: books.resume("S", at=FIRST),
        lambda books: books.adjust(1, Decimal("300.01")),
        lambda books: books.adjust(2, Decimal(1)),
    ],
)
def test_what_is_not_there_is_refused_and_changes_nothing(move) -> None:
    books = started()
    books.bill_run(on=FIRST)
    with pytest.raises(UnableToMove):
        move(books)
    assert books.bill_run(on=FIRST) == ([], [])
    assert (books.credit, books.owed) == (ZERO, Decimal("300.00"))


SPANS = st.builds(
    lambda start, days: Period(FIRST + timedelta(days=start), FIRST + timedelta(days=start + days)),
    st.integers(0, 40),
    st.integers(1, 20),
)


@given(period=SPANS, cuts=st.lists(SPANS, max_size=5))
def test_cuts_leave_the_days_that_none_covers(period, cuts) -> None:
    covered = {day for cut in cuts for day in cut}
    left = without(period, cuts)
    assert [day for part in left for day in part] == [day for day in period if day not in covered]


@given(period=SPANS, pauses=st.lists(SPANS, max_size=4))
def test_pauses_leave_what_cuts_leave(period, pauses) -> None:
    parts = active((period.start, period.end), [(one.start, one.end) for one in pauses])
    assert [Period(start, end) for start, end in parts if end] == without_merged(period, pauses)


def without_merged(period: Period, cuts: list[Period]) -> list[Period]:
    """Return what cuts leave, parts that touch taken as they come."""
    return without(period, cuts)


def test_a_pause_without_end_leaves_nothing_after() -> None:
    pauses = [(date(2026, 1, 5), None), (date(2026, 1, 9), date(2026, 1, 12))]
    assert active((FIRST, None), pauses) == [(FIRST, date(2026, 1, 5))]
