"""
Checks of a block's rows: what is usage, and why the others are not.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rating.domain.suspense import SuspenseReason
from rating.formats.parsed import BadLine, Ints
from rating.formats.rows import Rows

#: Which rows pass, why the others don't, and the column that is shown for them.
Check = tuple[npt.NDArray[np.bool_], SuspenseReason, str]


def check_rows(
    rows: Rows, checks: tuple[Check, ...]
) -> tuple[npt.NDArray[np.bool_], Iterator[BadLine]]:
    """
    Return which rows pass all checks, and the others as bad lines: the first check that fails tells.

    A check is (passes, reason, name of the column that is shown).
    """
    good = np.logical_and.reduce([passes for passes, _, _ in checks])
    return good, _bad_rows(rows, checks, np.flatnonzero(~good))


def _bad_rows(rows: Rows, checks: tuple[Check, ...], places: Ints) -> Iterator[BadLine]:
    for row in places.tolist():
        reason, column = next(
            (reason, column) for passes, reason, column in checks if not passes[row]
        )
        found = rows.frame[column][row]
        yield rows.bad_line(row, reason, f"{column}: {found if found is not None else ''}")
