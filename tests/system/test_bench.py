"""`make bench` runs as a person starts it: with nothing in the environment but the services."""

import subprocess
import sys

import pytest

from billing_project.launcher.state import ROOT

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
    }
    words = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]

    told = subprocess.run(
        [sys.executable, "-m", "bench", "rating", "core", "sql", "posting", "loop", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
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
