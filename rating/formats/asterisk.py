"""
Asterisk's Master.csv: 16 to 21 columns, quoted, no header; and what cdr_custom is told to write.

accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
duration, billsec, disposition, amaflags, then by configuration uniqueid, userfield, peeraccount,
linkedid, sequence. Times are local times of the source's zone (`usegmtime=yes`: zone UTC).

Not told, the columns are known by their number: 17 end with uniqueid, 18 with userfield, 19 with
sequence without either, 20 have uniqueid and the three newer ones, 21 have all. A source says what
can't be seen, in the words of cdr.conf (`loguniqueid`, `loguserfield`, `newcdrcolumns`,
`usegmtime`), or names its columns (`columns`, in their order), or a `template` of cdr_custom.

A call is charged from its answer, for its billsec; the caller (src) pays. Calls that were not
answered, and those that came in from other networks, are not chargeable.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from django.utils.translation import gettext as _

from rating.domain.suspense import SuspenseReason
from rating.formats import schema
from rating.formats.checks import check_rows
from rating.formats.keys import SEPARATOR, hash_texts
from rating.formats.numbers import read_numbers
from rating.formats.parsed import (
    Ints,
    ParsedUsage,
    SourceSettings,
    UnreadableFile,
    joined,
    make_columns,
)
from rating.formats.plugin import Format
from rating.formats.rows import Block, Layout, Rows, read_blocks, read_rows
from rating.formats.times import read_local_times
from tariffs.domain.deck import UsageKind

ALWAYS: Final = (
    "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end"
    " duration billsec disposition amaflags"
).split()
NEWER: Final = ("peeraccount", "linkedid", "sequence")
KNOWN: Final = (*ALWAYS, "uniqueid", "userfield", *NEWER)
#: Master.csv of the sample of cdr_custom.conf, as it was before sequence came, and since.
TEMPLATES: Final = {
    "cdr_custom_18": ("clid", *ALWAYS[1:4], *ALWAYS[5:], "accountcode", "uniqueid", "userfield"),
    "cdr_custom": (
        *("clid", *ALWAYS[1:4], *ALWAYS[5:], "accountcode", "uniqueid", "userfield"),
        "sequence",
    ),
}
_USED: Final = "src dst dcontext channel answer end billsec disposition uniqueid sequence".split()
_REQUIRED: Final = ("src", "dst", "answer", "billsec")
#: Where columns stand while their number tells; the 20th is there in files of 20 and 21 only.
BY_NUMBER: Final = Layout(
    columns={
        **{name: ALWAYS.index(name) for name in _USED if name in ALWAYS},
        "uniqueid": 16,
        "nineteenth": 18,
        "twentieth": 19,
        "sequence": 20,
    },
    fewest=16,
    most=21,
)
OPTIONS: Final = schema.record(
    {
        "loguniqueid": schema.flag,
        "loguserfield": schema.flag,
        "newcdrcolumns": schema.flag,
        "usegmtime": schema.flag,
        "columns": schema.many(schema.text),
        "template": schema.one_of(TEMPLATES),
    }
)
ANSWERED: Final = "ANSWERED"


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile if it is no text."""
    wrong = check(settings.mapping) if settings.mapping else []
    if wrong:
        raise UnreadableFile("; ".join(wrong))
    if settings.mapping.get("usegmtime"):
        settings = replace(settings, time_zone="UTC")
    layout = _layout(settings.mapping)
    return joined(_parse_block(block, layout, settings) for block in read_blocks(stream))


