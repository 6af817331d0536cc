"""Numbers in use and plan history as of a moment."""

import numpy as np

from rating.domain.subscribers import (
    IdentifierColumns,
    PlanColumns,
    build_history,
    compile_subscribers,
)
from rating.domain.usage import FOREVER
from tests.unit.rating.operators import table


def test_periods_are_half_open_and_may_leave_gaps() -> None:
    history, order = build_history(
        keys=np.array([5, 6, 7]),
        row_keys=np.array([7, 5, 5, 5]),
        start=np.array([0, 30, 10, 20]),
        end=np.array([FOREVER, FOREVER, 20, 25]),
    )
    places = history.places_of(np.array([5] * 7 + [6, 7, 8]))
    moments = np.array([9, 10, 19, 20, 24, 25, 30, 50, 50, 50])
    rows, found = history.rows_at(places, moments)
    assert found.tolist() == [False, True, True, True, True, False, True, False, True, False]
    assert order[rows[found]].tolist() == [2, 2, 3, 3, 1, 0]


def test_nothing_is_found_where_there_is_nothing() -> None:
    nobody = compile_subscribers(
        identifiers=IdentifierColumns(*table([], width=5)), plans=PlanColumns(*table([], width=4))
    )
    places = nobody.identifiers.places_of(np.array([1, 2]))
    _, found = nobody.identifiers.rows_at(places, np.array([0, 0]))
    assert found.tolist() == [False, False]
