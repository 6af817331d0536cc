"""
Retel's own CSV for messages, mobile data, internet sessions and calls (docs/usage_csv.md).

The first line names the columns, in any order; columns not known are ignored.
"""

import csv
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from django.utils.translation import gettext as _

from accounts.domain.identifiers import subscriber_key
from rating.domain.suspense import SuspenseReason
from rating.formats.checks import check_rows
from rating.formats.keys import SEPARATOR, hash_texts
from rating.formats.numbers import read_numbers
from rating.formats.parsed import (
    DEFAULTS,
    Corrected,
    Ints,
    ParsedUsage,
    SourceSettings,
    UnreadableFile,
    joined,
    make_columns,
    some_of,
)
from rating.formats.plugin import Format
from rating.formats.rows import Block, Layout, read_blocks, read_rows
from rating.formats.times import read_zoned_times
from tariffs.domain.deck import UsageKind

REQUIRED: Final = ("record_id", "kind", "subscriber", "started_at", "quantity", "other_number")
#: May be there: a record of a higher correction takes the place of those with its id before.
CORRECTION: Final = "correction"
MOST_CORRECTION: Final = 10_000
KINDS: Final = {kind.code: int(kind) for kind in UsageKind}
_LONGEST_HEADER: Final = 4096
#: These go to a number; the others may have none.
_TO_A_NUMBER: Final = (UsageKind.VOICE, UsageKind.SMS)
#: A larger quantity is no usage but a broken counter.
MOST_QUANTITY: Final = 10**15


def parse(stream: BinaryIO, settings: SourceSettings) -> ParsedUsage:
    """Return the usage of a file. Raises UnreadableFile without text or header."""
    header = header_of(stream)
    layout = _layout(header)
    return joined(
        _parse_block(rest, layout, settings)
        for block in read_blocks(stream)
        if (rest := _without_header(block)).data
    )


def header_of(stream: BinaryIO, _settings: SourceSettings = DEFAULTS) -> bytes:
    """Return the first line; the stream is at its beginning again."""
    stream.seek(0)
    header = stream.readline(_LONGEST_HEADER).removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
    stream.seek(0)
    return header


def _without_header(block: Block) -> Block:
    if block.first_line > 1:
        return block
    return Block(block.data.partition(b"\n")[2], 2)


def _layout(header: bytes) -> Layout:
    try:
        names = [name.strip() for name in next(csv.reader([header.decode()]), [])]
    except UnicodeDecodeError:
        raise UnreadableFile(_("The file is not UTF-8 text.")) from None
    except csv.Error:
        # Lines that end with a carriage return alone are one line to everybody else.
        raise UnreadableFile(_("The first line can't be read as columns.")) from None
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        message = _("The first line does not name the columns: %(names)s")
        raise UnreadableFile(message % {"names": ", ".join(missing)})
    wanted = (*REQUIRED, CORRECTION) if CORRECTION in names else REQUIRED
    columns = {name: names.index(name) for name in wanted}
    return Layout(columns=columns, fewest=len(names), most=len(names))


def _parse_block(block: Block, layout: Layout, settings: SourceSettings) -> ParsedUsage:
    rows = read_rows(block, layout)
    frame = rows.frame
    kind = frame["kind"].replace_strict(KINDS, default=0, return_dtype=pl.Int8).to_numpy()
    subscriber, is_subscriber = _subscribers(frame, kind, settings)
    number, length, is_number = _other_numbers(frame, kind, settings)
    moment, has_moment = read_zoned_times(frame["started_at"], time_zone=settings.time_zone)
    quantity = frame["quantity"].cast(pl.Int64, strict=False).fill_null(-1).to_numpy()
    correction = _corrections(frame)
    checks = (
        (kind > 0, SuspenseReason.UNKNOWN_KIND, "kind"),
        ((quantity >= 0) & (quantity < MOST_QUANTITY), SuspenseReason.BAD_DURATION, "quantity"),
        (has_moment, SuspenseReason.BAD_TIME, "started_at"),
        (is_subscriber, SuspenseReason.BAD_SUBSCRIBER, "subscriber"),
        (is_number, SuspenseReason.BAD_NUMBER, "other_number"),
        (_is_correction(frame, correction), SuspenseReason.MALFORMED_LINE, CORRECTION),
    )
    good, bad = check_rows(rows, checks)
    columns = make_columns(
        line=block.first_line + rows.place[good],
        record_key=_keys(frame)[good],
        subscriber_key=subscriber[good],
        started_at=moment[good],
        kind=kind[good],
        number_b=number[good],
        number_b_length=length[good],
        quantity=quantity[good],
    )
    number = correction[good]
    if not number.any():
        return ParsedUsage(columns, [*rows.bad, *bad])
    corrected = Corrected(some_of(columns, number > 0), number[number > 0])
    return ParsedUsage(some_of(columns, number == 0), [*rows.bad, *bad], corrected=corrected)


def _corrections(frame: pl.DataFrame) -> Ints:
    """Return the correction numbers, 0 where there are none, -1 where they are no numbers."""
    if CORRECTION not in frame.columns:
        return np.zeros(len(frame), np.int64)
    told = frame[CORRECTION].fill_null("").str.strip_chars()
    number = pl.when(told == "").then(0).otherwise(told.cast(pl.Int64, strict=False))
    return frame.select(number=number.fill_null(-1))["number"].to_numpy()


def _is_correction(frame: pl.DataFrame, number: Ints) -> npt.NDArray[np.bool_]:
    """Whether the numbers are some, and the records corrected have an id."""
    has_id = (frame["record_id"].fill_null("") != "").to_numpy()
    good: npt.NDArray[np.bool_] = (
        (number >= 0) & (number <= MOST_CORRECTION) & (has_id | (number == 0))
    )
    return good


def _subscribers(
    frame: pl.DataFrame, kind: npt.NDArray[np.int8], settings: SourceSettings
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the subscribers' keys: of a session by login as written, else by number."""
    number, length, is_number = read_numbers(frame["subscriber"], area_code=settings.area_code)
    key, known = number.copy(), is_number & (length > 6)
    sessions = np.flatnonzero(kind == UsageKind.SESSION)
    if len(sessions):
        logins = frame["subscriber"].gather(sessions).fill_null("").str.strip_chars()
        distinct = logins.unique()
        keys = [subscriber_key(login) if login else 0 for login in distinct]
        key[sessions] = logins.replace_strict(distinct, keys, return_dtype=pl.Int64).to_numpy()
        known[sessions] = (logins != "").to_numpy()
    return key, known


def _other_numbers(
    frame: pl.DataFrame, kind: npt.NDArray[np.int8], settings: SourceSettings
) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    number, length, is_number = read_numbers(frame["other_number"], area_code=settings.area_code)
    needed = np.isin(kind, _TO_A_NUMBER)
    return np.where(needed, number, 0), np.where(needed, length, 0), is_number | ~needed


def _keys(frame: pl.DataFrame) -> Ints:
    """Return the record keys: of record_id, else of everything the record says."""
    own = pl.col("record_id").fill_null("")
    told = pl.concat_str([pl.col(name).fill_null("") for name in REQUIRED], separator=SEPARATOR)
    return hash_texts(frame.select(key=pl.when(own == "").then(told).otherwise(own))["key"])


FORMAT: Final = Format("retel_csv", "Retel CSV", parse, header_of)
