"""
Any file of lines or JSON, as the source's mapping document describes it (docs/formats.md).
"""

from collections.abc import Collection, Mapping
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _

from rating.formats.delimited import header_of_lines, parse_lines, raw_of_lines
from rating.formats.documents import Shape, check_document, read_recipe, read_shape
from rating.formats.json_records import parse_json, raw_of_json
from rating.formats.parsed import DEFAULTS, ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile, also if the mapping is wrong."""
    wrong = check_document(settings.mapping)
    if wrong:
        raise UnreadableFile(_("The mapping is wrong: %s") % "; ".join(wrong))
    shape = read_shape(settings.mapping)
    recipe = read_recipe(settings.mapping["usage"])
    if shape.type == "json":
        return parse_json(stream, settings, shape=shape, recipe=recipe)
    return parse_lines(stream, settings, shape=shape, recipe=recipe)


def header_of(stream: BinaryIO, settings: SourceSettings = DEFAULTS) -> bytes:
    """Return the lines before the first record, as UTF-8."""
    shape = _shape(settings.mapping)
    return header_of_lines(stream, shape=shape) if shape and shape.type != "json" else b""


def raw_of(stream: BinaryIO, numbers: Collection[int], settings: SourceSettings) -> dict[int, str]:
    """Return records by their lines, as the suspense keeps them."""
    shape = _shape(settings.mapping)
    if shape and shape.type == "json":
        return raw_of_json(stream, numbers)
    return raw_of_lines(stream, numbers, shape=shape or Shape({}))


def _shape(mapping: Mapping[str, Any]) -> Shape | None:
    return None if check_document(mapping) else read_shape(mapping)


FORMAT: Final = Format("mapping", "CSV, JSON", parse, header_of, raw_of, check_document)
