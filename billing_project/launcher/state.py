"""Folders of the launcher: what is kept between runs, and the throw-away folders of the tests."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from billing_project.launcher import running
from billing_project.launcher.processes import Identity, choose_service_identity

ROOT = Path(__file__).resolve().parents[2]
# Where root keeps data and binaries when the services' user can't reach the project's folder.
SYSTEM_HOME = Path("/var/lib/retel")
_TEST_PREFIX = "retel-test-"


@dataclass(frozen=True, slots=True)
class State:
    """
    `notes` is ours alone (addresses, passwords); `data` belongs to the user the services run as.
    `is_fast`: a crash may lose everything, so nothing waits for the disk.
    """

    notes: Path
    data: Path
    identity: Identity
    is_fast: bool

    def folder(self, name: str) -> Path:
        """Return a folder under `data`, made and given to the services' user."""
        path = self.data / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.identity.own(path)
        return path


def kept_state() -> State:
    """Return the state that survives between runs."""
    notes = running.STATE_DIR
    notes.mkdir(exist_ok=True, parents=True)
    identity = choose_service_identity()
    data = notes if _can_pass(identity, notes) else open_folder(system_data(notes))
    return State(notes, data, identity, is_fast=False)


def system_data(notes: Path) -> Path:
    """Return the folder of one project under SYSTEM_HOME."""
    return SYSTEM_HOME / hashlib.sha256(str(notes).encode()).hexdigest()[:12]


def open_folder(path: Path) -> Path:
    """Return a folder under SYSTEM_HOME, made so that others may pass whatever the umask."""
    for folder in (SYSTEM_HOME, path):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    return path


@contextlib.contextmanager
def throw_away_state(*, is_fast: bool) -> Iterator[State]:
    """Yield a state in a temporary folder that is gone afterwards."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_TEST_PREFIX))
    folder.chmod(0o711)
    try:
        with exclusive(folder / running.LOCK):
            yield State(folder, folder, choose_service_identity(), is_fast=is_fast)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[IO[str]]:
    """Hold the lock of a state folder; raise BlockingIOError if another launcher does."""
    with path.open("w") as file:
        _lock(file, tries=20)
        yield file


def _lock(file: IO[str], *, tries: int) -> None:
    # A settings import looks at the lock for a moment, so one refusal says nothing.
    for _ in range(tries - 1):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.05)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _can_pass(identity: Identity, folder: Path) -> bool:
    """Return whether the services' user may walk down to the folder (its parents let others pass)."""
    if not identity.is_other:
        return True
    # Not with Python: root's own may lie where this user can't reach it.
    try:
        identity.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder], env=os.environ)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _sweep() -> None:
    """Remove what killed test runs left behind: folders whose lock nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_TEST_PREFIX}*"):
        with contextlib.suppress(OSError), exclusive(folder / running.LOCK):
            shutil.rmtree(folder, ignore_errors=True)
