"""Child processes that never outlive the launcher, run as whoever they must be."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_SET_PARENT_DEATH_SIGNAL = 1
# Loaded before any fork: a child between fork and exec must not import or allocate much.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a child runs as. PostgreSQL refuses root, so root hands its services to somebody else."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Return whether this is not the user we run as already."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[object], *, env: Mapping[str, str]) -> str:
        """Run to the end and return what it printed; raise CalledProcessError or OSError."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            list(map(str, command)),
            env=dict(env),
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self.arguments(),
        )
        return done.stdout

    def arguments(self) -> dict[str, Any]:
        """Return what `subprocess` needs to start a child as this user."""
        # `/` since a foreign user may not be allowed to stand in our folder.
        if not self.is_other:
            return {"cwd": "/"}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}


def choose_service_identity() -> Identity:
    """Return ourselves; as root `postgres` if there is one, else `nobody`."""
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Identity(entry.pw_uid, entry.pw_gid)
    sys.exit("root: neither a user `postgres` nor `nobody` exists to run PostgreSQL as.")


def start_service(
    command: Sequence[object],
    *,
    identity: Identity,
    env: Mapping[str, str],
    log: IO[bytes],
    stop_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, out of reach of the terminal's Ctrl-C."""
    return subprocess.Popen(
        list(map(str, command)),
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=tied_to_parent(stop_signal),  # noqa: PLW1509 - the launcher has one thread
        **identity.arguments(),
    )


def tied_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """
    Return a `preexec_fn` that has the kernel send `death_signal` when the parent dies, even by kill -9.

    Linux only; elsewhere the next start finds the left-over by its pid file. The kernel watches the
    *thread* that forked, so children are started from the main thread; and it forgets the wish when
    the user changes, so it is made after that (subprocess calls preexec_fn last).
    """
    parent = os.getpid()

    def tie() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, int(death_signal))
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return tie


def stop_process(
    process: subprocess.Popen[bytes], *, stop_signal: signal.Signals, seconds: float
) -> None:
    """Ask a process to stop; kill it with all it started if it does not in time."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_left_over(pid_file: Path, *, command_word: str, stop_signal: signal.Signals) -> None:
    """Wait for the server that a killed launcher left behind, asking it to stop."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    # A pid may be somebody else's by now: the command line tells.
    deadline = time.monotonic() + 30
    while command_word in command_line(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, stop_signal)
        if time.monotonic() > deadline:
            sys.exit(f"An earlier {command_word} (pid {pid}) does not stop: end it and try again.")
        time.sleep(0.1)


def command_line(pid: int) -> str:
    """Return the words a running process was started with, empty if there is none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def free_port(*, preferred: int = 0) -> int:
    """Return the preferred port or the next free one above it; 0: any free one."""
    for port in range(preferred, preferred + 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    sys.exit(f"No free port from {preferred} to {preferred + 99}.")


def is_listening(port: int) -> bool:
    """Return whether somebody accepts connections at the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
