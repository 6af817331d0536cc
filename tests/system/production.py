"""
The product as docker-compose.yml starts it: its own commands and environment, on this machine.

What differs: addresses of PostgreSQL and Valkey, ports, and one worker where production has several.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

import yaml

from billing_project.launcher.processes import (
    choose_service_identity,
    free_port,
    is_listening,
)
from billing_project.launcher.state import ROOT
from tests.system.conftest import wait_until

SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(
    (ROOT / "docker-compose.yml").read_text()
)["services"]
PROCESSES: Final = ("web", "net", "worker", "rating", "beat")
#: What deploy.env.example asks for, filled in.
FILLED_IN: Final = {
    "POSTGRES_PASSWORD": "not used: DATABASE_URL is given",
    "VALKEY_PASSWORD": "not used: REDIS_URL is given",
    "RETEL_SECRET_KEY": "a-secret-key-of-this-test-which-is-long-enough-0123456789abcdef",
    "RETEL_NET_TOKEN": "a-token-of-the-network",
    "RETEL_DOCUMENT_KEYS": "a-key-of-documents",
    "RETEL_METRICS_TOKEN": "a-token-of-prometheus",
    "RETEL_ALLOWED_HOSTS": "billing.example.net",
    "RETEL_TRUSTED_ORIGINS": "https://billing.example.net",
}
FEWER: Final = {"--workers": "1", "--concurrency": "1", "--host": "127.0.0.1"}
#: Six processes start at once, on a machine that does other things as well.
PATIENCE: Final = 180
POOLER: Final = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


@dataclass
class Production:
    """The running processes, by name."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.folder / f"{name}.log").read_text()

    @property
    def ended(self) -> list[str]:
        """Processes that are no more, with the end of what they said."""
        return [
            f"{name}: {self.log(name)[-3000:]}"
            for name, process in self.processes.items()
            if process.poll() is not None
        ]

    def is_ready(self) -> bool:
        """Whether the doors answer, or a process has given up; workers say nothing of it."""
        doors = (Visitor(port).get("/ready").status == 200 for port in self.ports.values())
        return bool(self.ended) or all(doors)


@contextmanager
def running(folder: Path, *, direct: str, pooled: str, redis: str) -> Iterator[Production]:
    """Start everything, wait until it answers, end it afterwards."""
    product = Production(folder, ports={"web": free_port(), "net": free_port()})
    try:
        for name in PROCESSES:
            variables = environment(name, folder) | {"REDIS_URL": redis}
            is_pooled = "@pgbouncer" in variables["DATABASE_URL"]
            variables["DATABASE_URL"] = pooled if is_pooled else direct
            product.processes[name] = start(name, product, variables)
        wait_until(
            product.is_ready, seconds=PATIENCE, why=lambda: product.ended or product.log("web")
        )
        assert product.ended == []
        yield product
    finally:
        for process in product.processes.values():
            process.terminate()
        for process in product.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def environment(name: str, folder: Path) -> dict[str, str]:
    """Return the variables of a service as compose gives them, and nothing of ours."""
    given = {
        key: filled_in(str(value)) for key, value in SERVICES[name]["environment"].items()
    }  # fmt: skip
    folders = {key: str(folder / key) for key in ("RETEL_USAGE_DIR", "RETEL_ARCHIVE_DIR")}
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return kept | given | folders | {"RETEL_STATE_DIR": str(folder / "state")}


def filled_in(text: str) -> str:
    """Put values where compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`."""

    def value(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"] or ""
        return FILLED_IN.get(name, default)

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}", value, text)


def start(name: str, product: Production, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a service's own command with this Python."""
    program, *words = SERVICES[name]["command"]
    for place, word in enumerate(words[:-1]):
        words[place + 1] = FEWER.get(word, words[place + 1])
        if word == "--port":
            words[place + 1] = str(product.ports[name])
        if word == "--schedule":
            words[place + 1] = str(product.folder / "beat-schedule")
    with (product.folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *([] if program == "python" else ["-m"]), program, *words],
            cwd=ROOT, env=dict(variables), stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


@contextmanager
def pooling(folder: Path, *, direct: str) -> Iterator[str]:
    """Run pgbouncer before the server as compose does, with few connections; yield its address."""
    assert POOLER is not None
    parts, terms = urlsplit(direct), SERVICES["pgbouncer"]["environment"]
    name, port, who = unquote(parts.path[1:]), free_port(), choose_service_identity()
    (folder / "users.txt").write_text(f'"{parts.username}" "{unquote(parts.password or "")}"\n')
    (folder / "pgbouncer.ini").write_text(f"""
[databases]
{name} = host={parts.hostname} port={parts.port} dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {terms["AUTH_TYPE"]}
auth_file = {folder}/users.txt
pool_mode = {terms["POOL_MODE"]}
max_client_conn = {terms["MAX_CLIENT_CONN"]}
default_pool_size = 6
server_round_robin = 1
ignore_startup_parameters = extra_float_digits
""")
    for path in (folder, folder / "users.txt", folder / "pgbouncer.ini"):
        who.own(path)
    process = subprocess.Popen(
        [POOLER, str(folder / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "pgbouncer.log").open("wb"),
        **who.arguments(),
    )
    try:
        wait_until(
            lambda: is_listening(port) or process.poll() is not None,
            why=(folder / "pgbouncer.log").read_text,
        )
        assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        yield parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}").geturl()
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    location: str = ""


@dataclass
class Visitor:
    """A browser behind the operator's proxy, which speaks https to it."""

    port: int
    host: str = "billing.example.net"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, *, page: str = "", **fields: str) -> Answer:
        """Send the form of a page, its token with it."""
        found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(page or path).text)
        token = {"csrfmiddlewaretoken": found[1]} if found else {}
        told = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"https://{self.host}/",
        }
        return self._ask("POST", path, urlencode(fields | token), told)

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        known = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        proxy = {"Host": self.host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {**proxy, "Cookie": known, **headers})
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return Answer(answer.status, answer.read().decode(), answer.headers["Location"] or "")
        except OSError:
            return Answer(0, "")
        finally:
            connection.close()
