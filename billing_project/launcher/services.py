"""PostgreSQL and Valkey for a command or for the whole product: named, found running, or started."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from billing_project.launcher import running
from billing_project.launcher.postgres import run_postgres
from billing_project.launcher.state import State, exclusive, kept_state, throw_away_state
from billing_project.launcher.valkey import run_valkey

Addresses = dict[str, str]
_NAMES = ("DATABASE_URL", "REDIS_URL")
# A large database takes a while to write its last checkpoint, or to recover.
_SECONDS_TO_COME_OR_GO = 120


@contextlib.contextmanager
def kept_services() -> Iterator[Addresses]:
    """
    Yield the addresses of services whose data is kept between runs.

    What the environment names is used; else those a living launcher noted; else they are started,
    noted for others, and stopped afterwards.
    """
    named = _named()
    if len(named) == len(_NAMES):
        yield named
        return
    state = kept_state()
    with contextlib.ExitStack() as stack:
        shared = _lock_or_share(state.notes, stack)
        if shared:
            yield {**shared, **named}
            return
        addresses = _start(state, named, stack)
        _note(state.notes / running.NOTE, addresses, stack)
        yield addresses


@contextlib.contextmanager
def throw_away_services(*, is_fast: bool) -> Iterator[Addresses]:
    """Yield the addresses of services with nothing in them, gone afterwards."""
    named = _named()
    if len(named) == len(_NAMES):
        yield named
        return
    with throw_away_state(is_fast=is_fast) as state, contextlib.ExitStack() as stack:
        yield _start(state, named, stack)


def stop_running() -> str:
    """Ask the launcher that holds the services to stop; return a line that says what happened."""
    note = running.noted()
    if not note:
        return "Nothing is running."
    pid = int(note["launcher_pid"])
    # Not SIGINT: shells have what they start in the background ignore that.
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _SECONDS_TO_COME_OR_GO
    while running.is_held() and time.monotonic() < deadline:
        time.sleep(0.1)
    return f"The launcher (pid {pid}) {'does not stop' if running.is_held() else 'has stopped'}."


def _named() -> Addresses:
    return {name: os.environ[name] for name in _NAMES if os.environ.get(name)}


def _start(state: State, named: Addresses, stack: contextlib.ExitStack) -> Addresses:
    """Start what isn't named; the database first, so that it stops last."""
    addresses = dict(named)
    if "DATABASE_URL" not in addresses:
        addresses["DATABASE_URL"] = stack.enter_context(run_postgres(state))
    if "REDIS_URL" not in addresses:
        addresses["REDIS_URL"] = stack.enter_context(run_valkey(state))
    return addresses


def _note(path: Path, addresses: Addresses, stack: contextlib.ExitStack) -> None:
    """Write the addresses for `manage.py` by hand; they hold passwords, so for our eyes only."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    note = {**addresses, "launcher_pid": str(os.getpid())}
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(note, file)
    part.rename(path)
    stack.callback(path.unlink, missing_ok=True)


def _lock_or_share(notes: Path, stack: contextlib.ExitStack) -> Addresses:
    """
    Take the lock and return nothing, or return the addresses of the launcher that holds it.

    Another launcher may be starting up (its note will come) or stopping (its lock will be free).
    """
    deadline = time.monotonic() + _SECONDS_TO_COME_OR_GO
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            stack.enter_context(exclusive(notes / running.LOCK))
            return {}
        note = running.noted(notes)
        if note:
            print(f"Using the services of the launcher that runs (pid {note['launcher_pid']})")
            return {name: note[name] for name in _NAMES}
    sys.exit(
        "Another launcher holds .state but its services do not come up: stop it and try again."
    )
