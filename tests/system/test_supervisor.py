"""What the supervisor does with processes that talk, die, and do not want to stop."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_project.launcher.state import ROOT
from tests.system.conftest import descendants, living, wait_until

HOST = """
import sys
from billing_project.launcher.supervisor import Program, Supervisor
programs = [
    Program(f"child{number}", [sys.executable, "-uc", code])
    for number, code in enumerate(sys.argv[1:])
]
sys.exit(Supervisor(programs, env={}, cwd=".").run(each_round=lambda: None))
"""
TALKS = "import time; print('first line'); print('second line'); time.sleep(600)"
DIES = "raise SystemExit(3)"
WITH_GRANDCHILD = (
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('both up');"
    "time.sleep(600)"
)

Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise(tmp_path: Path) -> Supervise:
    log = tmp_path / "log"

    def start(*codes: str, until: str) -> subprocess.Popen[str]:
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(HOST), *codes],
                cwd=ROOT,
                stdout=output,
                stderr=output,
                text=True,
            )
        wait_until(lambda: until in log.read_text())
        return process

    start.log = log  # type: ignore[attr-defined]
    return start


class TestSupervisor:
    def test_prefixes_each_line_and_ends_clean_on_interrupt(self, supervise: Supervise) -> None:
        process = supervise(TALKS, until="second line")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        said = supervise.log.read_text()  # type: ignore[attr-defined]
        assert said == "child0 | first line\nchild0 | second line\n"

    def test_starts_a_dead_child_again_and_gives_up_in_the_end(self, supervise: Supervise) -> None:
        process = supervise(DIES, TALKS, until="cannot be kept running")
        assert process.wait(30) == 1
        said = supervise.log.read_text()  # type: ignore[attr-defined]
        assert said.count("child0 | ended with code 3") == 3
        assert said.count("child0 | starting again") == 2
        assert "child1 | ended" not in said

    def test_kills_what_will_not_stop_with_all_it_started(self, supervise: Supervise) -> None:
        process = supervise(WITH_GRANDCHILD, until="both up")
        family = descendants(process.pid)
        assert len(family) == 3  # the undertaker is one of them
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
        assert living(family) == []

    def test_does_not_leave_children_when_killed(self, supervise: Supervise) -> None:
        process = supervise(TALKS, TALKS, until="second line")
        family = descendants(process.pid)
        assert len(family) == 3
        process.kill()
        process.wait(10)
        wait_until(lambda: not living(family), seconds=20)
