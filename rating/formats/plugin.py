"""
What a format is, and how the formats in this folder are found.
"""

import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from rating.formats.parsed import DEFAULTS, ParsedUsage, SourceSettings
from rating.formats.rows import raw_lines


def no_header(_stream: BinaryIO, _settings: SourceSettings = DEFAULTS) -> bytes:
    """Return the lines without which others can't be read: there are none."""
    return b""


def lines_as_written(
    stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings
) -> dict[int, str]:
    """Return records by the numbers of their lines: each is one line of UTF-8."""
    return raw_lines(stream, numbers)


def nothing_to_set(mapping: Mapping[str, Any]) -> list[str]:
    """Refuse a document where the format understands none."""
    return [_("%s: is not understood") % key for key in sorted(mapping)]


@dataclass(frozen=True, slots=True)
class Format:
    """
    A format of usage files: a module of this folder that has one of these as FORMAT.

    `parse(stream, settings)` makes columns of a file, or raises UnreadableFile. `header_of(stream,
    settings)` gives, as UTF-8, the lines at its beginning that others can't be read without.
    `raw_of(stream, numbers, settings)` gives records as the suspense keeps them, by the numbers of
    their first lines: each as one line, which `parse` reads like those of a file. `check(mapping)`
    says what is wrong with the document of a source, one sentence per key.
    """

    code: str
    name: str
    parse: Callable[[BinaryIO, SourceSettings], ParsedUsage]
    header_of: Callable[..., bytes] = no_header
    raw_of: Callable[[BinaryIO, Collection[int], SourceSettings], dict[int, str]] = lines_as_written
    check: Callable[[Mapping[str, Any]], list[str]] = nothing_to_set


def collect(folders: Iterable[str], package: str) -> dict[str, Format]:
    """Return the formats of a package's folders by code, in the order of their names."""
    modules = [import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folders)]
    formats = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {known.code: known for known in sorted(formats, key=lambda known: known.name)}
