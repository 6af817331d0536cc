"""Keeps the product's processes running, with their output prefixed, until told to stop."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from billing_project.launcher.processes import stop_process, tied_to_parent
from billing_project.launcher.undertaker import ALL_STOPPED

_QUICK_SECONDS = 10
_QUICK_FAILURES_ALLOWED = 3
_SECONDS_TO_STOP = 15


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the product. `death_signal` reaches it when the launcher is killed with -9."""

    name: str
    command: Sequence[str]
    death_signal: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    started: float
    quick_failures: int = 0
    rest: bytes = b""
    restart_at: float | None = field(default=None)


class Supervisor:
    """
    Runs programs until a signal or until one of them keeps dying. One thread, on purpose: the
    kernel ties a child to the thread that made it, and forking beside threads is asking for trouble.
    """

    def __init__(self, programs: Sequence[Program], *, env: Mapping[str, str], cwd: str) -> None:
        self._env = {**env, "PYTHONUNBUFFERED": "1"}
        self._cwd = cwd
        self._selector = selectors.DefaultSelector()
        self._undertaker = subprocess.Popen(
            [sys.executable, "-m", "billing_project.launcher.undertaker"],
            cwd=cwd,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._width = max(len(program.name) for program in programs)
        self._children = [self._started(program) for program in programs]

    def run(self, *, each_round: Callable[[], None]) -> int:
        """Watch until KeyboardInterrupt (0) or until a program cannot be kept up (1)."""
        try:
            while True:
                self._pump(seconds=0.2)
                each_round()
                if not all(map(self._is_kept_up, self._children)):
                    return 1
        except KeyboardInterrupt:
            return 0
        finally:
            self._stop()

    def _started(self, program: Program) -> _Child:
        process = subprocess.Popen(
            program.command,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tied_to_parent(program.death_signal),  # noqa: PLW1509 - one thread
        )
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        self._tell_undertaker(str(process.pid))
        child = _Child(program, process, process.stdout, time.monotonic())
        self._watch(child)
        return child

    def _tell_undertaker(self, line: str) -> None:
        """Name a new process group, or say that all is stopped; a reader that is gone needs neither."""
        assert self._undertaker.stdin is not None  # noqa: S101 - PIPE was asked for
        with contextlib.suppress(BrokenPipeError):
            self._undertaker.stdin.write(f"{line}\n".encode())
            self._undertaker.stdin.flush()

    def _watch(self, child: _Child) -> None:
        os.set_blocking(child.output.fileno(), False)
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _pump(self, *, seconds: float) -> None:
        """Print what the children have said, line by line."""
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _ in self._selector.select(seconds):
            child: _Child = key.data
            data = os.read(child.output.fileno(), 65536)
            if not data:
                self._selector.unregister(child.output)
                child.output.close()
            *lines, child.rest = (child.rest + data).split(b"\n")
            for line in lines:
                self._say(child, line.decode(errors="replace"))

    def _say(self, child: _Child, text: str) -> None:
        sys.stdout.write(f"{child.program.name:<{self._width}} | {text}\n")
        sys.stdout.flush()

    def _is_kept_up(self, child: _Child) -> bool:
        """Start a dead child again after a pause; return False if it dies at once every time."""
        now = time.monotonic()
        if child.restart_at is None and child.process.poll() is not None:
            is_quick = now - child.started < _QUICK_SECONDS
            child.quick_failures = child.quick_failures + 1 if is_quick else 0
            self._say(child, f"ended with code {child.process.returncode}")
            child.restart_at = now + 2**child.quick_failures
        if child.quick_failures >= _QUICK_FAILURES_ALLOWED:
            self._say(child, "cannot be kept running; stopping everything")
            return False
        if child.restart_at is not None and now >= child.restart_at:
            self._restart(child)
        return True

    def _restart(self, child: _Child) -> None:
        self._say(child, "starting again")
        fresh = self._started(child.program)
        # The selector's entry must point at the child we keep.
        self._selector.modify(fresh.output, selectors.EVENT_READ, child)
        child.process, child.output, child.started = fresh.process, fresh.output, fresh.started
        child.rest, child.restart_at = b"", None

    def _stop(self) -> None:
        """Ask all at once, then wait for each; say what they say meanwhile."""
        living = [child for child in self._children if child.process.poll() is None]
        for child in living:
            child.process.terminate()
        deadline = time.monotonic() + _SECONDS_TO_STOP
        while time.monotonic() < deadline and any(c.process.poll() is None for c in living):
            self._pump(seconds=0.1)
        for child in living:
            stop_process(child.process, stop_signal=signal.SIGTERM, seconds=0.1)
        self._pump(seconds=0)
        self._selector.close()
        self._tell_undertaker(ALL_STOPPED)
        self._undertaker.communicate()
