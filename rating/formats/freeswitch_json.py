"""
FreeSWITCH's mod_json_cdr: a file per call, or one call per line, values URL-encoded or not.

A call is charged from its answer for billsec. The caller pays: `sip_from_user`, else the caller of
the newest leg of the call flow, else the account code; a source may name other paths. With
`legs` of b the records of both legs come: the direction `inbound` is the leg of the caller, the
other one is not charged, unless the source says otherwise.
"""

from collections.abc import Collection, Mapping
from typing import Any, BinaryIO, Final

from rating.formats import schema
from rating.formats.documents import Shape, read_recipe
from rating.formats.json_records import parse_json, raw_of_json
from rating.formats.parsed import ParsedUsage, SourceSettings, UnreadableFile
from rating.formats.plugin import Format, no_header
from tariffs.domain.deck import UsageKind

PATHS: Final = {
    "uuid": "variables.uuid",
    "core_uuid": "core-uuid",
    "direction": "variables.direction",
    "context": "callflow.0.caller_profile.context",
    "from_user": "variables.sip_from_user",
    "caller": "callflow.0.caller_profile.caller_id_number",
    "caller_of_old": "callflow.caller_profile.caller_id_number",
    "account_code": "variables.accountcode",
    "called": "callflow.0.caller_profile.destination_number",
    "called_of_old": "callflow.caller_profile.destination_number",
    "to_user": "variables.sip_to_user",
    "forwarded_by": "variables.sip_redirected_by",
    "billsec": "variables.billsec",
    "answer_uepoch": "variables.answer_uepoch",
    "answer_epoch": "variables.answer_epoch",
    "hangup_cause": "variables.hangup_cause",
}
_OPTIONS: Final = schema.record(
    {
        "subscriber": schema.one_or_many(schema.text),
        "charged_direction": schema.one_of(["inbound", "outbound", "both"]),
    }
)


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile."""
    wrong = check(settings.mapping)
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    paths = {**PATHS, **_own_paths(settings.mapping)}
    recipe = read_recipe(_usage(settings.mapping))
    return parse_json(stream, settings, shape=Shape(paths), recipe=recipe, is_url_encoded=True)


def raw_of(stream: BinaryIO, numbers: Collection[int], _settings: SourceSettings) -> dict[int, str]:
    """Return records by the numbers of their first lines, each as one line."""
    return raw_of_json(stream, numbers)


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    return _OPTIONS(mapping, "")


def _own_paths(mapping: Mapping[str, Any]) -> dict[str, str]:
    named = mapping.get("subscriber", [])
    paths = [named] if isinstance(named, str) else named
    return {f"own_{i}": path for i, path in enumerate(paths)}


def _usage(mapping: Mapping[str, Any]) -> dict[str, Any]:
    payer = [*_own_paths(mapping)] or ["from_user", "caller", "caller_of_old", "account_code"]
    charged = mapping.get("charged_direction", "inbound")
    legs = {"inbound": ["outbound"], "outbound": ["inbound"], "both": []}[charged]
    not_charged = [
        {"column": "billsec", "in": ["0"]},
        {"column": "answer_epoch", "in": ["0", ""]},
    ]
    if legs:
        not_charged.append({"column": "direction", "in": legs})
    return {
        "kind": UsageKind.VOICE.code,
        "subscriber": {"column": payer, "as": "number"},
        "started_at": {"column": "answer_epoch", "epoch": "seconds"},
        "quantity": {"column": "billsec"},
        "other_number": ["called", "called_of_old", "to_user"],
        "forwarded_by": "forwarded_by",
        "record_id": ["uuid"],
        "not_charged": not_charged,
        "context": "context",
    }


FORMAT: Final = Format(
    "freeswitch_json", "FreeSWITCH mod_json_cdr", parse, no_header, raw_of, check
)
