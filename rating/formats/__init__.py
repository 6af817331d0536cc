"""
Formats of usage files: a file's bytes to columns. A new one is a file in this folder.

It declares `FORMAT = Format(code, name, parse, …)`, see plugin.py; nothing else names it.
"""

from typing import Final

from rating.formats.parsed import (
    BadLine,
    Columns,
    ParsedUsage,
    Parts,
    SourceSettings,
    UnreadableFile,
)
from rating.formats.plugin import Format, collect

__all__ = [
    "FORMATS",
    "BadLine",
    "Columns",
    "Format",
    "ParsedUsage",
    "Parts",
    "SourceSettings",
    "UnreadableFile",
]

FORMATS: Final = collect(__path__, __name__)
