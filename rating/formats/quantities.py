"""
What was used, as files write it, to seconds, messages or bytes.
"""

from typing import Final

import numpy as np
import polars as pl

from rating.formats.parsed import Bools, Ints
from rating.formats.recipe import Term

#: What one of the unit is: (so many, of so many parts). Parts are rounded up.
UNITS: Final = {
    "seconds": (1, 1),
    "milliseconds": (1, 1000),
    "minutes": (60, 1),
    "messages": (1, 1),
    "bytes": (1, 1),
    "KB": (1 << 10, 1),
    "MB": (1 << 20, 1),
    "GB": (1 << 30, 1),
    "kB": (1000, 1),
    "gigawords": (1 << 32, 1),
}
CLOCK: Final = "hh:mm:ss"
#: A larger quantity is no usage but a broken counter.
MOST: Final = 10**15
_FRACTION: Final = 6


def read_quantity(frame: pl.DataFrame, terms: tuple[Term, ...]) -> tuple[Ints, Bools]:
    """Return the sum of the terms, and whether each of them was a count."""
    total = np.zeros(frame.height, np.int64)
    known = np.ones(frame.height, bool)
    for term in terms:
        value, is_count = read_term(first_filled(frame, term.columns), term)
        total += np.where(is_count, value, 0)
        known &= is_count
    return total, known & (total < MOST)


def first_filled(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """Return of each row the first of the columns that is not empty; empty if none is."""
    texts = [pl.col(name).str.strip_chars() for name in columns]
    filled = [pl.when(text != "").then(text) for text in texts]
    return frame.select(found=pl.coalesce([*filled, pl.lit("")]))["found"]


def read_term(texts: pl.Series, term: Term) -> tuple[Ints, Bools]:
    """Return the counts, and which texts were one."""
    if term.unit == CLOCK:
        value, known = _read_clock(texts)
    else:
        value, known = _read_count(texts, *UNITS[term.unit])
    if term.may_be_empty:
        known = known | (texts == "").to_numpy()
    return value, known


def _read_count(texts: pl.Series, many: int, parts: int) -> tuple[Ints, Bools]:
    """Whole numbers and decimal fractions times the unit, rounded up; all in integers."""
    pieces = texts.str.extract_groups(r"^(\d{1,15})(?:[.,](\d{1,6})\d*)?$").struct.unnest()
    whole = pieces.to_series(0).cast(pl.Int64, strict=False)
    fraction = pieces.to_series(1).fill_null("").str.pad_end(_FRACTION, "0").cast(pl.Int64)
    known = whole.is_not_null().to_numpy() & (whole.fill_null(0) < MOST * parts // many).to_numpy()
    value = np.where(known, whole.fill_null(0).to_numpy(), 0)
    scale = 10**_FRACTION * parts
    # The whole part is taken apart first, or gigawords of millionths would leave 64 bits.
    units, rest = np.divmod(value, parts)
    small = rest * many * 10**_FRACTION + fraction.to_numpy() * many
    return units * many + -(-small // scale), known


def _read_clock(texts: pl.Series) -> tuple[Ints, Bools]:
    """Hours, minutes and seconds (1:02:03), or minutes and seconds (62:03)."""
    pieces = texts.str.extract_groups(r"^(?:(\d{1,6}):)?(\d{1,6}):([0-5]\d)$").struct.unnest()
    hours, minutes, seconds = (pieces.to_series(i).cast(pl.Int64, strict=False) for i in range(3))
    known = seconds.is_not_null() & (hours.is_null() | (minutes.fill_null(0) < 60))
    total = hours.fill_null(0) * 3600 + minutes.fill_null(0) * 60 + seconds.fill_null(0)
    return total.to_numpy().astype(np.int64), known.to_numpy()
