"""
Record keys one at a time: what `rating.formats.keys` computes for columns, in plain integers.

A session's key is that of the record which its switch will write, so that the record is recognised.
"""

from collections.abc import Sequence
from typing import Final

_GOLDEN: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB
_MASK: Final = 2**64 - 1
_SIGN: Final = 2**63
#: As in `rating.formats.keys`.
SEPARATOR: Final = "\x1f"
#: How many texts the key of a format is made of, where it is more than the record's id.
PARTS: Final = {"asterisk": 2}


def record_key(format_code: str, parts: Sequence[str]) -> int:
    """
    Return the key of the record whose id has these parts, as the format makes it.

    >>> record_key("asterisk", ["1700.1"]) == record_key("asterisk", ["1700.1", ""])
    True
    """
    missing = PARTS.get(format_code, 1) - len(parts)
    return hash_text(SEPARATOR.join([*parts, *[""] * missing]))


def hash_text(text: str) -> int:
    """Return the signed 64-bit hash of a text's UTF-8 bytes."""
    data = text.encode()
    if not data:
        return _signed(_mixed(_GOLDEN))
    state = _mixed((len(data) + _GOLDEN) & _MASK)
    for start in range(0, len(data), 8):
        word = int.from_bytes(data[start : start + 8], "little")
        state = _mixed(((state ^ word) + _GOLDEN) & _MASK)
    return _signed(state)


def _mixed(value: int) -> int:
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def _signed(value: int) -> int:
    return value - 2**64 if value >= _SIGN else value
