"""
What a model answers against what is expected.

Expected figures are partial: each key there must match. Numbers compare by value. Lines and
documents are compared as multisets, other lists place by place.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Real
from typing import Any, Final

UNORDERED: Final = ("lines", "documents")


class NotAnswered(ValueError):
    """A key is expected that the model has no answer to."""


def differences(expected: object, found: object, *, at: str = "") -> Iterator[str]:
    """Yield what differs, by its place; raise NotAnswered for a key that isn't answered."""
    if isinstance(expected, Mapping):
        yield from _in_mapping(expected, found, at)
    elif isinstance(expected, list):
        yield from _in_list(expected, found, at)
    elif _plain(expected) != _plain(found):
        yield f"{at}: {_told(found)}, expected {_told(expected)}"


def _in_mapping(expected: Mapping[str, Any], found: object, at: str) -> Iterator[str]:
    if not isinstance(found, Mapping):
        yield f"{at}: {_told(found)}, expected {_told(expected)}"
        return
    for key, value in expected.items():
        place = f"{at}.{key}" if at else key
        if key.startswith("_"):
            continue
        if key in found:
            yield from differences(value, found[key], at=place)
        elif at:
            yield f"{place}: absent, expected {_told(value)}"
        else:
            raise NotAnswered(place)


def _in_list(expected: list[Any], found: object, at: str) -> Iterator[str]:
    if not isinstance(found, (list, tuple)) or len(found) != len(expected):
        yield f"{at}: {_told(found)}, expected {_told(expected)}"
    elif at.rpartition(".")[2] in UNORDERED and expected and isinstance(expected[0], Mapping):
        for one in _unmatched(expected, found):
            yield f"{at}: none is {_told(one)} among {_told(found)}"
    else:
        for place, (wanted, one) in enumerate(zip(expected, found, strict=True)):
            yield from differences(wanted, one, at=f"{at}[{place}]")


def _unmatched(expected: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    """
    Return the expected entries for which none is left when as many as possible have one each.

    An entry says little (its keys are partial), so that more than one may fit: each claims one, and
    who has it looks for another.
    """
    fits = [
        [place for place, one in enumerate(found) if not any(differences(wanted, one, at="_"))]
        for wanted in expected
    ]
    owners: dict[int, int] = {}

    def claim(wanted: int, tried: set[int]) -> bool:
        for place in fits[wanted]:
            if place not in tried:
                tried.add(place)
                if place not in owners or claim(owners[place], tried):
                    owners[place] = wanted
                    return True
        return False

    return [expected[wanted] for wanted in range(len(expected)) if not claim(wanted, set())]


def _plain(value: object) -> object:
    """Return a value so that equal figures are equal, however they are written."""
    if value is None or isinstance(value, bool):
        return ("word", value)
    if isinstance(value, (Real, Decimal)):
        return ("number", Fraction(str(value)))
    text = _text(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ("text", text)
    return ("number", Fraction(number)) if number.is_finite() else ("text", text)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _told(value: object) -> str:
    return json.dumps(value, default=_text, ensure_ascii=False)
