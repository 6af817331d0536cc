"""
Which records of a batch come for the first time: found by key, one partition of keys at a time.

A record is known by its source and key. What counts is the earliest: priced before, else the first
in the order of files and lines.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rating.domain.usage import Ints

#: `ordinal` counts the records of a batch; what is priced already has one of the negative ones.
KEY: Final = np.dtype([("record_key", "<i8"), ("ordinal", "<i8"), ("source_id", "<i2")])
OF_ANOTHER_BATCH: Final = -2
OF_THIS_BATCH: Final = -1


class Delivery(IntEnum):
    """What a record of a file is."""

    FIRST = 0
    DUPLICATE = 1
    #: Priced by this batch in an earlier run that was killed.
    DONE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Records that are not to be priced, by ordinal, and whether that is because they are DONE."""

    ordinal: Ints
    is_done: npt.NDArray[np.bool_]


def key_rows(*, record_key: Ints, source_id: Any, ordinal: Any) -> npt.NDArray[Any]:
    """Return KEY rows of columns; a single value stands for all."""
    rows = np.empty(len(record_key), KEY)
    rows["record_key"], rows["ordinal"], rows["source_id"] = record_key, ordinal, source_id
    return rows


def find_repeats(rows: npt.NDArray[Any]) -> Repeats:
    """Return what comes again among KEY rows in any order; all rows of a key must be there."""
    keys = rows["record_key"].copy()
    order = np.argsort(keys)
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    if not same.any():
        return Repeats(np.zeros(0, np.int64), np.zeros(0, np.bool_))
    met_again = np.append(same, False) | np.append(False, same)
    few = rows.take(order[met_again])
    few = few.take(np.lexsort((few["ordinal"], few["source_id"], few["record_key"])))
    is_new = np.append(
        True,
        (few["record_key"][1:] != few["record_key"][:-1])
        | (few["source_id"][1:] != few["source_id"][:-1]),
    )
    again = (few["ordinal"] >= 0) & ~is_new
    # Behind a row of this batch stands the record that became it; what follows is delivered again.
    # Before it there may be one of another, which corrected it while this batch was at rest.
    is_done = again & np.append(False, few["ordinal"][:-1] == OF_THIS_BATCH)
    return Repeats(few["ordinal"][again].copy(), is_done[again])
