"""
Usage files for measurements: the same arguments give the same bytes.

Most lines are Asterisk calls, the rest Retel CSV (messages, data, sessions). Some lines come twice,
some have unknown subscribers, bad durations or broken quotes.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from bench.world import FIRST_NUMBER, LOGIN_EVERY, foreign_prefixes

HEADER: Final = "record_id,kind,subscriber,started_at,quantity,other_number"
STAMP: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Job:
    """
    What to write: so many lines of one day, from so many subscribers, in so many files each.

    `calls` is the share of calls. Calls abroad go to one of `prefixes` foreign prefixes, or to the
    two of the small world. `seed` is part of the records' ids.
    """

    folder: Path
    records: int
    subscribers: int
    day: date
    seed: int = 1
    files: int = 2
    calls: float = 0.6
    prefixes: int = 0


def write_files(job: Job) -> int:
    """Write `folder/msc-1/*.csv` and `folder/csv-1/*.csv`; return the number of lines."""
    calls = int(job.records * job.calls)
    lines = 0
    for source, make, count in (("msc-1", _calls, calls), ("csv-1", _others, job.records - calls)):
        target = job.folder / source
        target.mkdir(parents=True, exist_ok=True)
        # Each file by itself: a large night never stands in memory.
        for part in range(job.files if count else 0):
            some = count // job.files + (part < count % job.files)
            rng = np.random.default_rng([job.seed, part, len(source)])
            table = _with_troubles(make(job, some, part=part, rng=rng), some, rng)
            lines += len(table)
            path = target / f"{job.day:%Y%m%d}-{job.seed}-{part}.csv"
            with path.open("wb") as stream:
                if source == "csv-1":
                    stream.write(f"{HEADER}\n".encode())
                pl.DataFrame({"line": table}).write_csv(
                    stream, include_header=False, quote_style="never"
                )
    return lines


def repeat_lines(job: Job, *, into: Path, every: int) -> int:
    """Write one of so many calls of the job's first file as a file of its own; return how many."""
    first = min((job.folder / "msc-1").iterdir())
    target = into / "msc-1"
    target.mkdir(parents=True, exist_ok=True)
    lines = first.read_bytes().splitlines()[::every]
    (target / f"again-{first.name}").write_bytes(b"\n".join([*lines, b""]))
    return len(lines)


def _starts(job: Job, count: int, rng: np.random.Generator) -> pl.Expr:
    seconds = np.sort(rng.integers(0, 86_400, count)) * 1000
    moments = np.datetime64(job.day, "ms") + seconds.astype("timedelta64[ms]")
    return pl.lit(pl.Series(moments))


def _people(job: Job, count: int, rng: np.random.Generator) -> np.ndarray:
    # How busy each one is stays the same in all files.
    weights = np.cumsum(np.random.default_rng(job.seed).lognormal(0, 1, job.subscribers))
    return np.searchsorted(weights / weights[-1], rng.random(count))


def _numbers(job: Job, count: int, rng: np.random.Generator) -> np.ndarray:
    where = rng.choice(5, count, p=[0.45, 0.4, 0.06, 0.06, 0.03])
    tail = rng.integers(10**6, 10**7, count)
    number = np.array([7921, 7903, 1212, 995593, 0])[where] * 10**7 + tail
    if job.prefixes:
        known = np.array(foreign_prefixes(job.prefixes), np.int64)
        abroad = (where == 2) | (where == 3)
        number = np.where(abroad, known[rng.integers(0, len(known), count)] * 10**7 + tail, number)
    return np.where(where == 4, 112, number)