def check(mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options of a source."""
    wrong = OPTIONS(mapping, "")
    if wrong or "columns" not in mapping:
        return wrong
    columns = mapping["columns"]
    missing = [name for name in _REQUIRED if name not in columns]
    return [_("columns: %s is missing") % name for name in missing]


def _layout(mapping: Mapping[str, Any]) -> Layout:
    """Return where the columns stand: as the source says, else by their number."""
    named = mapping.get("columns") or TEMPLATES.get(mapping.get("template", ""))
    if not named and not {"loguniqueid", "loguserfield", "newcdrcolumns"} & mapping.keys():
        return BY_NUMBER
    if not named:
        named = [
            *ALWAYS,
            *(["uniqueid"] if mapping.get("loguniqueid", False) else []),
            *(["userfield"] if mapping.get("loguserfield", False) else []),
            *(NEWER if mapping.get("newcdrcolumns", False) else []),
        ]
    places = {name: place for place, name in enumerate(named) if name in _USED}
    return Layout(places, fewest=len(named), most=len(named))


def _parse_block(block: Block, layout: Layout, settings: SourceSettings) -> ParsedUsage:
    rows = _with_all(read_rows(block, layout))
    chargeable = _chargeable(rows.frame, settings)
    not_charged = len(chargeable) - int(chargeable.sum())
    rows = rows.keep(chargeable)
    frame = rows.frame
    caller, caller_is_full = _caller(frame["src"], settings)
    number, length, is_number = read_numbers(frame["dst"], area_code=settings.area_code)
    moment, has_moment = read_local_times(frame["answer"], time_zone=settings.time_zone)
    seconds = frame["billsec"].cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    checks = (
        (seconds >= 0, SuspenseReason.BAD_DURATION, "billsec"),
        (has_moment, SuspenseReason.BAD_TIME, "answer"),
        (caller_is_full, SuspenseReason.BAD_SUBSCRIBER, "src"),
        (is_number, SuspenseReason.BAD_NUMBER, "dst"),
    )
    good, bad = check_rows(rows, checks)
    columns = make_columns(
        line=block.first_line + rows.place[good],
        record_key=_keys(frame)[good],
        subscriber_key=caller[good],
        started_at=moment[good],
        kind=np.full(int(good.sum()), UsageKind.VOICE),
        number_b=number[good],
        number_b_length=length[good],
        quantity=seconds[good],
    )
    return ParsedUsage(columns, [*rows.bad, *bad], not_charged)


def _with_all(rows: Rows) -> Rows:
    """Add the columns that the files of this source lack, empty."""
    lacking = [name for name in _USED if name not in rows.frame.columns]
    if not lacking:
        return rows
    empty = [pl.lit(None, pl.String).alias(name) for name in lacking]
    return replace(rows, frame=rows.frame.with_columns(empty))


def _chargeable(frame: pl.DataFrame, settings: SourceSettings) -> npt.NDArray[np.bool_]:
    if _has_dispositions(settings.mapping):
        chargeable = frame["disposition"].fill_null("") == ANSWERED
    else:
        # Without a disposition the moment of answer tells.
        chargeable = frame["answer"].fill_null("") != ""
    if settings.incoming_contexts:
        chargeable &= ~frame["dcontext"].fill_null("").is_in(list(settings.incoming_contexts))
    return chargeable.to_numpy()


def _has_dispositions(mapping: Mapping[str, Any]) -> bool:
    return "disposition" in mapping.get("columns", ["disposition"])


def _caller(texts: pl.Series, settings: SourceSettings) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the caller's number; a short one can't be a subscriber's."""
    caller, length, is_number = read_numbers(texts, area_code=settings.area_code)
    return caller, is_number & (length > 6)


def _keys(frame: pl.DataFrame) -> Ints:
    """
    Return the record keys: uniqueid and sequence, else the columns that tell calls apart.

    They are fixed for good: of 20 columns the uniqueid alone counts.
    """
    text = pl.col("uniqueid").fill_null("")
    if "nineteenth" in frame.columns:
        # Of 19 columns none is the uniqueid: the 17th is the peer's account.
        is_nineteen = pl.col("nineteenth").is_not_null() & pl.col("twentieth").is_null()
        text = pl.when(is_nineteen).then(pl.lit("")).otherwise(text)
    named = pl.concat_str([text, pl.col("sequence").fill_null("")], separator=SEPARATOR)
    keys = frame.select(text=text, named=named)
    if (keys["text"] != "").all():
        return hash_texts(keys["named"])
    told = pl.concat_str(
        [
            pl.col(name).fill_null("")
            for name in ("src", "dst", "channel", "answer", "end", "billsec")
        ],
        separator=SEPARATOR,
    )
    return hash_texts(frame.select(key=pl.when(text == "").then(told).otherwise(named))["key"])


FORMAT: Final = Format("asterisk", "Asterisk Master.csv", parse, check=check)
