"""The rule everybody starts with, and what it answers when it refuses."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dunning.domain import promises
from dunning.domain.promises import Applicant, Past, PromiseTerms, Reason

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TERMS = PromiseTerms(Decimal(500), days=5, price=Decimal(10), days_between=30)


def _applicant(available: str = "-120", **changes: object) -> Applicant:
    values: dict = {"is_closed": False, "has_service": True, "past": ()} | changes
    return Applicant(available=Decimal(available), **values)


def _past(days_ago: int, state: str = "kept") -> Past:
    given = NOW - timedelta(days=days_ago)
    return Past(given_at=given, due_at=given + timedelta(days=5), state=state, closed_at=None)


def _reasons(applicant: Applicant) -> tuple[Reason, ...]:
    return promises.judge(TERMS, applicant=applicant, now=NOW).reasons


def test_a_first_promise_is_allowed_with_its_end_and_price() -> None:
    verdict = promises.judge(TERMS, applicant=_applicant(), now=NOW)
    assert verdict.is_allowed
    assert (verdict.max_amount, verdict.price) == (Decimal(500), Decimal(10))
    assert verdict.due_at == NOW + timedelta(days=5)


def test_nothing_offered_is_a_reason_of_its_own() -> None:
    verdict = promises.judge(None, applicant=_applicant(), now=NOW)
    assert verdict.reasons == (Reason("not_offered"),)
    assert verdict.max_amount == 0


def test_too_soon_says_from_when() -> None:
    assert _reasons(_applicant(past=(_past(10),))) == (
        Reason("too_soon", NOW + timedelta(days=20), asked=30),
    )
    assert _reasons(_applicant(past=(_past(30),))) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_closed": True}, "account_closed"),
        ({"has_service": False}, "no_service"),
        ({"past": (_past(1, state="open"),)}, "is_open"),
        ({"available": "-490"}, "too_deep"),
    ],
)
def test_each_obstacle_is_named(changes: dict, code: str) -> None:
    assert [reason.code for reason in _reasons(_applicant(**changes))] == [code]


def test_a_cent_above_the_depth_is_enough() -> None:
    assert _reasons(_applicant("-489.99")) == ()


def test_all_obstacles_are_told_at_once() -> None:
    answer = _reasons(_applicant("-900", is_closed=True, past=(_past(1),)))
    assert [reason.code for reason in answer] == ["account_closed", "too_soon", "too_deep"]


@pytest.mark.parametrize(
    ("amount", "code"),
    [("500", None), ("500.01", "too_much"), ("10", "too_little"), ("10.01", None)],
)
def test_the_amount_has_two_borders(amount: str, code: str | None) -> None:
    verdict = promises.judge(TERMS, applicant=_applicant(), now=NOW)
    answer = promises.check_amount(Decimal(amount), verdict=verdict)
    assert (answer and answer.code) == code


@pytest.mark.parametrize(
    ("paid", "hours_left", "outcome"),
    [
        pytest.param("500", 10, "kept", id="paid early is kept early"),
        pytest.param("499.99", 1, None, id="still time"),
        pytest.param("499.99", 0, "broken", id="a cent short at the end"),
        pytest.param("500", -1, "kept", id="paid, closed late"),
    ],
)
def test_a_promise_ends_kept_or_broken(paid: str, hours_left: int, outcome: str | None) -> None:
    answer = promises.find_outcome(
        amount=Decimal(500), paid=Decimal(paid), due_at=NOW + timedelta(hours=hours_left), now=NOW
    )
    assert answer == outcome
