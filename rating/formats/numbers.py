"""
Telephone numbers as dialled, to E.164 digits.

| dialled | becomes |
|---|---|
| +… (8 to 15 digits) | the digits |
| 810… (12 digits or more) | what follows: the international prefix of Russia |
| 00… (10 digits or more) | what follows: the international prefix elsewhere |
| 8 and ten digits | 7 and the ten digits |
| ten digits | 7 and the ten digits |
| area code short of ten digits | 7, the area code, the digits |
| 11 to 15 digits otherwise | as they are |
| 01 02 03 04, 010 020 030 040, +7 101 … +7 112 | 101 102 103 104, 112 |
| 2 to 6 digits otherwise | as they are: short and emergency numbers |
"""

from typing import Final

import numpy as np
import polars as pl

from rating.formats.parsed import Bools, Ints

POWERS: Final = 10 ** np.arange(19, dtype=np.int64)
_NATIONAL: Final = 10
_SEVEN: Final = 70_000_000_000
LONGEST: Final = 15
_SHORTEST_FULL: Final = 8
#: Emergency numbers as they are dialled: (value, digits) -> what they are called with today.
_EMERGENCY: Final = {
    **{(n, 2): 100 + n for n in (1, 2, 3, 4)},
    **{(10 * n, 3): 100 + n for n in (1, 2, 3, 4)},
}
#: Of three digits each.
EMERGENCY: Final = (101, 102, 103, 104, 112)


def read_numbers(texts: pl.Series, *, area_code: str = "") -> tuple[Ints, Ints, Bools]:
    """Return the digits as integers, how many they are, and whether the text is a number."""
    text = texts.fill_null("")
    frame = pl.DataFrame({"text": text}).select(
        plus=pl.col("text").str.starts_with("+"),
        digits=pl.col("text").str.strip_prefix("+"),
    )
    frame = frame.select(
        "plus",
        length=pl.col("digits").str.len_bytes().cast(pl.Int64),
        signed=pl.col("digits").str.starts_with("+") | pl.col("digits").str.starts_with("-"),
        value=pl.col("digits").cast(pl.Int64, strict=False).fill_null(-1),
    )
    value, length = frame["value"].to_numpy(), frame["length"].to_numpy()
    is_digits = (value >= 0) & ~frame["signed"].to_numpy() & (length < len(POWERS))
    return normalise(
        np.where(is_digits, value, 0),
        np.where(is_digits, length, 0),
        plus=frame["plus"].to_numpy(),
        area_code=area_code,
    )


def normalise(
    value: Ints, length: Ints, *, plus: Bools, area_code: str = ""
) -> tuple[Ints, Ints, Bools]:
    """
    Bring numbers into one form; the arrays stay as they are.

    Returns value, length (leading zeros of short numbers count) and whether it is a number. Of a
    full number without plus, ten digits are always taken for a Russian one.
    """
    local = ~plus
    head = value // POWERS[np.clip(length - 3, 0, None)]
    abroad = local & (length >= 12) & (head == 810)
    zeros = local & (length >= 10) & (value < POWERS[np.clip(length - 2, 0, None)])
    eight = local & (length == 11) & (value // POWERS[_NATIONAL] == 8)
    ten = local & (length == _NATIONAL) & ~zeros
    full, size = value.copy(), length.copy()
    full[abroad] -= (head * POWERS[np.clip(length - 3, 0, None)])[abroad]
    size[abroad] -= 3
    size[zeros] -= 2
    full[eight] -= POWERS[_NATIONAL]
    full[ten] += _SEVEN
    size[ten] += 1
    if area_code:
        near = local & (length + len(area_code) == _NATIONAL) & (length > 0)
        full[near] += _SEVEN + int(area_code) * POWERS[_NATIONAL - len(area_code)]
        size[near] = _NATIONAL + 1
    for (dialled, digits), called in _EMERGENCY.items():
        is_it = local & (length == digits) & (value == dialled)
        full[is_it], size[is_it] = called, 3
    with_country = plus & (length == 4) & np.isin(value - 7000, EMERGENCY)
    full[with_country] -= 7000
    size[with_country] = 3
    is_short = with_country | (local & (size >= 2) & (size <= 6))
    # A full number has no leading zero: no country code begins with one.
    has_head = full >= POWERS[np.clip(size - 1, 0, None)]
    was_clear = plus | abroad | zeros
    least = np.where(was_clear, _SHORTEST_FULL, _NATIONAL + 1)
    is_full = (size >= least) & (size <= LONGEST) & has_head
    return full, size, is_short | is_full


def is_emergency(number: Ints, length: Ints) -> Bools:
    """Return which of the normalised numbers call for help."""
    answer: Bools = (length == 3) & np.isin(number, EMERGENCY)
    return answer
