"""
JSON files: one record per line, one per file on many lines, several on end, or an array of them.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO, Final
from urllib.parse import unquote

from django.utils.translation import gettext as _

from rating.domain.suspense import SuspenseReason
from rating.formats.documents import Shape
from rating.formats.interpreting import interpret
from rating.formats.parsed import BadLine, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.recipe import Recipe
from rating.formats.records import Found, kept_record, make_records

_DECODER: Final = json.JSONDecoder()
_BETWEEN: Final = re.compile(r"[\s,\[\]]*")
_NEXT: Final = re.compile(r"\n(?=\s*\{)")


def parse_json(
    stream: BinaryIO,
    settings: SourceSettings,
    *,
    shape: Shape,
    recipe: Recipe,
    is_url_encoded: bool = False,
) -> ParsedUsage:
    """Return the usage of a file; columns of the shape are paths such as `variables.uuid`."""
    bad: list[BadLine] = []
    wanted = {n: str(p).split(".") for n, p in shape.columns.items() if n in recipe.columns}
    found = [
        Found(line, raw, {**shape.constants, **_fields(record, wanted)})
        for line, raw, record in _records(_text(stream), bad)
    ]
    columns = [*dict.fromkeys([*wanted, *shape.constants])]
    records = make_records(found, columns=columns, bad=bad)
    if is_url_encoded:
        records = records.changed(unquote)
    return interpret(records, recipe, settings)


def raw_of_json(stream: BinaryIO, numbers: Collection[int]) -> dict[int, str]:
    """Return records by the numbers of their first lines, each as one line."""
    found = _records(_text(stream), [])
    return {line: kept_record(raw) for line, raw, _record in found if line in numbers}


def _text(stream: BinaryIO) -> str:
    try:
        return stream.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(_("The file is not UTF-8 text.")) from None


def _records(text: str, bad: list[BadLine]) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield line, text on one line, and content; what can't be read is added to `bad`."""
    place, line, counted = 0, 1, 0
    while True:
        found = _BETWEEN.match(text, place)
        place = found.end() if found else place
        if place >= len(text):
            return
        line += text.count("\n", counted, place)
        counted = place
        try:
            record, end = _DECODER.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:
            record, end = str(error), _resume(text, place)
        raw = text[place:end]
        if isinstance(record, dict):
            yield line, _one_line(raw, record), record
        else:
            detail = record if isinstance(record, str) else _("no JSON object")
            raw = kept_record(" ".join(raw.split()))
            bad.append(BadLine(line, SuspenseReason.MALFORMED_LINE, detail[:200], raw))
        place = end


def _resume(text: str, place: int) -> int:
    """Return where to go on after a record that can't be read: the next line with a brace."""
    following = _NEXT.search(text, place)
    return following.start() if following else len(text)


def _one_line(raw: str, record: Mapping[str, Any]) -> str:
    if "\n" not in raw and "\r" not in raw:
        return raw
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _fields(record: Mapping[str, Any], wanted: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: _as_text(_reach(record, path)) for name, path in wanted.items()}


def _reach(value: Any, path: list[str]) -> Any:
    """Follow keys of objects and positions of lists."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _as_text(value: Any) -> str:
    """Return a value as a column has it."""
    if value is None or isinstance(value, Mapping | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
