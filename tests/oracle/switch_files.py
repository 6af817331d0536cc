"""
Usage files read the plain way, line by line: Asterisk's Master.csv and Retel's own CSV.

Gives the records to be priced, once each (the first delivery counts), in the order of their starts.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.oracle.plain_rating import Record

WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
LOCAL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)", re.ASCII)
HELP = {
    **{form: f"10{n}" for n in "1234" for form in (f"0{n}", f"0{n}0", f"10{n}", f"+710{n}")},
    **dict.fromkeys(("112", "+7112"), "112"),
}
SEPARATOR = "\x1f"
MASK = 2**64 - 1


@dataclass(frozen=True)
class Source:
    """A switch and how its files are to be read: `format` is asterisk or retel_csv."""

    code: str
    format: str
    time_zone: str = "Europe/Moscow"
    area_code: str = ""
    incoming: frozenset[str] = frozenset()


@dataclass
class Intake:
    """What the files held: `refused` counts lines that are no usage, by reason."""

    records: list[Record]
    lines: int = 0
    duplicates: int = 0
    not_charged: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Refused(Exception):
    """A line that is no usage."""


def read_files(files: Iterable[tuple[Source, Path]]) -> Intake:
    """Read files, in the order given."""
    intake = Intake([])
    found: list[tuple[int, str, Record]] = []
    seen: set[tuple[str, str]] = set()
    for source, path in files:
        for line in _lines(source, path):
            intake.lines += 1
            try:
                answer = READERS[source.format](Reader(source), *line)
            except Refused as reason:
                intake.refused[str(reason)] += 1
                continue
            if answer is None:
                intake.not_charged += 1
                continue
            key, record = answer
            if (source.code, key) in seen:
                intake.duplicates += 1
                continue
            seen.add((source.code, key))
            found.append((record.at, key, record))
    intake.records = in_order(found)
    return intake


def in_order(found: list[tuple[int, str, Record]]) -> list[Record]:
    """Order by the start, then by the number that the product makes of the key."""
    found.sort(key=lambda row: row[0])
    together = Counter((at, record.subscriber) for at, _, record in found)
    if any(count > 1 for count in together.values()):
        found.sort(
            key=lambda row: (
                row[0],
                key_number(row[1]) if together[row[0], row[2].subscriber] > 1 else 0,
            )
        )
    return [record for _, _, record in found]


def key_number(text: str) -> int:
    """Return the signed 64-bit hash of a key: SplitMix64's finaliser over words of eight bytes."""
    data = text.encode()
    state = _mixed(len(data) + 0x9E3779B97F4A7C15)
    for start in range(0, len(data), 8):
        word = int.from_bytes(data[start : start + 8], "little")
        state = _mixed((state ^ word) + 0x9E3779B97F4A7C15)
    return state - 2**64 if state >= 2**63 else state


def _mixed(value: int) -> int:
    value &= MASK
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def _lines(source: Source, path: Path) -> Iterator[tuple[list[str] | str, list[str]]]:
    """Yield (cells, or what is wrong with the line) and the names of the columns."""
    names: list[str] = []
    for number, raw in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")):
        line = raw.removesuffix(b"\r")
        if not line and not raw:
            continue
        cells: list[str] | str
        try:
            text = line.decode()
            cells = "malformed_line" if text.count('"') % 2 else next(csv.reader([text]), [])
        except UnicodeDecodeError:
            cells = "wrong_encoding"
        if source.format == "retel_csv" and number == 0:
            names = [name.strip() for name in cells]
            continue
        yield cells, names


MOMENTS: dict[tuple[str, str], int | None] = {}


