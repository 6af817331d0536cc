"""
Where measurements take place: a database of their own, options, a folder, figures as they come.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import psycopg2

from bench.figures import Figure

DAY: Final = date(2026, 11, 20)
NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
DATABASE: Final = "RETEL_BENCH_DATABASE"


@dataclass(slots=True)
class Setting:
    """
    What the parts share.

    `rates` are figures that another part compares with (rows a second), by name.
    """

    options: argparse.Namespace
    folder: Path
    figures: list[Figure] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)

    def tell(self, figure: Figure) -> None:
        """Print a figure and keep it."""
        self.figures.append(figure)
        print(figure, flush=True)


Measure = Callable[[Setting], None]


def options_of(arguments: Sequence[str] | None, *, parts: Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(parts)}")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--subscribers", type=int, default=200_000)
    parser.add_argument("--prefixes", type=int, default=37_000)
    parser.add_argument("--loop", type=int, default=1_000, help="records of the ORM loop")
    parser.add_argument("--sql", type=int, default=200_000, help="records of the SQL engine")
    parser.add_argument("--posts", type=int, default=5_000, help="single posts of a client a round")
    parser.add_argument(
        "--accounts", type=int, dest="subscribers", default=argparse.SUPPRESS,
        help="the same as --subscribers: each has an account",
    )  # fmt: skip
    parser.add_argument("--lines", type=int, default=200_000, help="lines of a registry")
    parser.add_argument("--pdfs", type=int, default=200, help="bills set as PDF")
    parser.add_argument("--strict", action="store_true", help="fail if a gate is missed")
    options = parser.parse_args(arguments)
    unknown = set(options.parts) - set(parts)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    return options


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds a piece of work took, and its answer."""
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def computed(work: Callable[[], Any]) -> float:
    """Return the seconds a piece of work kept a processor busy, whoever else is at work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def best_of(times: int, work: Callable[[], float]) -> float:
    """Return the least of some measurements."""
    return min(work() for _ in range(times))


def in_own_database(again: Sequence[str]) -> int:
    """Run the command again with a database made for it, dropped at the end; return its code."""
    from billing_project.launcher import running

    url = running.database_url()
    name = f"retel_bench_{os.getpid()}"
    base = url.rsplit("/", 1)[0]
    with _server(url) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        environment = {
            **os.environ,
            "DATABASE_URL": f"{base}/{name}",
            DATABASE: name,
            "DJANGO_SETTINGS_MODULE": "billing_project.settings",
        }
        return subprocess.run(
            [sys.executable, "-m", "bench", *again], env=environment, check=False
        ).returncode
    finally:
        with _server(url) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _server(url: str) -> Iterator[Any]:
    """Give a cursor on which databases are made and dropped."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="retel-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
