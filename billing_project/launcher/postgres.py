"""The embedded PostgreSQL: one cluster, one role, one database, on a port of its own."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
from psycopg2 import sql

from billing_project.launcher import binaries
from billing_project.launcher.processes import (
    end_left_over,
    free_port,
    start_service,
    stop_process,
)
from billing_project.launcher.state import State

# The product's own role: owner of its database, not a superuser, as in production.
ROLE = DATABASE = "retel"
_SUPERUSER = "postgres"
_NEWEST_WITHOUT_BUILTIN_LOCALE = 16
_MEBIBYTE = 1024 * 1024


@contextlib.contextmanager
def run_postgres(state: State) -> Iterator[str]:
    """Yield the address of a running server; it is stopped cleanly afterwards."""
    found = binaries.find_postgres(state.identity)
    data = state.folder(f"postgres-{found.major}")
    password = _password(state.notes / f"postgres-{found.major}.password")
    end_left_over(data / "postmaster.pid", command_word=str(data), stop_signal=signal.SIGINT)
    if not (data / "PG_VERSION").exists():
        _make_cluster(found, state, data=data, password=password)
    port = free_port()
    log_path = state.notes / "postgres.log"
    with log_path.open("ab") as log:
        server = start_service(
            [found.folder / "postgres", "-D", data, "-p", port, *_options(state)],
            identity=state.identity,
            env=_environment(),
            log=log,
            stop_signal=signal.SIGINT,
        )
    try:
        _prepare(server, port=port, password=password, log=log_path)
        yield f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"
    finally:
        stop_process(server, stop_signal=signal.SIGINT, seconds=60)


def _password(path: Path) -> str:
    """Return the cluster's password, made on the first run and readable by us only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def _make_cluster(found: binaries.Postgres, state: State, *, data: Path, password: str) -> None:
    password_file = state.folder("initdb") / "password"
    password_file.write_text(password)
    password_file.chmod(0o600)
    state.identity.own(password_file)
    command = [
        *(found.folder / "initdb", "-D", data, "-U", _SUPERUSER, "-E", "UTF8"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}", *_locale(found.major)),
    ]
    if state.is_fast:
        command.append("--no-sync")
    try:
        state.identity.run(command, env=_environment())
    except subprocess.CalledProcessError as error:
        sys.exit(f"initdb failed:\n{error.stdout}")
    finally:
        password_file.unlink()
        password_file.parent.rmdir()


def _locale(major: int) -> list[str]:
    # Plain C breaks Cyrillic upper() and ILIKE; the builtin provider needs nothing of the system.
    if major <= _NEWEST_WITHOUT_BUILTIN_LOCALE:
        return ["--locale=C.UTF-8"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _options(state: State) -> list[str]:
    settings = {
        # No Unix socket: a path over 107 bytes kills the server.
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        "random_page_cost": "1.1",
        "track_io_timing": "on",
        **(_fast_settings() if state.is_fast else _kept_settings()),
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _kept_settings() -> dict[str, str]:
    memory = memory_bytes() // _MEBIBYTE
    return {
        "shared_buffers": f"{min(max(memory // 8, 128), 2048)}MB",
        "effective_cache_size": f"{max(memory // 2, 512)}MB",
        "work_mem": f"{min(max(memory // 256, 8), 64)}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64), 512)}MB",
        "max_wal_size": "4GB",
        # Segments are used again rather than written twice, and writers don't queue for the log.
        "min_wal_size": "1GB",
        "wal_buffers": "64MB",
        "checkpoint_timeout": "15min",
    }


def _fast_settings() -> dict[str, str]:
    return {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "shared_buffers": "256MB",
        "work_mem": "32MB",
        "max_wal_size": "2GB",
    }


def memory_bytes() -> int:
    """Return the memory we may use: the machine's, or the container's if it is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return machine


def _prepare(server: subprocess.Popen[bytes], *, port: int, password: str, log: Path) -> None:
    """Wait until the server answers, then make the role and the database if they are not there."""
    connection = _connect(server, port=port, password=password, log=log)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        if cursor.fetchone() is None:
            role = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD %s").format(sql.Identifier(ROLE))
            cursor.execute(role, [password])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            made = sql.SQL("CREATE DATABASE {} OWNER {}")
            cursor.execute(made.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))


def _connect(
    server: subprocess.Popen[bytes], *, port: int, password: str, log: Path
) -> psycopg2.extensions.connection:
    deadline = time.monotonic() + 60
    while True:
        try:
            return psycopg2.connect(
                host="127.0.0.1", port=port, user=_SUPERUSER, password=password, dbname="postgres"
            )
        except psycopg2.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-1500:]
                sys.exit(f"PostgreSQL did not start: {error}\n{tail}")
            time.sleep(0.05)
