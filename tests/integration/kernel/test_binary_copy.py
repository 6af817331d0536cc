"""Binary COPY with numpy: exact values both ways, and refusals."""

from decimal import Decimal

import numpy as np
import pytest
from django.db import connection

from billing_project.kernel.binary_copy import UnableToCopy, copy_in, copy_out

MINOR = [0, 1, -1, 99, 100, -100, 12345, 99_999_999, 10**8, 123_456_789_012, 10**14 - 1, 1 - 10**14]


@pytest.fixture
def _table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TEMPORARY TABLE copied (
                small smallint, plain integer, big bigint, at timestamptz,
                money numeric(14, 2), note text DEFAULT 'default') ON COMMIT DROP
        """)


def write(**changes: list[int]) -> int:
    columns = {
        "small": ("smallint", [1] * len(MINOR)),
        "plain": ("integer", [-2] * len(MINOR)),
        "big": ("bigint", [2**62] * len(MINOR)),
        "at": ("timestamptz", [1_792_888_200] * len(MINOR)),
        "money": ("money", MINOR),
    }
    for name, values in changes.items():
        columns[name] = (columns[name][0], values)
    return copy_in(
        table="copied",
        columns=[(name, kind, np.array(values)) for name, (kind, values) in columns.items()],
        rows_at_once=5,
    )


@pytest.mark.usefixtures("_table")
def test_money_arrives_to_the_kopeck() -> None:
    assert write() == len(MINOR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT money FROM copied ORDER BY money")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM copied WHERE money = 0 AND note = 'default'")
        assert cursor.fetchone() == (1,)
    assert found == sorted(Decimal(minor) / 100 for minor in MINOR)


@pytest.mark.usefixtures("_table")
def test_columns_come_back_as_they_went() -> None:
    write()
    types = ["smallint", "integer", "bigint", "timestamptz", "bigint"]
    found = copy_out(
        sql="SELECT small, plain, big, at, (money * 100)::bigint FROM copied WHERE small = %s",
        params=[1],
        types=types,
    )
    expected = [1, -2, 2**62, 1_792_888_200]
    assert [set(column.tolist()) for column in found[:4]] == [{value} for value in expected]
    assert sorted(found[4].tolist()) == sorted(MINOR)


@pytest.mark.usefixtures("_table")
def test_nothing_comes_back_as_empty_columns() -> None:
    found = copy_out(sql="SELECT big FROM copied", types=["bigint"])
    assert [column.tolist() for column in found] == [[]]


@pytest.mark.usefixtures("_table")
@pytest.mark.parametrize(
    ("column", "value"), [("money", 10**14), ("small", 2**15), ("plain", -(2**31) - 1)]
)
def test_what_does_not_fit_is_refused(column: str, value: int) -> None:
    with pytest.raises(UnableToCopy):
        write(**{column: [value] * len(MINOR)})
