"""
Real services on this machine for tests: an HTTP endpoint that plays the network, a mail server,
a Celery worker. Fixtures are taken by name; `tests/conftest.py` imports them.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

CONFIRMED = (200, {"status": "confirmed"})


@dataclass
class Received:
    """One request as the endpoint saw it."""

    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class WebhookEndpoint:
    """
    A network on the other side of the webhook. `answers` are used up first, then `always`.

    An answer is (status, JSON), or a number of seconds to wait before confirming, or "hang up":
    the order is taken in, and the connection closed without an answer.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    always: Any = CONFIRMED
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_answer(self, request: Received) -> Any:
        with self.lock:
            self.received.append(request)
            return self.answers.pop(0) if self.answers else self.always

    @property
    def state(self) -> dict[int, dict[str, Any]]:
        """What the network does now: the highest order per service wins, repeats do nothing."""
        latest: dict[int, dict[str, Any]] = {}
        with self.lock:
            orders = [request.json for request in self.received]
        for order in orders:
            known = latest.get(order["service"])
            if known is None or known["order"] < order["order"]:
                latest[order["service"]] = order
        return {service: order["desired"] for service, order in latest.items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    endpoint: WebhookEndpoint


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = Received(body, dict(self.headers.items()), time.time())
        answer = self.server.endpoint.take_answer(request)
        if answer == "hang up":
            self.close_connection = True
            return
        if isinstance(answer, int | float):
            time.sleep(answer)
            answer = CONFIRMED
        status, said = answer
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture
def webhook_endpoint() -> Iterator[WebhookEndpoint]:
    """A real HTTP server; put its `url` into a webhook gateway."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.endpoint = WebhookEndpoint(url=f"http://127.0.0.1:{server.server_port}/orders")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.endpoint
    server.shutdown()
    server.server_close()
    thread.join(5)


@dataclass
class SmtpServer:
    """
    A mail server that keeps what it takes. `faults` are answers to the coming messages, in turn:
    a reply such as "451 try later" or "550 no such person", or "hang up" after the data came in,
    or a number of seconds to think. `refused` are recipients refused for good at RCPT.
    """

    host: str = "127.0.0.1"
    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name and signature
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int | float):
            await asyncio.sleep(fault)
        elif fault not in (None, "hang up"):
            return str(fault)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(message)
        self.recipients.extend(envelope.rcpt_tos)
        if fault == "hang up":
            server.transport.abort()
        return "250 taken"


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[SmtpServer]:
    """A real mail server, and Django's settings pointed at it."""
    mail = SmtpServer()
    controller = Controller(mail, hostname=mail.host, port=0)
    # Port 0 is a free one, but aiosmtpd then knocks at 0: take the socket's own.
    controller.port = mail.port = _free_port()
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mail.host, mail.port
    settings.EMAIL_TIMEOUT = 2
    yield mail
    controller.stop(no_assert=True)


@dataclass
class WorkerProcess:
    """A running worker; `log` is its output so far."""

    process: subprocess.Popen
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def kill(self) -> None:
        """End it as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def celery_worker(
    process_environment: dict[str, str], tmp_path: Path, settings: Any
) -> Iterator[WorkerProcess]:
    """A real Celery worker process on the test's database and Valkey, all queues but rating."""
    environment = process_environment | {
        "RETEL_EMAIL_HOST": str(settings.EMAIL_HOST),
        "RETEL_EMAIL_PORT": str(settings.EMAIL_PORT),
        "RETEL_LOG_LEVEL": "INFO",
    }
    queues = "access,delivery,billing,default"
    log_path = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "billing_project.celery", "worker"]
    options = ["-Q", queues, "--concurrency=2", "--loglevel=INFO", "--without-gossip"]
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [*command, *options, "--without-mingle"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = WorkerProcess(process, log_path)
    try:
        wait_for(lambda: "ready." in worker.log, seconds=40, what=lambda: worker.log)
        yield worker
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                worker.kill()


def wait_for(
    is_so: Callable[[], object],
    *,
    seconds: float = 5,
    what: Callable[[], str] = lambda: "it did not happen in time",
) -> float:
    """Wait until it is so; return the seconds it took, or fail with `what()`."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if is_so():
            return time.monotonic() - started
        time.sleep(0.05)
    pytest.fail(what())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
