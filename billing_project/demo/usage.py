"""
Files as the demo operator's switches write them: calls by Asterisk, the rest as Retel's CSV.

Everything is drawn as columns from one seeded generator, so the same arguments give the same bytes.
Among good records there are some of each kind of trouble: lines delivered twice, numbers nobody
has, broken lines, calls over midnight, calls nobody answered.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from billing_project.kernel.periods import Period

HOUR: Final = 3600
#: Share of the day's calls by hour: quiet nights, busy evenings.
HOURS: Final = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 13, 12, 12, 12, 13, 14, 15, 15, 13, 10, 7, 4],
    dtype=float,
)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where calls go: share, digits in front, how many digits follow."""

    weight: float
    prefix: str
    tail: int


VOICE: Final = (
    Destination(24, "790055", 5),
    Destination(12, "7812", 7),
    Destination(4, "781363", 5),
    Destination(9, "7921", 7),
    Destination(9, "7911", 7),
    Destination(7, "7981", 7),
    Destination(6, "7916", 7),
    Destination(5, "7495", 7),
    Destination(2, "7342", 7),
    Destination(2, "7383", 7),
    Destination(2, "7843", 7),
    Destination(1.2, "7701", 7),
    Destination(0.8, "37529", 7),
    Destination(0.8, "99871", 7),
    Destination(0.5, "4930", 7),
    Destination(0.4, "90212", 7),
    Destination(0.4, "8610", 8),
    Destination(0.3, "33142", 6),
    Destination(0.2, "4420", 8),
    Destination(0.2, "1212", 7),
    Destination(1.0, "7800", 7),
    Destination(0.05, "2107", 6),
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Who makes usage: numbers (E.164 digits as int64) or logins, parallel arrays."""

    mobile: np.ndarray
    fixed: np.ndarray
    logins: list[str]


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_usage` left: files and lines, troubles included."""

    files: int
    lines: int


def write_usage(
    *, folder: Path, lines: Lines, period: Period, per_day: float, seed: int
) -> Written:
    """Write one file per source and day into folder/<source>/; return what was written."""
    total = Written(0, 0)
    for number, day in enumerate(period):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        for source, good in _day_tables(lines, day=day, per_day=per_day, rng=rng):
            table = _with_troubles(good, source=source, rng=rng)
            target = folder / source / f"{source}-{day:%Y%m%d}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            header = "" if source.startswith(("msc", "ats")) else CSV_HEADER
            target.write_bytes((header + "\n".join(table.to_list()) + "\n").encode())
            total = Written(total.files + 1, total.lines + len(table))
    return total


def _day_tables(
    lines: Lines, *, day: date, per_day: float, rng: np.random.Generator
) -> list[tuple[str, pl.Series]]:
    mobiles, fixed = len(lines.mobile), len(lines.fixed)
    tables = []
    if mobiles:
        calls = _calls(lines.mobile, day=day, count=int(mobiles * per_day * 0.5), rng=rng)
        tables.append(("msc-1", _asterisk(calls, context="from-mobile")))
        tables.append(("smsc-1", _sms(lines.mobile, day, int(mobiles * per_day * 0.3), rng=rng)))
        tables.append(("ggsn-1", _data(lines.mobile, day, int(mobiles * per_day * 0.4), rng=rng)))
    if fixed:
        calls = _calls(lines.fixed, day=day, count=int(fixed * per_day * 0.6), rng=rng)
        tables.append(("ats-spb", _asterisk(calls, context="from-subscribers")))
    if lines.logins:
        tables.append(("bras-1", _sessions(lines.logins, day, rng=rng)))
    return tables


def _starts(day: date, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Local moments of the day as datetime64[ms], in order."""
    hours = rng.choice(24, size=count, p=HOURS / HOURS.sum())
    seconds = np.sort(hours * HOUR + rng.integers(0, HOUR, count))
    return np.datetime64(day, "ms") + (seconds * 1000).astype("timedelta64[ms]")


def _callers(numbers: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draw callers with a long tail: some people call all day, many hardly ever."""
    place = (rng.random(count) ** 1.7 * len(numbers)).astype(np.int64)
    return numbers[place]


def _calls(numbers: np.ndarray, *, day: date, count: int, rng: np.random.Generator) -> pl.DataFrame:
    weights = np.array([place.weight for place in VOICE])
    where = rng.choice(len(VOICE), size=count, p=weights / weights.sum())
    tails = rng.integers(0, 10**9, count)
    prefixes = pl.Series([place.prefix for place in VOICE])[where]
    widths = np.array([place.tail for place in VOICE])[where]
    tail_text = pl.Series((tails % 10**widths) + 10**widths).cast(pl.String).str.slice(1)
    answered = rng.random(count) < 0.9
    talk = np.where(answered, np.clip(rng.lognormal(4.4, 1.1, count), 1, 4 * HOUR), 0)
    return pl.DataFrame(
        {
            "src": _callers(numbers, count, rng=rng),
            "dst": _as_dialled(prefixes + tail_text, rng=rng),
            "start": _starts(day, count, rng=rng),
            "ring": rng.integers(2, 25, count),
            "billsec": talk.astype(np.int64),
            "answered": answered,
            "number": np.arange(count),
        }
    )


def _as_dialled(numbers: pl.Series, *, rng: np.random.Generator) -> pl.Series:
    """Write E.164 digits as people dial them: 8…, 8 10 …, +…, or as they are."""
    way = pl.Series(rng.integers(0, 3, len(numbers)))
    russian = numbers.str.starts_with("7") & ~numbers.str.starts_with("77")
    frame = pl.DataFrame({"n": numbers, "way": way, "russian": russian})
    n = pl.col("n")
    dialled = (
        pl.when(pl.col("russian") & (pl.col("way") > 0))
        .then("8" + n.str.slice(1))
        .when(~pl.col("russian") & (pl.col("way") > 0))
        .then("810" + n)
        .otherwise("+" + n)
    )
    return frame.select(dialled.alias("dst"))["dst"]


def _asterisk(calls: pl.DataFrame, *, context: str) -> pl.Series:
    start = pl.col("start")
    src, dst = pl.col("src").cast(pl.String), pl.col("dst")
    answer = start + pl.duration(seconds=pl.col("ring"))
    end = answer + pl.duration(seconds=pl.col("billsec"))
    stamp = "%Y-%m-%d %H:%M:%S"
    answer_text = pl.when("answered").then(answer.dt.strftime(stamp)).otherwise(pl.lit(""))
    disposition = pl.when("answered").then(pl.lit("ANSWERED")).otherwise(pl.lit("NO ANSWER"))
    unique = start.dt.epoch("s").cast(pl.String) + "." + pl.col("number").cast(pl.String)
    quoted: list[pl.Expr] = [
        pl.lit(""), src, dst, pl.lit(context), '""' + src + '"" <' + src + ">", "SIP/" + src + "-01",
        pl.lit("SIP/trunk-02"), pl.lit("Dial"), "SIP/trunk/" + dst + ",60,tT",
        start.dt.strftime(stamp), answer_text, end.dt.strftime(stamp),
    ]  # fmt: skip
    head = pl.concat_str(
        [pl.concat_str(pl.lit('"'), part, pl.lit('"')) for part in quoted], separator=","
    )
    tail = pl.concat_str(
        pl.lit('"'), disposition, pl.lit('","DOCUMENTATION","'), unique, pl.lit('",""')
    )
    seconds = (
        (pl.col("ring") + pl.col("billsec")).cast(pl.String),
        pl.col("billsec").cast(pl.String),
    )
    return calls.select(pl.concat_str([head, *seconds, tail], separator=",").alias("line"))["line"]


CSV_HEADER: Final = "record_id,kind,subscriber,started_at,quantity,other_number\n"


def _sms(numbers: np.ndarray, day: date, count: int, *, rng: np.random.Generator) -> pl.Series:
    others = 79_005_500_000 + rng.integers(0, 99_999, count)
    abroad = rng.random(count) < 0.03
    frame = pl.DataFrame(
        {
            "subscriber": _callers(numbers, count, rng=rng),
            "start": _starts(day, count, rng=rng),
            "quantity": np.ones(count, dtype=np.int64),
            "to": np.where(abroad, 375_290_000_000 + others % 10_000_000, others),
        }
    )
    return _csv(frame, kind="sms", prefix=f"s{day:%Y%m%d}", to=pl.col("to").cast(pl.String))


def _data(numbers: np.ndarray, day: date, count: int, *, rng: np.random.Generator) -> pl.Series:
    frame = pl.DataFrame(
        {
            "subscriber": _callers(numbers, count, rng=rng),
            "start": _starts(day, count, rng=rng),
            "quantity": (rng.lognormal(17.2, 1.2, count)).astype(np.int64),
        }
    )
    return _csv(frame, kind="data", prefix=f"d{day:%Y%m%d}", to=pl.lit(""))


def _sessions(logins: list[str], day: date, *, rng: np.random.Generator) -> pl.Series:
    online = np.flatnonzero(rng.random(len(logins)) < 0.8)
    count = len(online)
    frame = pl.DataFrame(
        {
            "subscriber": pl.Series(logins)[online],
            "start": _starts(day, count, rng=rng),
            "quantity": (rng.lognormal(21.5, 1.0, count)).astype(np.int64),
        }
    )
    return _csv(frame, kind="session", prefix=f"b{day:%Y%m%d}", to=pl.lit(""))


def _csv(frame: pl.DataFrame, *, kind: str, prefix: str, to: pl.Expr) -> pl.Series:
    frame = frame.with_row_index("row")
    columns = [
        pl.lit(f"{prefix}-") + pl.col("row").cast(pl.String),
        pl.lit(kind),
        pl.col("subscriber").cast(pl.String),
        pl.col("start").dt.strftime("%Y-%m-%dT%H:%M:%S+03:00"),
        pl.col("quantity").cast(pl.String),
        to,
    ]
    return frame.select(pl.concat_str(columns, separator=",").alias("line"))["line"]


def _with_troubles(lines: pl.Series, *, source: str, rng: np.random.Generator) -> pl.Series:
    """Deliver some lines twice, break some, give some to numbers nobody has."""
    count = len(lines)
    if count < 20:
        return lines
    twice = lines.gather(rng.integers(0, count, max(1, count // 300)))
    cut = lines.gather(rng.integers(0, count, max(1, count // 1500))).str.slice(0, 30)
    stranger = lines.gather(rng.integers(0, count, max(1, count // 600)))
    stranger = stranger.str.replace_all(r"\b7(9|8)\d{9}\b", "79991110000", literal=False)
    stranger = stranger.str.replace(r"lad\d+", f"nobody-{source}")
    # A record of its own, not a second delivery: its id differs.
    stranger = stranger.str.replace(r'\.(\d+)",""$', '.9000${1}",""')
    stranger = stranger.str.replace(r"^([sdb]\d{8})-", "${1}-x")
    return pl.concat([lines, twice, cut, stranger])


def days_before(day: date, count: int) -> Period:
    """Return the `count` days that end with `day` (included)."""
    return Period(day - timedelta(days=count - 1), day + timedelta(days=1))
