"""`make bench` runs as a person starts it: with nothing in the environment but the services."""

import subprocess
import sys

import pytest

from billing_project.launcher.state import ROOT

PARTS = (
    *("rating", "core", "sql", "posting", "fees", "bills", "pdf", "registry", "loop"),
)  # fmt: skip
#: Promises about the books, whatever the size: no gate of speed.
PROMISES = (
    "posting: balances that are not the sum",
    "fees: charged by the rerun",
    "fees: balances updated HOT",
    "bills: accounts without one",
    "bills: issued by the rerun",
    "bills: numbers left out or twice",
    "bills: kopecks not on a bill",
    "registry: lines not credited",
    "registry: payments by the same again",
    "statement: lines not credited",
    "statement: payments by the same again",
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("system")]


def test_the_bench_prints_its_ratios(process_environment: dict[str, str]) -> None:
    environment = {
        name: value
        for name, value in process_environment.items()
        if name != "DJANGO_SETTINGS_MODULE"
    }
    sizes = {
        "records": 3000,
        "subscribers": 200,
        "loop": 20,
        "prefixes": 300,
        "sql": 2000,
        "posts": 50,
        "lines": 100,
        "pdfs": 3,
    }
    words = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]

    told = subprocess.run(
        [sys.executable, "-m", "bench", *PARTS, *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    for word in (
        "COPY",
        "loop",
        "memory",
        "twin",
        "deck",
        "sums are equal",
        "key row included",
        "gates passed",
    ):
        assert word in told.stdout
    kept = {line[5:].split("  ")[0] for line in told.stdout.splitlines() if line[:2] == "ok"}
    assert set(PROMISES) <= kept
