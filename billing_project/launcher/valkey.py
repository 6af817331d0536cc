"""The embedded Valkey: broker and cache, on a port of its own, behind a password."""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from billing_project.launcher import binaries
from billing_project.launcher.processes import (
    end_left_over,
    free_port,
    start_service,
    stop_process,
)
from billing_project.launcher.state import State

_DATABASES = 64


@contextlib.contextmanager
def run_valkey(state: State) -> Iterator[str]:
    """Yield the address of a running server; it is stopped cleanly afterwards."""
    program = binaries.find_valkey(state.identity)
    data = state.folder("valkey")
    configuration = data / "valkey.conf"
    end_left_over(
        data / "pid", command_word=_earlier_title(configuration), stop_signal=signal.SIGTERM
    )
    port, password = free_port(), secrets.token_urlsafe(24)
    _configure(configuration, state, port=port, password=password)
    log_path = state.notes / "valkey.log"
    with log_path.open("ab") as log:
        server = start_service(
            [program, configuration],
            identity=state.identity,
            env=os.environ,
            log=log,
            stop_signal=signal.SIGTERM,
        )
    try:
        _wait(server, port=port, password=password, log=log_path)
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        stop_process(server, stop_signal=signal.SIGTERM, seconds=20)


def _configure(path: Path, state: State, *, port: int, password: str) -> None:
    """Write the settings into a file of its own: a command line shows a password to everybody."""
    lines = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": path.parent,
        "pidfile": path.parent / "pid",
        "requirepass": password,
        "databases": _DATABASES,
        "appendonly": "no" if state.is_fast else "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.writelines(f"{name} {_quoted(value)}\n" for name, value in lines.items())
    state.identity.own(path)


def _earlier_title(configuration: Path) -> str:
    """Return what the server of the last run calls itself in the list of processes."""
    text = configuration.read_text() if configuration.exists() else ""
    port = re.search(r"^port (\d+)$", text, flags=re.MULTILINE)
    return f"127.0.0.1:{port.group(1)}" if port else "no earlier run"


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, Path) else str(value)


def _wait(server: subprocess.Popen[bytes], *, port: int, password: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while not _answers(port, password):
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"Valkey did not start:\n{log.read_text(errors='replace')[-1500:]}")
        time.sleep(0.02)


def _answers(port: int, password: str) -> bool:
    """Return whether the server has loaded its data and serves."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                received = connection.recv(100)
                if not received:
                    return False
                answer += received
    except OSError:
        return False
    return answer.endswith(b"+PONG\r\n")
