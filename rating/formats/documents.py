"""
Mapping documents: the JSON with which a source describes its files (docs/formats.md).

Checked key by key, then turned into where the columns stand (`Shape`) and what they say (`Recipe`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from rating.formats import schema
from rating.formats.quantities import CLOCK, UNITS
from rating.formats.recipe import (
    Condition,
    Direction,
    KindRule,
    Names,
    Partial,
    PartyRule,
    Recipe,
    Roaming,
    Term,
    TimeRule,
)
from tariffs.domain.deck import UsageKind

KINDS: Final = {kind.code: kind for kind in UsageKind}
#: Encodings in which a line feed is a line feed, whatever stands around it.
ENCODINGS: Final = ("utf-8", "cp1251", "cp866", "koi8-r", "latin-1")
EPOCHS: Final = ("seconds", "milliseconds", "microseconds")

_NAMES: Final = schema.one_or_many(schema.text)
_VALUES: Final = schema.many(schema.any_text)
_CONDITION: Final = schema.record(
    {"column": schema.text, "in": _VALUES, "not_in": _VALUES}, ["column"]
)


def _time_zone(value: Any, path: str) -> list[str]:
    return [] if value in available_timezones() else [_("%s: no such time zone") % path]


def _code(value: Any, path: str) -> list[str]:
    is_code = isinstance(value, str) and len(value) == 3 and value.isdecimal() and value != "000"
    return [] if is_code else [_("%s: must be three digits") % path]


_TERM: Final = schema.record(
    {
        "column": _NAMES,
        "unit": schema.one_of([*UNITS, CLOCK]),
        "may_be_empty": schema.flag,
    },
    ["column"],
)
_TERMS: Final = schema.one_or_many(_TERM)
_POSITION: Final = schema.when(
    lambda value: isinstance(value, str),
    schema.text,
    schema.when(
        lambda value: isinstance(value, list), schema.many(schema.whole()), schema.whole(most=1000)
    ),
)
FILE: Final = schema.record(
    {
        "type": schema.one_of(["csv", "fixed", "json"]),
        "encoding": schema.one_of(ENCODINGS),
        "delimiter": schema.character,
        "quote": schema.character,
        "header": schema.flag,
        "skip_lines": schema.whole(most=100),
        "length": schema.whole(least=1, most=10_000),
        "trailer": schema.record(
            {
                "begins_with": schema.text,
                "count": _POSITION,
                "on_difference": schema.one_of(["refuse", "report"]),
            },
            ["begins_with"],
        ),
    }
)
USAGE: Final[Mapping[str, schema.Rule]] = {
    "kind": schema.when(
        lambda value: isinstance(value, Mapping),
        schema.record(
            {"column": schema.text, "values": schema.table(schema.one_of(KINDS))},
            ["column", "values"],
        ),
        schema.one_of(KINDS),
    ),
    "subscriber": schema.record(
        {
            "column": _NAMES,
            "as": schema.one_of(["auto", "number", "login"]),
            "strip_realm": schema.flag,
        },
        ["column"],
    ),
    "started_at": schema.record(
        {
            "column": _NAMES,
            "format": schema.text,
            "epoch": schema.one_of(EPOCHS),
            "zone": _time_zone,
            "join": schema.flag,
            "minus": schema.text,
        },
        ["column"],
    ),
    "quantity": schema.when(
        lambda value: isinstance(value, Mapping) and "column" not in value,
        schema.table(_TERMS, keys=schema.one_of(KINDS)),
        _TERMS,
    ),
    "other_number": _NAMES,
    "record_id": schema.many(schema.one_or_many(schema.text)),
    "not_charged": schema.many(_CONDITION),
    "context": schema.text,
    "direction": schema.record(
        {
            "column": schema.text,
            "incoming": schema.many(schema.text),
            "pays_roaming": schema.flag,
        },
        ["column", "incoming"],
    ),
    "forwarded_by": _NAMES,
    "roaming": schema.record(
        {"column": _NAMES, "home": schema.many(schema.text), "codes": schema.table(_code)},
        ["column"],
    ),
    "partial": schema.record(
        {
            "is_part": _CONDITION,
            "last": _CONDITION,
            "number": schema.text,
            "first_number": schema.whole(),
            "counts": schema.one_of(["pieces", "running"]),
        },
        ["is_part"],
    ),
    "sequence": schema.text,
    "strip_prefixes": schema.many(schema.text),
}
_REQUIRED: Final = ("kind", "subscriber", "started_at", "quantity")
DOCUMENT: Final = schema.record(
    {
        "file": FILE,
        "columns": schema.table(_POSITION),
        "constants": schema.table(schema.text),
        "usage": schema.record(USAGE, _REQUIRED),
    },
    ["columns", "usage"],
)


@dataclass(frozen=True, slots=True)
class Trailer:
    """The last line: how it begins, where it has the number of records, and what a lie means."""

    begins_with: str
    count: int | tuple[int, int] | None = None
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written, and where its columns stand: a name, a position, or from and to."""

    columns: Mapping[str, str | int | tuple[int, int]]
    constants: Mapping[str, str] = field(default_factory=dict)
    type: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    has_header: bool = False
    skip_lines: int = 0
    length: int = 0
    trailer: Trailer | None = None

    @property
    def lead(self) -> int:
        """How many lines stand before the first record."""
        return self.skip_lines + self.has_header


