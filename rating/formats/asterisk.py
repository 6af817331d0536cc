"""
Asterisk's Master.csv: 16 to 21 columns, quoted, no header.

accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end,
duration, billsec, disposition, amaflags, then by configuration uniqueid, userfield, peeraccount,
linkedid, sequence. Times are local times of the source's zone (`usegmtime=yes`: zone UTC).

A call is charged from its answer, for its billsec; the caller (src) pays. Calls that were not
answered, and those that came in from other networks, are not chargeable.
"""

from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rating.domain.suspense import SuspenseReason
from rating.formats.checks import check_rows
from rating.formats.keys import SEPARATOR, hash_texts
from rating.formats.numbers import read_numbers
from rating.formats.parsed import Ints, ParsedUsage, SourceSettings, joined, make_columns
from rating.formats.rows import Block, Layout, read_blocks, read_rows
from rating.formats.times import read_local_times
from tariffs.domain.deck import UsageKind

LAYOUT: Final = Layout(
    columns={
        "src": 1,
        "dst": 2,
        "dcontext": 3,
        "channel": 5,
        "answer": 10,
        "end": 11,
        "billsec": 13,
        "disposition": 14,
        "uniqueid": 16,
        "sequence": 20,
    },
    fewest=16,
    most=21,
)
ANSWERED: Final = "ANSWERED"


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile if it is no text."""
    return joined(_parse_block(block, settings) for block in read_blocks(stream))


def header_of(_stream: BinaryIO) -> bytes:
    """Return the line without which others can't be read: there is none."""
    return b""


def _parse_block(block: Block, settings: SourceSettings) -> ParsedUsage:
    rows = read_rows(block, LAYOUT)
    chargeable = _chargeable(rows.frame, settings)
    not_charged = len(chargeable) - int(chargeable.sum())
    rows = rows.keep(chargeable)
    frame = rows.frame
    caller, _, caller_is_full = _caller(frame["src"], settings)
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


def _chargeable(frame: pl.DataFrame, settings: SourceSettings) -> npt.NDArray[np.bool_]:
    chargeable = frame["disposition"].fill_null("") == ANSWERED
    if settings.incoming_contexts:
        chargeable &= ~frame["dcontext"].fill_null("").is_in(list(settings.incoming_contexts))
    return chargeable.to_numpy()


def _caller(texts: pl.Series, settings: SourceSettings) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Return the caller's number; a short one can't be a subscriber's."""
    caller, length, is_number = read_numbers(texts, area_code=settings.area_code)
    return caller, length, is_number & (length > 6)


def _keys(frame: pl.DataFrame) -> Ints:
    """Return the record keys: uniqueid and sequence, else the columns that tell calls apart."""
    text = pl.col("uniqueid").fill_null("")
    named = pl.concat_str([text, pl.col("sequence").fill_null("")], separator=SEPARATOR)
    told = pl.concat_str(
        [
            pl.col(name).fill_null("")
            for name in ("src", "dst", "channel", "answer", "end", "billsec")
        ],
        separator=SEPARATOR,
    )
    return hash_texts(frame.select(key=pl.when(text == "").then(told).otherwise(named))["key"])
