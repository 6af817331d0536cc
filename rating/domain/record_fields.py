"""
One field of a delimited line, taken out and put back; every other byte of the line stays.
"""

from dataclasses import dataclass
from typing import Final

QUOTE: Final = '"'
#: The whole line instead of a field of it.
WHOLE_LINE: Final = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in its line: [start, end), with its quotes if it has them."""

    start: int
    end: int
    is_quoted: bool


def find_fields(line: str, delimiter: str = ",") -> list[Place] | None:
    """
    Return the places of a line's fields, or None if a quote is never closed.

    >>> line = 'a,"b,c",'
    >>> [line[place.start : place.end] for place in find_fields(line)]
    ['a', '"b,c"', '']
    """
    places: list[Place] = []
    start = 0
    while True:
        end = _end_of_field(line, start, delimiter)
        if end is None:
            return None
        is_quoted = end - start > 1 and line[start] == QUOTE and line[end - 1] == QUOTE
        places.append(Place(start, end, is_quoted))
        if end == len(line):
            return places
        start = end + 1


def _end_of_field(line: str, start: int, delimiter: str) -> int | None:
    if not line.startswith(QUOTE, start):
        end = line.find(delimiter, start)
        return len(line) if end < 0 else end
    at = start + 1
    while (at := line.find(QUOTE, at)) >= 0:
        if line.startswith(QUOTE * 2, at):
            at += 2
            continue
        end = line.find(delimiter, at + 1)
        return len(line) if end < 0 else end
    return None


def take_field(line: str, position: int, *, delimiter: str = ",") -> str | None:
    """
    Return a field's text without its quotes; None if the line has no such field.

    >>> take_field('1,"a;b",3', 1), take_field('1,2', 5), take_field('1,"2', 1)
    ('a;b', None, None)
    """
    if position == WHOLE_LINE:
        return line
    place = _place_of(line, position, delimiter)
    if place is None:
        return None
    text = line[place.start : place.end]
    return text[1:-1].replace(QUOTE * 2, QUOTE) if place.is_quoted else text


def put_field(line: str, position: int, value: str, *, delimiter: str = ",") -> str:
    """
    Return the line with another text in a field, quoted if it was or has to be.

    Raises ValueError if the line has no such field.

    >>> put_field('1,"a",3', 1, "b"), put_field("1,a,3", 1, "x,y")
    ('1,"b",3', '1,"x,y",3')
    """
    if position == WHOLE_LINE:
        return value
    place = _place_of(line, position, delimiter)
    if place is None:
        raise ValueError(position)
    if place.is_quoted or delimiter in value or QUOTE in value:
        value = QUOTE + value.replace(QUOTE, QUOTE * 2) + QUOTE
    return line[: place.start] + value + line[place.end :]


def _place_of(line: str, position: int, delimiter: str) -> Place | None:
    places = find_fields(line, delimiter)
    if places is None or not 0 <= position < len(places):
        return None
    return places[position]
