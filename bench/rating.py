"""
How fast a night's usage is loaded, priced and posted, and in how much memory.

The bare COPY writes the very rows that were priced, in the order of their key, into a twin of the
partitioned table: with its unique key and without.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from bench.figures import Figure
from bench.generate import Job, repeat_lines, write_files
from bench.loading import Load, load
from bench.setting import DAY, Setting, best_of, timed

#: Files of a night have no more lines than this.
LINES_OF_A_FILE: Final = 250_000
CALLS: Final = 0.95
#: One of so many calls of a file of the night before is delivered once more.
REPEAT_EVERY: Final = 10
#: Memory may grow by this much when the files double.
FLAT: Final = 1.15
EARLIER: Final = DAY - timedelta(days=1)


def measure(setting: Setting) -> None:
    """Load half a night, then the next with some of the same calls; compare."""
    records = setting.options.records
    half = load(_files(setting, "half", records // 2, seed=2), EARLIER)
    folder = _files(setting, "night", records, seed=1)
    repeat_lines(_job(setting, "half", records // 2, seed=2), into=folder, every=REPEAT_EVERY)
    night = load(folder, DAY)
    _tell_load(setting, night, half)
    _compare(setting, night, half.batch_id)


def _job(setting: Setting, name: str, records: int, *, seed: int) -> Job:
    options = setting.options
    return Job(
        folder=setting.folder / name,
        records=records,
        subscribers=options.subscribers,
        day=DAY if seed == 1 else EARLIER,
        seed=seed,
        files=max(2, -(-records // LINES_OF_A_FILE)),
        calls=CALLS,
        prefixes=options.prefixes,
    )


def _files(setting: Setting, name: str, records: int, *, seed: int) -> Path:
    job = _job(setting, name, records, seed=seed)
    write_files(job)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return job.folder


def _tell_load(setting: Setting, night: Load, half: Load) -> None:
    report, rate = night.report, night.report["records"] / night.seconds
    setting.rates["load"] = rate
    told = ", ".join(f"{report[name]:,} {name}" for name in ("priced", "duplicates", "suspended"))
    setting.tell(Figure("records of the night", report["records"], note=told))
    setting.tell(Figure("load, price, post", rate, "records/s", note=night.told))
    setting.tell(Figure("… of half the files", half.report["records"] / half.seconds, "records/s"))
    setting.tell(Figure("peak memory", night.memory, "MB", most=3_000))
    grown = night.memory / half.memory
    setting.tell(Figure("peak memory, to that of half the files", grown, most=FLAT))


def _compare(setting: Setting, night: Load, earlier: int) -> None:
    rate = setting.rates["load"]
    rows, path = _dump(setting.folder / "rows", night.batch_id)
    indexed = rows / best_of(2, lambda: _copy(path, earlier, indexed=True))
    bare = rows / best_of(2, lambda: _copy(path, earlier, indexed=False))
    path.unlink()
    setting.rates["copy"] = bare
    setting.tell(Figure("bare COPY, partitioned, unique key", indexed, "rows/s"))
    setting.tell(Figure("load to that COPY", rate / indexed, least=0.40))
    setting.tell(Figure("bare COPY without index", bare, "rows/s"))
    setting.tell(Figure("load to COPY without index", rate / bare, least=0.30))


def _columns() -> str:
    """Return the columns of a priced row that are given: all but the identity."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
             WHERE attrelid = 'rating_pricedusage'::regclass AND attnum > 0 AND NOT attisdropped
               AND attname <> 'id'
        """)
        return str(cursor.fetchone()[0])


def _dump(path: Path, batch_id: int) -> tuple[int, Path]:
    """Write the rows of a batch to a file as COPY reads them, in the order of their key."""
    sql = f"""
        COPY (SELECT {_columns()} FROM rating_pricedusage WHERE batch_id = {batch_id}
               ORDER BY account_id, started_at, source_id, record_key, revision)
          TO STDOUT (FORMAT binary)
    """
    with connection.cursor() as cursor, path.open("wb") as stream:
        cursor.cursor.copy_expert(sql, stream)
        return cursor.rowcount, path


def _copy(path: Path, earlier: int, *, indexed: bool) -> float:
    """Copy the rows into a new twin of the table that holds an earlier batch; return the seconds."""
    including = "INCLUDING ALL" if indexed else "INCLUDING DEFAULTS INCLUDING IDENTITY"
    with connection.cursor() as cursor:
        cursor.execute(f"""
            DROP TABLE IF EXISTS bench_usage;
            CREATE TABLE bench_usage (LIKE rating_pricedusage {including})
                PARTITION BY RANGE (started_at);
            CREATE TABLE bench_usage_month PARTITION OF bench_usage DEFAULT;
            INSERT INTO bench_usage ({_columns()}) SELECT {_columns()} FROM rating_pricedusage
             WHERE batch_id = {earlier}
             ORDER BY account_id, started_at, source_id, record_key, revision;
        """)

    def copy() -> None:
        sql = f"COPY bench_usage ({_columns()}) FROM STDIN (FORMAT binary)"
        with transaction.atomic(), connection.cursor() as cursor, path.open("rb") as stream:
            cursor.cursor.copy_expert(sql, stream, size=1 << 20)

    seconds, _ = timed(copy)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_usage")
    return seconds
