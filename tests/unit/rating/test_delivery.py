"""Which records of a batch come for the first time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.delivery import OF_ANOTHER_BATCH, OF_THIS_BATCH, find_repeats, key_rows

#: (source, key) of records in the order of their delivery, and of rows priced before.
known = st.tuples(st.integers(1, 3), st.integers(-4, 4))
records = st.lists(known, max_size=30)
priced = st.dictionaries(known, st.booleans(), max_size=12)


def said(rows: list[tuple[int, int, int]], order: list[int]) -> dict[int, bool]:
    """What find_repeats says of (source, key, ordinal) rows given in some order: is it done."""
    columns = np.array([rows[place] for place in order], np.int64).reshape(-1, 3)
    found = find_repeats(
        key_rows(record_key=columns[:, 1], source_id=columns[:, 0], ordinal=columns[:, 2])
    )
    return dict(zip(found.ordinal.tolist(), found.is_done.tolist(), strict=True))


@given(records, priced, st.randoms(use_true_random=False))
def test_the_first_of_each_source_and_key_counts_unless_it_is_priced(
    delivered: list[tuple[int, int]], before: dict[tuple[int, int], bool], shuffle: object
) -> None:
    rows = [(*record, ordinal) for ordinal, record in enumerate(delivered)]
    rows += [
        (*record, OF_THIS_BATCH if is_own else OF_ANOTHER_BATCH)
        for record, is_own in before.items()
    ]
    order = list(range(len(rows)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    expected = {}
    for ordinal, record in enumerate(delivered):
        is_first = record not in delivered[:ordinal]
        if record in before:
            expected[ordinal] = is_first and before[record]
        elif not is_first:
            expected[ordinal] = False
    assert said(rows, order) == expected


def test_a_record_that_another_batch_corrected_meanwhile_is_done() -> None:
    rows = [(1, 7, OF_THIS_BATCH), (1, 7, OF_ANOTHER_BATCH), (1, 7, 0), (1, 7, 1)]
    assert said(rows, [0, 1, 2, 3]) == {0: True, 1: False}


def test_rows_of_this_batch_that_stand_twice_are_done_once() -> None:
    rows = [(1, 7, OF_THIS_BATCH), (1, 7, OF_THIS_BATCH), (1, 7, 3), (1, 7, 5)]
    assert said(rows, [3, 1, 0, 2]) == {3: True, 5: False}


def test_nothing_repeats_nothing() -> None:
    assert said([], []) == {}
