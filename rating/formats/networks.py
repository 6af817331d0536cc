"""
Usage while roaming: the visited network as the beginning of the number that finds the zone.

    28 262 79215550101      a call made in network 262 (Germany) to 7 921 …
    83 262 79215550101      a call received there
    28 262                  data used there

28 and 83 are country codes that the ITU has not given to anybody; the three digits are the mobile
country code (E.212) unless the source gives codes of its own. A zone «Roaming in Germany» has the
prefix 28262, one for calls home 282627. At most thirteen digits of the other number are kept.
Emergency numbers stay what they are, wherever they are called.
"""

from typing import Final

import numpy as np
import polars as pl

from rating.formats.numbers import POWERS, is_emergency
from rating.formats.parsed import Bools, Ints
from rating.formats.quantities import first_filled
from rating.formats.recipe import Roaming

MADE: Final = 28
RECEIVED: Final = 83
_CODE_DIGITS: Final = 3
_HEAD_DIGITS: Final = 5
_KEPT: Final = 13
NOT_ROAMING: Final = 0
UNKNOWN: Final = -1


def visited_codes(frame: pl.DataFrame, roaming: Roaming | None) -> Ints:
    """Return the code of each record's visited network: 0 = at home, -1 = not known."""
    if roaming is None:
        return np.zeros(frame.height, np.int64)
    texts = first_filled(frame, roaming.columns)
    distinct = texts.unique()
    codes = [_code(text, roaming) for text in distinct]
    return texts.replace_strict(distinct, codes, return_dtype=pl.Int64).to_numpy()


def _code(text: str, roaming: Roaming) -> int:
    if not text or any(text.startswith(home) for home in roaming.home):
        return NOT_ROAMING
    if roaming.codes:
        lengths = range(len(text), 0, -1)
        code = next((roaming.codes[text[:n]] for n in lengths if text[:n] in roaming.codes), "")
        return int(code) if code else UNKNOWN
    head = text[:_CODE_DIGITS]
    return int(head) if len(head) == _CODE_DIGITS and head.isdecimal() else UNKNOWN


def put_in_front(
    number: Ints, length: Ints, *, code: Ints, is_received: Bools
) -> tuple[Ints, Ints]:
    """Return the numbers with the network in front where there is one."""
    abroad = (code > 0) & ~is_emergency(number, length)
    surplus = np.clip(length - _KEPT, 0, None)
    tail, size = number // POWERS[surplus], length - surplus
    head = np.where(is_received, RECEIVED, MADE) * POWERS[_CODE_DIGITS] + code
    return (
        np.where(abroad, head * POWERS[size] + tail, number),
        np.where(abroad, _HEAD_DIGITS + size, length),
    )
