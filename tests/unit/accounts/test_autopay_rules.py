"""When a standing order is tried: days of months, waits, words that end it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain import acquiring, autopay
from accounts.domain.autopay import RETRIES, Terms

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "after", "due"),
    [
        (5, date(2026, 11, 4), date(2026, 11, 5)),
        (5, date(2026, 11, 5), date(2026, 12, 5)),
        (31, date(2026, 11, 29), date(2026, 11, 30)),
        (31, date(2026, 11, 30), date(2026, 12, 31)),
        (31, date(2027, 1, 31), date(2027, 2, 28)),
        (29, date(2028, 2, 1), date(2028, 2, 29)),
        (1, date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_days_of_months(day: int, after: date, due: date) -> None:
    assert autopay.next_day(day, after=after) == due


@given(st.integers(1, 31), st.dates(date(2026, 1, 1), date(2040, 1, 1)))
def test_a_day_comes_once_a_month_without_drift(day: int, after: date) -> None:
    first = autopay.next_day(day, after=after)
    second = autopay.next_day(day, after=first)
    assert after < first <= after + timedelta(days=31)
    assert (second.year * 12 + second.month) - (first.year * 12 + first.month) == 1
    assert {first.day, second.day} <= {day, 28, 29, 30}


@pytest.mark.parametrize("failures", range(6))
def test_waits_grow_and_end(failures: int) -> None:
    after = autopay.judge_failure(failures, word="insufficient_funds", now=NOON)
    expected = NOON + RETRIES[failures] if failures < len(RETRIES) else None
    assert (after.failures, after.next_try_at) == (failures + 1, expected)


@pytest.mark.parametrize("word", sorted(autopay.FINAL_WORDS))
def test_final_words_end_at_once(word: str) -> None:
    assert autopay.judge_failure(0, word=word, now=NOON).next_try_at is None


@pytest.mark.parametrize(("taken", "fits"), [("0", True), ("700", True), ("700.01", False)])
def test_the_months_limit(taken: str, fits: bool) -> None:
    assert autopay.fits_cap(Decimal(300), taken=Decimal(taken), cap=Decimal(1000)) is fits


def test_terms_that_fit() -> None:
    assert autopay.find_fault(Terms(Decimal(1), Decimal(1), day=31)) == ""
    assert autopay.find_fault(Terms(Decimal(1), Decimal(1), threshold=Decimal(0))) == ""


@given(st.integers(0, 10**12), st.sampled_from([0, 2, 3]))
def test_minor_units_there_and_back(units: int, digits: int) -> None:
    amount = acquiring.from_minor(units, digits=digits)
    assert acquiring.to_minor(amount, digits=digits) == units


def test_waits_between_looks_never_shrink() -> None:
    waits = [acquiring.next_look(looks, now=NOON) for looks in range(20)]
    assert waits == sorted(waits)