def _calls(job: Job, count: int, *, part: int, rng: np.random.Generator) -> pl.Series:
    number = _numbers(job, count, rng)
    talk = np.minimum(rng.lognormal(4.2, 1.1, count), 14_000).astype(np.int64)
    answered = rng.random(count) > 0.08
    frame = pl.DataFrame(
        {
            "src": FIRST_NUMBER + _people(job, count, rng),
            "number": number,
            "way": rng.integers(0, 2, count),
            "talk": np.where(answered, talk, 0),
            "answered": answered,
            "place": np.arange(count) * job.files + part,
        }
    ).with_columns(start=_starts(job, count, rng))
    src, number = pl.col("src").cast(pl.String), pl.col("number").cast(pl.String)
    dst = (
        pl.when(pl.col("number") < 1000)
        .then(number)
        .when((pl.col("way") == 0) & number.str.starts_with("7"))
        .then("8" + number.str.slice(1))
        .when(number.str.starts_with("7"))
        .then("+" + number)
        .otherwise("810" + number)
    )
    frame = frame.with_columns(dst=dst, srcs=src, at=pl.col("start").dt.strftime(STAMP))
    end = (pl.col("start") + pl.duration(seconds=pl.col("talk"))).dt.strftime(STAMP)
    answer = pl.when("answered").then(pl.col("at")).otherwise(pl.lit(""))
    disposition = pl.when("answered").then(pl.lit("ANSWERED")).otherwise(pl.lit("NO ANSWER"))
    text = pl.format(
        '"","{}","{}","internal","""{}"" <{}>","SIP/{}-01","SIP/out-02","Dial","SIP/out",'
        '"{}","{}","{}",{},{},"{}","DOCUMENTATION","{}.{}",""',
        *("srcs", "dst", "srcs", "srcs", "srcs", "at", answer, end, "talk", "talk", disposition),
        pl.lit(f"{job.day:%Y%m%d}{job.seed}"),
        "place",
    )
    return frame.select(text.alias("line"))["line"]


def _others(job: Job, count: int, *, part: int, rng: np.random.Generator) -> pl.Series:
    people = _people(job, count, rng)
    kind = rng.choice(3, count, p=[0.4, 0.5, 0.1])
    quantity = np.where(kind == 0, 1, rng.lognormal(16, 1.5, count).astype(np.int64))
    frame = pl.DataFrame(
        {
            "number": FIRST_NUMBER + people,
            "login": people // LOGIN_EVERY * LOGIN_EVERY,
            "kind": pl.Series(["sms", "data", "session"])[kind],
            "quantity": quantity,
            "other": FIRST_NUMBER + rng.integers(0, 10**8, count),
            "place": np.arange(count) * job.files + part,
        }
    ).with_columns(at=_starts(job, count, rng))
    is_session, is_sms = pl.col("kind") == "session", pl.col("kind") == "sms"
    who = (
        pl.when(is_session).then(pl.format("user{}", "login")).otherwise(pl.format("{}", "number"))
    )
    other = pl.when(is_sms).then(pl.format("{}", "other")).otherwise(pl.lit(""))
    at = pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S+03:00")
    record = pl.format("{}-{}", pl.lit(f"{job.day:%Y%m%d}{job.seed}"), "place")
    text = pl.concat_str(
        [record, "kind", who, at, pl.format("{}", "quantity"), other], separator=","
    )
    return frame.select(text.alias("line"))["line"]


def _with_troubles(lines: pl.Series, count: int, rng: np.random.Generator) -> pl.Series:
    """Deliver lines twice, call from unknown numbers, break quotes and durations."""
    draw = rng.random(count)
    frame = pl.DataFrame({"line": lines, "draw": draw})
    line = pl.col("line")
    number = str(FIRST_NUMBER)[:4]
    broken = (
        pl.when(pl.col("draw") < 0.002)
        .then(line.str.replace_all(f"{number}[0-9]{{7}}", "79999999999"))
        .when(pl.col("draw") < 0.003)
        .then(line.str.replace(r",([0-9]+)(,\"A|,[^,]*$)", ",-1${2}"))
        .when(pl.col("draw") < 0.0035)
        .then(line + '"')
        .otherwise(line)
    )
    changed = frame.select(broken.alias("line"))["line"]
    twice = changed.filter(pl.Series(draw > 0.997))
    return pl.concat([changed, twice])
