"""
How fast usage is loaded, priced and posted: `python -m bench.rating --records 1000000`.

All in one run on one machine, so that the ratios mean something: the bare COPY writes the very rows
that were priced into a twin of the partitioned table with its unique key; the ORM loop prices a
slice of the same records the way a plain Django project would, one at a time.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import django
import psycopg2

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, 0, tzinfo=UTC)


def main(arguments: list[str] | None = None) -> None:
    """Measure in a database of its own, made and dropped here."""
    options = _options(arguments)
    if options.database:
        _measure(options)
        return
    from billing_project.launcher import running

    url = running.database_url()
    name = f"retel_bench_{os.getpid()}"
    with _server(url) as admin:
        admin.cursor().execute(f"CREATE DATABASE {name}")
    try:
        again = [sys.executable, "-m", "bench.rating", *sys.argv[1:], "--database", name]
        environment = {**os.environ, "DATABASE_URL": f"{url.rsplit('/', 1)[0]}/{name}"}
        subprocess.run(again, env=environment, check=True)
    finally:
        with _server(url) as admin:
            admin.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--subscribers", type=int, default=20_000)
    parser.add_argument("--loop", type=int, default=1_000, help="records of the ORM loop")
    parser.add_argument("--database", default="", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


class _server:  # noqa: N801 used like a function
    """A connection on which databases are made and dropped."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True

    def __enter__(self) -> Any:
        return self._connection

    def __exit__(self, *_what: object) -> None:
        self._connection.close()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def _measure(options: argparse.Namespace) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_project.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from bench import orm_loop
    from bench.generate import Job, write_files
    from bench.world import build_operator

    call_command("migrate", verbosity=0)
    folder = Path(tempfile.mkdtemp(prefix="retel-bench-"))
    settings.ARCHIVE_DIR = folder / "archive"
    try:
        build_operator(subscribers=options.subscribers)
        job = Job(folder / "in", options.records, options.subscribers, DAY)
        lines = write_files(job)
        _vacuum()
        seconds, steps = _load(job.folder)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows, copy_seconds = _bare_copy()
        loop_seconds = orm_loop.price_slice(job.folder, options.loop)
    finally:
        shutil.rmtree(folder)
    _report(
        lines=lines,
        seconds=seconds,
        steps=steps,
        memory=memory,
        copy_rate=rows / copy_seconds,
        loop_rate=options.loop / loop_seconds,
        subscribers=options.subscribers,
    )


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _load(folder: Path) -> tuple[float, dict[str, float]]:
    from rating import operations

    steps: dict[str, float] = {}
    steps["receive"], _ = _timed(lambda: operations.receive_files(folder=folder, now=NOW))
    batch_id = operations.open_batch(business_date=DAY, now=NOW) or 0
    steps["price"], _ = _timed(lambda: operations.price_batch(batch_id=batch_id, now=NOW))
    steps["post"], _ = _timed(lambda: operations.post_batch(batch_id=batch_id, now=NOW))
    return sum(steps.values()), steps


def _bare_copy() -> tuple[int, float]:
    """Write the priced rows again, sorted, into a twin of the table; return rows and seconds."""
    from django.db import connection, transaction

    from billing_project.kernel import binary_copy
    from rating.operations.slices import SLICE_ROWS

    kinds = {
        **dict.fromkeys(("account_id", "record_key", "batch_id", "file_id"), "bigint"),
        **dict.fromkeys(("subscription_id", "other_number", "quantity", "billed"), "bigint"),
        **dict.fromkeys(("band_id", "plan_version_id", "deck_version_id"), "integer"),
        **dict.fromkeys(("source_id", "kind", "zone_id"), "smallint"),
        "started_at": "timestamptz",
        "allowance_used": "bigint",
        "allowance_id": "integer",
    }
    select = f"SELECT {', '.join(kinds)}, (amount * 100)::bigint FROM rating_pricedusage"
    found = binary_copy.copy_out(
        sql=f"{select} ORDER BY started_at, record_key", types=[*kinds.values(), "bigint"]
    )
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TABLE bench_usage (LIKE rating_pricedusage INCLUDING ALL)
                PARTITION BY RANGE (started_at);
            CREATE TABLE bench_usage_month PARTITION OF bench_usage
                FOR VALUES FROM ('2026-10-31 21:00+00') TO ('2026-11-30 21:00+00');
        """)
    names = [*((name, kind) for name, kind in kinds.items()), ("amount", "money")]
    slices = []
    for start in range(0, len(found[0]), SLICE_ROWS):
        part = [column[start : start + SLICE_ROWS] for column in found]
        order = part[0].argsort(kind="stable")
        slices.append([(*name, column[order]) for name, column in zip(names, part, strict=True)])

    def copy() -> None:
        for columns in slices:
            with transaction.atomic():
                binary_copy.copy_in(table="bench_usage", columns=columns)

    seconds, _ = _timed(copy)
    return len(found[0]), seconds


def _report(
    *,
    lines: int,
    seconds: float,
    steps: dict[str, float],
    memory: float,
    copy_rate: float,
    loop_rate: float,
    subscribers: int,
) -> None:
    rate = lines / seconds
    parts = ", ".join(f"{name} {took:.1f} s" for name, took in steps.items())
    print(f"records               {lines:>12,} of {subscribers:,} subscribers")
    print(f"load, price, post     {rate:>12,.0f} records/s   ({seconds:.1f} s: {parts})")
    print(f"bare COPY of the rows {copy_rate:>12,.0f} rows/s      fraction {rate / copy_rate:.2f}")
    print(f"per-row ORM loop      {loop_rate:>12,.0f} records/s   multiple {rate / loop_rate:,.0f}")
    print(f"peak memory           {memory:>12,.0f} MB")


if __name__ == "__main__":
    main()
