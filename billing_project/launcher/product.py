"""The product's processes, the same ones as in docker-compose.yml."""

import os
import secrets
import signal
import sys
from pathlib import Path

from billing_project.launcher import running
from billing_project.launcher.processes import free_port
from billing_project.launcher.supervisor import Program

QUEUES = ("billing", "access", "delivery", "default")
# polars hangs in a forked child of a parent that has used it, so `rating` is never forked.
SOLO_QUEUE = "rating"


def programs(*, web_port: int, net_port: int) -> list[Program]:
    """Return web, net, the workers by queue, and beat."""
    return [
        Program("web", _granian("billing_project.wsgi:application", port=web_port, threads=4)),
        Program("net", _granian("billing_project.net_wsgi:application", port=net_port, threads=2)),
        # SIGQUIT: with its database gone there is nothing a worker could still finish.
        Program("worker", _worker(), signal.SIGQUIT),
        Program("rating", _rating_worker(), signal.SIGQUIT),
        Program("beat", _beat(), signal.SIGTERM),
    ]


def choose_ports() -> tuple[int, int]:
    """Return the ports of web and net: RETEL_PORT and RETEL_NET_PORT or the next free ones."""
    web = free_port(preferred=int(os.environ.get("RETEL_PORT", "8000")))
    return web, free_port(preferred=int(os.environ.get("RETEL_NET_PORT", "8100")))


def own_secrets() -> dict[str, str]:
    """Return the keys of this installation, made on the first run, unless the environment has them."""
    names = ("RETEL_SECRET_KEY", "RETEL_NET_TOKEN", "RETEL_DOCUMENT_KEYS")
    return {name: os.environ.get(name) or _kept_secret(name.lower()) for name in names}


def _kept_secret(name: str) -> str:
    path = running.STATE_DIR / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _granian(target: str, *, port: int, threads: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", target),
        *("--host", os.environ.get("RETEL_HOST", "127.0.0.1"), "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(threads), "--log-level", "warning"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
    ]


def _celery(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--quiet", "-A", "billing_project.celery", *words]


def _worker() -> list[str]:
    return _celery(
        *("worker", "--queues", ",".join(QUEUES), "--hostname", "main@%h", "--loglevel", "WARNING"),
        *("--concurrency", "2", "--max-tasks-per-child", "500"),
        *("--without-gossip", "--without-mingle"),
    )


def _rating_worker() -> list[str]:
    return _celery(
        *("worker", "--queues", SOLO_QUEUE, "--hostname", "rating@%h", "--loglevel", "WARNING"),
        *("--pool", "solo", "--without-gossip", "--without-mingle"),
    )


def _beat() -> list[str]:
    schedule: Path = running.STATE_DIR / "beat-schedule"
    return _celery("beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "WARNING")
