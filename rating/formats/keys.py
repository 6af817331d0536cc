"""
Record keys: 64-bit hashes of texts that never change, whatever version of a library runs.

They recognise a record delivered again, years later too, so this arithmetic is fixed for good.
"""

from typing import Final

import numpy as np
import polars as pl

from rating.formats.parsed import Ints

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_WORD: Final = 8
#: Stands between the parts of a key; no field contains it.
SEPARATOR: Final = "\x1f"


def hash_texts(texts: pl.Series) -> Ints:
    """Return a hash of each text's UTF-8 bytes; no text may be null."""
    lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
    if not len(lengths):
        return lengths
    joined: str = texts.str.join("").item()
    buffer = joined.encode() + b"\0" * _WORD
    # Every 8 bytes of the buffer as a number, from each position.
    words = np.ndarray((len(buffer) - _WORD + 1,), "<u8", buffer=buffer, strides=(1,))
    starts = np.cumsum(lengths) - lengths
    state = _mixed(lengths.astype(np.uint64) + _GOLDEN)
    for offset in range(0, int(lengths.max()), _WORD):
        rest = lengths - offset
        word = words[np.minimum(starts + offset, len(words) - 1)]
        short = np.clip(rest, 0, _WORD).astype(np.uint64) * np.uint64(8)
        mask = np.where(
            rest >= _WORD, ~np.uint64(0), (np.uint64(1) << (short % np.uint64(64))) - np.uint64(1)
        )
        state = np.where(rest > 0, _mixed((state ^ (word & mask)) + _GOLDEN), state)
    return state.view(np.int64)


def _mixed(values: np.typing.NDArray[np.uint64]) -> np.typing.NDArray[np.uint64]:
    """The finaliser of SplitMix64: every bit of the input reaches every bit of the answer."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    answer: np.typing.NDArray[np.uint64] = values ^ (values >> np.uint64(31))
    return answer
