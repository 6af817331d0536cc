"""
FreeSWITCH's mod_cdr_csv, by the templates of its configuration.

`example` (the default there, 15 columns), `sql` (13, as INSERT statements), `asterisk` (18), and any
other as a list of columns. A call is charged from its answer for billsec; the caller pays, unless
the source names other columns. `context` tells calls from other networks.
"""

import re
from collections.abc import Collection, Mapping
from io import BytesIO
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _

from rating.formats import schema
from rating.formats.delimited import parse_lines
from rating.formats.documents import Shape, read_recipe
from rating.formats.parsed import ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format, no_header
from rating.formats.rows import raw_lines
from tariffs.domain.deck import UsageKind

TEMPLATES: Final = {
    "example": "caller_id_name caller_id_number destination_number context start_stamp answer_stamp"
    " end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode read_codec write_codec",
    "sql": "caller_id_name caller_id_number destination_number context start_stamp answer_stamp"
    " end_stamp duration billsec hangup_cause uuid bleg_uuid accountcode",
    "asterisk": "accountcode caller_id_number destination_number context caller_id channel_name"
    " bridge_channel last_app last_arg start_stamp answer_stamp end_stamp duration billsec"
    " hangup_cause amaflags uuid userfield",
}
_REQUIRED: Final = ("destination_number", "answer_stamp", "billsec", "uuid")
_OPTIONS: Final = schema.record(
    {
        "template": schema.one_of(TEMPLATES),
        "columns": schema.many(schema.text),
        "subscriber": schema.one_or_many(schema.text),
        "forwarded_by": schema.one_or_many(schema.text),
    }
)
_STATEMENT: Final = re.compile(
    rb"^INSERT INTO [^(]*VALUES ?\((.*?)\);[ \t]*(\r?)$", re.MULTILINE | re.IGNORECASE
)


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile."""
    wrong = check(settings.mapping)
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    names = _names(settings.mapping)
    is_sql = settings.mapping.get("template") == "sql"
    width = len(names) if "columns" in settings.mapping else 0
    shape = Shape({name: i for i, name in enumerate(names)}, length=width)
    recipe = read_recipe(_usage(settings.mapping, names))
    lines = BytesIO(_STATEMENT.sub(rb"\1\2", stream.read())) if is_sql else stream
    return parse_lines(lines, settings, shape=shape, recipe=recipe)


def raw_of(stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings) -> dict[int, str]:
    """Return lines by their numbers."""
    return raw_lines(stream, numbers)


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    wrong = _OPTIONS(mapping, "")
    if wrong:
        return wrong
    names = _names(mapping)
    usage = read_recipe(_usage(mapping, names))
    missing = [name for name in usage.columns if name and name not in names]
    return [_("columns: %s is missing") % name for name in missing]


def _names(mapping: Mapping[str, Any]) -> list[str]:
    listed: list[str] = mapping.get("columns", [])
    return listed or TEMPLATES[mapping.get("template", "example")].split()


def _usage(mapping: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "kind": UsageKind.VOICE.code,
        "subscriber": {"column": mapping.get("subscriber", "caller_id_number"), "as": "number"},
        "started_at": {"column": "answer_stamp"},
        "quantity": {"column": "billsec"},
        "other_number": "destination_number",
        "record_id": ["uuid"],
        # Attempts without answer have no length, and no moment of answer.
        "not_charged": [
            {"column": "billsec", "in": ["0"]},
            {"column": "answer_stamp", "in": [""]},
        ],
    }
    if "context" in names:
        usage["context"] = "context"
    if "forwarded_by" in mapping:
        usage["forwarded_by"] = mapping["forwarded_by"]
    return usage


FORMAT: Final = Format("freeswitch_csv", "FreeSWITCH mod_cdr_csv", parse, no_header, raw_of, check)
