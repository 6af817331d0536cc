"""A launcher of our own beside the one that runs the tests: other state, other ports."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from billing_project.launcher.state import ROOT, system_data

SECONDS = 60

Answer = TypeVar("Answer")


@dataclass
class Launcher:
    """Starts `python -m billing_project.launcher …` with its state in a folder of its own."""

    state: Path
    python: Sequence[str] = (sys.executable,)
    env: dict[str, str] = field(default_factory=dict)
    user: dict[str, int] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and return without waiting."""
        process = subprocess.Popen(
            [*self.python, "-m", "billing_project.launcher", *words], **self._arguments()
        )
        self.started.append(process)
        return process

    def start_services(self) -> subprocess.Popen[str]:
        """Start `services` and wait until they are noted."""
        process = self.start("services")
        wait_until(lambda: (self.state / "services.json").exists() or process.poll() is not None)
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        return process

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [*self.python, "-m", "billing_project.launcher", *words]
        return subprocess.run(command, timeout=SECONDS, check=False, **self._arguments())

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run manage.py as a person would by hand."""
        command = [*self.python, "manage.py", *words]
        return subprocess.run(command, timeout=SECONDS, check=False, **self._arguments())

    def note(self) -> dict[str, str]:
        """Return what the launcher wrote down."""
        note: dict[str, str] = json.loads((self.state / "services.json").read_text())
        return note

    def _arguments(self) -> dict[str, object]:
        ours = {"DATABASE_URL", "REDIS_URL", "RETEL_PG_BIN", "PYTEST_XDIST_WORKER"}
        env = {name: value for name, value in os.environ.items() if name not in ours}
        return {
            "env": {**env, "RETEL_STATE_DIR": str(self.state), **self.env},
            "cwd": ROOT,
            "text": True,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            **self.user,
        }


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that everybody may pass, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="retel-launcher-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def launcher(home: Path) -> Iterator[Launcher]:
    """A launcher run by whoever runs the tests; nothing of it is left afterwards."""
    ours = Launcher(home / ".state")
    yield ours
    end(ours)


def end(launcher: Launcher) -> None:
    """End whatever a test left running."""
    for process in launcher.started:
        family = descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=SECONDS)
        wait_until(lambda family=family: not living(family))
    shutil.rmtree(system_data(launcher.state), ignore_errors=True)


def descendants(pid: int) -> list[psutil.Process]:
    """Return every process below the given one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; one that only waits to be reaped does not."""
    return [process for process in processes if _runs(process)]


def asked(question: Callable[[], Answer], of_the_dead: Answer) -> Answer:
    """Return what a process says of itself, or the second if it has just ended, as workers do."""
    try:
        return question()
    except psutil.NoSuchProcess:
        return of_the_dead


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(
    condition: Callable[[], object],
    *,
    seconds: float = SECONDS,
    why: Callable[[], object] = lambda: "",
) -> None:
    """Wait for a condition; fail with `why()` if it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {why()}"
        time.sleep(0.05)
