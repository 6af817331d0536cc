"""Which corrected records count, what is written for a changed price, which parts are told apart."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.domain.covers import covers_of
from rating.domain.intake import Intake
from rating.domain.revisions import (
    CorrectedUsage,
    PricedRows,
    highest,
    in_order,
    joined_corrected,
    joined_rows,
    no_rows,
    reversed_rows,
)
from rating.domain.usage import AllowanceUses


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def rows(**columns: list[int]) -> PricedRows:
    """Rows with these columns, zeros else."""
    count = len(next(iter(columns.values())))
    plain = {field.name: np.zeros(count, np.int64) for field in fields(PricedRows)}
    return PricedRows(**{**plain, **{name: ints(*column) for name, column in columns.items()}})


def corrected(*records: tuple[int, int, int]) -> CorrectedUsage:
    """Corrected records of (source, key, number)."""
    source, key, number = (ints(*column) for column in zip(*records, strict=True))
    plain = {field.name: np.zeros(len(key), np.int64) for field in fields(Intake)}
    return CorrectedUsage(Intake(**{**plain, "source_id": source, "record_key": key}), number)


@pytest.mark.parametrize(
    ("records", "counting"),
    [
        ([(1, 5, 1)], [0]),
        ([(1, 5, 1), (1, 5, 3), (1, 5, 2)], [1]),
        ([(1, 5, 2), (1, 5, 2)], [0]),
        ([(1, 5, 2), (2, 5, 1), (1, 6, 1)], [0, 1, 2]),
    ],
)
def test_of_each_record_the_highest_counts_the_first_of_equals(
    records: list[tuple[int, int, int]], counting: list[int]
) -> None:
    assert np.flatnonzero(highest(corrected(*records))).tolist() == counting


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 4)), min_size=1))
def test_one_of_each_record_counts_and_none_is_higher(records: list[tuple[int, int, int]]) -> None:
    counting = highest(corrected(*records))
    chosen = [record for record, counts in zip(records, counting, strict=True) if counts]
    best: dict[tuple[int, int], int] = {}
    for source, key, number in records:
        best[source, key] = max(number, best.get((source, key), 0))
    assert {(source, key): number for source, key, number in chosen} == best
    assert len(chosen) == len(best)


def test_no_corrected_records_are_none() -> None:
    assert not joined_corrected([])
    assert len(joined_corrected([corrected((1, 2, 3)), corrected((1, 2, 4))])) == 2


def test_a_reversal_takes_back_what_adds_up_and_nothing_else() -> None:
    price = rows(
        amount=[345], quantity=[61], billed=[120], allowance_used=[60], revision=[2], zone_id=[7]
    )
    back = reversed_rows(price, batch_id=9)
    columns = (back.revision, back.batch_id, back.zone_id)
    assert [column.tolist() for column in columns] == [[3], [9], [7]]
    both = joined_rows(price, back)
    for name in ("amount", "quantity", "billed", "allowance_used"):
        assert getattr(both, name).sum() == 0
    assert price.is_priced.tolist() == [True]
    assert back.is_priced.tolist() == [False]


def test_a_record_without_a_price_has_an_odd_revision() -> None:
    assert rows(revision=[-1, 0, 1, 2]).is_priced.tolist() == [False, True, False, True]
    assert len(no_rows()) == 0


def test_the_order_is_that_of_start_key_and_source() -> None:
    mixed = rows(started_at=[2, 1, 1, 1], record_key=[0, 5, 4, 4], source_id=[0, 0, 2, 1])
    ordered = in_order(mixed)
    told = zip(ordered.started_at, ordered.record_key, ordered.source_id, strict=True)
    assert [tuple(map(int, one)) for one in told] == [(1, 4, 1), (1, 4, 2), (1, 5, 0), (2, 0, 0)]


#: Of three records of subscription 1: (row, owner, allowance, used).
COVERS = [
    pytest.param([(0, 1, 10, 60)], [], id="the row says it"),
    pytest.param([(0, 1, 10, 60), (0, 1, 11, 30)], [0, 0], id="two allowances"),
    pytest.param([(0, 2, 10, 60)], [0], id="another's counter"),
    pytest.param([(0, 1, 12, 500)], [0], id="money, which the row doesn't count"),
    pytest.param([(1, 2, 10, 60), (2, 1, 10, 60)], [1], id="only those that need it"),
]


@pytest.mark.parametrize(("uses", "told"), COVERS)
def test_parts_are_written_where_the_row_does_not_tell(
    uses: list[tuple[int, int, int, int]], told: list[int]
) -> None:
    row, owner, allowance, used = (ints(*column) for column in zip(*uses, strict=True))
    units = np.zeros(3, np.int64)
    first = np.zeros(3, np.int64)
    for place, of_allowance, taken in zip(row, allowance, used, strict=True):
        first[place] = first[place] or of_allowance
        units[place] += taken if of_allowance != 12 else 0
    parts = AllowanceUses(row, owner * 100, owner, allowance, ints(*[20261101] * len(row)), used)

    class Priced(SimpleNamespace):
        def __len__(self) -> int:
            return 3

    priced = Priced(
        uses=parts, subscription_id=ints(1, 1, 1), allowance_id=first, allowance_used=units
    )
    assert covers_of(priced).row.tolist() == told  # type: ignore[arg-type]


def test_some_rows_are_some_of_every_column() -> None:
    three = rows(amount=[1, 2, 3], record_key=[7, 8, 9])
    assert three.some(ints(2, 0)).record_key.tolist() == [9, 7]
    assert replace(three, amount=three.amount * 2).amount.tolist() == [2, 4, 6]