def check_document(document: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a mapping document; nothing if it can be used."""
    wrong = DOCUMENT(document, "")
    return wrong or [*_wrong_places(document), *_wrong_names(document)]


def _wrong_places(document: Mapping[str, Any]) -> list[str]:
    """Columns must stand where files of the type have columns."""
    file = document.get("file", {})
    kind, wrong = file.get("type", "csv"), []
    for name, place in document["columns"].items():
        is_span = isinstance(place, list)
        if kind == "fixed" and not (is_span and len(place) == 2 and place[0] < place[1]):
            wrong.append(_("columns.%s: must be [from, to) in a file of fixed width") % name)
        if kind == "csv" and is_span:
            wrong.append(_("columns.%s: must be a name or a position") % name)
        if kind == "csv" and isinstance(place, str) and not file.get("header"):
            wrong.append(_("columns.%s: is a name, but file.header is not true") % name)
        if kind == "json" and not isinstance(place, str):
            wrong.append(_("columns.%s: must be a path such as a.b") % name)
    if kind == "csv" and not file.get("delimiter", ","):
        wrong.append(_("file.delimiter: is empty"))
    if kind == "json" and "trailer" in file:
        wrong.append(_("file.trailer: JSON has none"))
    return wrong


def _wrong_names(document: Mapping[str, Any]) -> list[str]:
    """What the usage names must be a column; rules that need each other must stand together."""
    usage = document["usage"]
    known = {*document["columns"], *document.get("constants", {})}
    recipe = read_recipe(usage)
    wrong = [_("usage: no column is called “%s”") % n for n in recipe.columns if n not in known]
    time = usage["started_at"]
    if "format" in time and "epoch" in time:
        wrong.append(_("usage.started_at: has both a format and an epoch"))
    partial = usage.get("partial")
    if partial and partial.get("counts", "pieces") == "pieces" and "last" not in partial:
        wrong.append(_("usage.partial.last: is missing"))
    if partial and "record_id" not in usage:
        wrong.append(_("usage.record_id: is missing; parts are told to be one call by it"))
    if "forwarded_by" in usage and "other_number" not in usage:
        wrong.append(_("usage.other_number: is missing; forwarded_by needs it"))
    return wrong


def read_shape(document: Mapping[str, Any]) -> Shape:
    """Return the shape of a checked document."""
    file = document.get("file", {})
    trailer = file.get("trailer")
    return Shape(
        columns={name: _place(place) for name, place in document["columns"].items()},
        constants=document.get("constants", {}),
        type=file.get("type", "csv"),
        encoding=file.get("encoding", "utf-8"),
        delimiter=file.get("delimiter", ","),
        quote=file.get("quote", '"'),
        has_header=file.get("header", False),
        skip_lines=file.get("skip_lines", 0),
        length=file.get("length", 0),
        trailer=trailer
        and Trailer(
            trailer["begins_with"],
            _place(trailer.get("count")),
            trailer.get("on_difference", "refuse") == "refuse",
        ),
    )


def _place(place: Any) -> Any:
    return tuple(place) if isinstance(place, list) else place


def read_recipe(usage: Mapping[str, Any]) -> Recipe:
    """Return the recipe of the `usage` of a checked document."""
    direction, roaming, partial = (usage.get(k) for k in ("direction", "roaming", "partial"))
    return Recipe(
        kind=_kind(usage["kind"]),
        subscriber=PartyRule(
            _names(usage["subscriber"]["column"]),
            usage["subscriber"].get("as", "auto"),
            usage["subscriber"].get("strip_realm", False),
        ),
        started_at=_time(usage["started_at"]),
        quantity=_quantities(usage["quantity"]),
        other_number=_names(usage.get("other_number", [])),
        record_id=_identities(usage.get("record_id", [])),
        not_charged=tuple(_condition(c) for c in usage.get("not_charged", [])),
        context=usage.get("context", ""),
        direction=direction
        and Direction(
            Condition(direction["column"], tuple(direction["incoming"])),
            direction.get("pays_roaming", False),
        ),
        forwarded_by=_names(usage.get("forwarded_by", [])),
        roaming=roaming
        and Roaming(
            _names(roaming["column"]), tuple(roaming.get("home", [])), roaming.get("codes", {})
        ),
        partial=partial and _partial(partial),
        sequence=usage.get("sequence", ""),
        strip_prefixes=tuple(usage.get("strip_prefixes", [])),
    )


def _names(value: str | list[str]) -> Names:
    return (value,) if isinstance(value, str) else tuple(value)


def _identities(value: list[Any]) -> tuple[Names, ...]:
    """A list of columns is one identity; a list of lists, several to choose from."""
    if all(isinstance(item, str) for item in value):
        return (tuple(value),) if value else ()
    return tuple(_names(item) for item in value)


def _kind(value: Any) -> KindRule:
    if isinstance(value, str):
        return KindRule(KINDS[value])
    return KindRule(None, value["column"], {k: KINDS[v] for k, v in value["values"].items()})


def _time(value: Mapping[str, Any]) -> TimeRule:
    way = value.get("epoch") or value.get("format", "iso")
    return TimeRule(
        _names(value["column"]),
        way,
        value.get("zone", ""),
        value.get("join", False),
        value.get("minus", ""),
    )


def _quantities(value: Any) -> dict[UsageKind, tuple[Term, ...]]:
    if isinstance(value, Mapping) and "column" not in value:
        return {KINDS[kind]: _terms(kind, terms) for kind, terms in value.items()}
    return {kind: _terms(kind.code, value) for kind in UsageKind}


#: What a quantity is counted in unless the document says otherwise.
_NATURAL: Final = {"voice": "seconds", "sms": "messages", "data": "bytes", "session": "bytes"}


def _terms(kind: str, value: Any) -> tuple[Term, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(
        Term(
            _names(term["column"]),
            term.get("unit", _NATURAL[kind]),
            term.get("may_be_empty", False),
        )
        for term in found
    )


def _condition(value: Mapping[str, Any]) -> Condition:
    """Without values, the condition is that the column is filled."""
    if "in" in value:
        return Condition(value["column"], tuple(value["in"]))
    return Condition(value["column"], tuple(value.get("not_in", [""])), negated=True)


def _partial(value: Mapping[str, Any]) -> Partial:
    last = value.get("last")
    return Partial(
        is_part=_condition(value["is_part"]),
        last=_condition(last) if last else None,
        number=value.get("number", ""),
        first_number=value.get("first_number", 1),
        is_running=value.get("counts") == "running",
    )