class Reader:
    """Reads the cells of one source's lines."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def local(self, text: str) -> int:
        """Return a local time as seconds since 1970; the hour that comes twice is the first."""
        if not LOCAL.fullmatch(text):
            raise Refused("bad_time")
        key = (self.source.time_zone, text[:16])
        if key not in MOMENTS:
            MOMENTS[key] = _minute(text[:16], ZoneInfo(self.source.time_zone))
        minute, second = MOMENTS[key], int(text[17:])
        if minute is None or second > 59:
            raise Refused("bad_time")
        return minute + second

    def moment(self, text: str) -> int:
        """Return a local time, or one with an offset."""
        if not ZONED.fullmatch(text):
            return self.local(text)
        try:
            return int(datetime.fromisoformat(text).timestamp())
        except ValueError:
            raise Refused("bad_time") from None

    def number(self, text: str) -> str:
        """Return a dialled number in its one form."""
        if text in HELP:
            return HELP[text]
        digits = text.removeprefix("+")
        if not DIGITS.fullmatch(digits):
            raise Refused("bad_number")
        plus = text.startswith("+")
        clear, full = self._full(digits, plus=plus)
        if not plus and 2 <= len(full) <= 6:
            return full
        if full[0] == "0" or not (8 if clear else 11) <= len(full) <= 15:
            raise Refused("bad_number")
        return full

    def _full(self, digits: str, *, plus: bool) -> tuple[bool, str]:
        """Return whether it was said to be international, and the digits."""
        size, area = len(digits), self.source.area_code
        for told, least, prefix in ((plus, 0, ""), (True, 12, "810"), (True, 10, "00")):
            if told and size >= least and digits.startswith(prefix):
                return True, digits.removeprefix(prefix)
        if size == 11 and digits[0] == "8":
            return False, "7" + digits[1:]
        if size == 10:
            return False, "7" + digits
        if area and size + len(area) == 10:
            return False, "7" + area + digits
        return False, digits

    def subscriber(self, text: str) -> str:
        """Return the number of a subscriber, who never has a short one."""
        try:
            number = self.number(text)
        except Refused:
            raise Refused("bad_subscriber") from None
        if len(number) <= 6:
            raise Refused("bad_subscriber")
        return number


def _minute(text: str, zone: ZoneInfo) -> int | None:
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    at = int(local.timestamp())
    exists = datetime.fromtimestamp(at, zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return at if exists else None


def quantity(text: str) -> int:
    """Return a length that is not negative."""
    if not WHOLE.fullmatch(text) or int(text) < 0 or int(text) >= 2**63:
        raise Refused("bad_duration")
    return int(text)


def read_asterisk(
    reader: Reader, cells: list[str] | str, _names: list[str]
) -> tuple[str, Record] | None:
    """Return key and record of a line, None for what is not charged."""
    if isinstance(cells, str):
        raise Refused(cells)
    if not 16 <= len(cells) <= 21:
        raise Refused("malformed_line")
    if len(cells) == 19:  # neither uniqueid nor userfield
        cells = [*cells[:16], "", "", *cells[16:18], ""]
    cells = cells + [""] * (21 - len(cells))
    src, dst, context, channel, answer, end = (cells[i] for i in (1, 2, 3, 5, 10, 11))
    billsec, disposition, unique, sequence = (cells[i] for i in (13, 14, 16, 20))
    if disposition != "ANSWERED" or context in reader.source.incoming:
        return None
    seconds = quantity(billsec)
    at = reader.local(answer)
    subscriber, number = reader.subscriber(src), reader.number(dst)
    told = (unique, sequence) if unique else (src, dst, channel, answer, end, billsec)
    return SEPARATOR.join(told), Record(subscriber, at, "voice", number, seconds)


COLUMNS = ("record_id", "kind", "subscriber", "started_at", "quantity", "other_number")


def read_retel_csv(
    reader: Reader, cells: list[str] | str, names: list[str]
) -> tuple[str, Record] | None:
    """Return key and record of a line."""
    if isinstance(cells, str):
        raise Refused(cells)
    if len(cells) != len(names):
        raise Refused("malformed_line")
    told = [cells[names.index(name)] for name in COLUMNS]
    record_id, kind, subscriber, started_at, amount, other = told
    if kind not in ("voice", "sms", "data", "session"):
        raise Refused("unknown_kind")
    units = quantity(amount)
    if units >= 10**15:
        raise Refused("bad_duration")
    at = reader.moment(started_at)
    if kind == "session":
        who = subscriber.strip()
        if not who:
            raise Refused("bad_subscriber")
    else:
        who = reader.subscriber(subscriber)
    number = reader.number(other) if kind in ("voice", "sms") else ""
    return record_id or SEPARATOR.join(told), Record(who, at, kind, number, units)


READERS = {"asterisk": read_asterisk, "retel_csv": read_retel_csv}
