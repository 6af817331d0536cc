"""
A cash register in the net, for tests: a real HTTP server that speaks ATOL Online's protocol, and has
the faults of one. It registers a receipt once per external id, whatever else happens.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

Body = dict[str, Any]


@dataclass
class Registered:
    """A receipt that the register took."""

    uuid: str
    operation: str
    body: Body
    status: str = "wait"
    error: Body | None = None


@dataclass
class FakeRegister:
    """
    What the register has, and how it behaves.

    `faults` are used up one per receipt sent: "die" takes it and closes the connection, "hang" takes
    it and doesn't answer until `released`, "lost" closes without taking it, "busy" is 500 without
    taking, "busy_taken" 500 after taking it, "throttle" 429, "refuse" 400. `is_down` closes every
    connection.
    """

    group: str = "group-1"
    login: str = "shop"
    password: str = "secret"
    faults: list[str] = field(default_factory=list)
    receipts: dict[str, Registered] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    is_down: bool = False
    finishes_at_once: bool = True
    released: Event = field(default_factory=Event)
    url: str = ""
    _lock: Lock = field(default_factory=Lock)

    def expire_token(self) -> None:
        """The tokens given so far are no good any more."""
        self.tokens = [f"old {token}" for token in self.tokens]

    def finish(self) -> None:
        """Register everything that was taken and waits."""
        for receipt in self.receipts.values():
            receipt.status = "done" if receipt.status == "wait" else receipt.status

    def fail(self, text: str = "Смена превысила 24 часа") -> None:
        """Refuse everything that was taken and waits."""
        for receipt in self.receipts.values():
            if receipt.status == "wait":
                receipt.status, receipt.error = "fail", {"code": -3800, "text": text}

    def told(self, operation: str = "sell") -> list[Body]:
        """The bodies of what was taken, in turn."""
        return [one.body for one in self.receipts.values() if one.operation == operation]

    def count(self, call: str) -> int:
        """How often that kind of call came."""
        return sum(1 for one in self.calls if one == call)

    def token(self, said: Body) -> tuple[int, Body]:
        """Answer getToken."""
        if (said.get("login"), said.get("pass")) != (self.login, self.password):
            return 401, {"error": {"code": 12, "text": "Неверный логин или пароль"}}
        with self._lock:
            self.tokens.append(f"token-{len(self.tokens) + 1}")
            return 200, {"token": self.tokens[-1], "error": None}

    def take(self, operation: str, said: Body) -> tuple[int, Body]:
        """Take a receipt, once per external id."""
        with self._lock:
            external_id = said["external_id"]
            known = self.receipts.get(external_id)
            if known is not None:
                error = {"code": 33, "text": f"Уже есть {external_id}"}
                return 400, {"uuid": known.uuid, "status": "fail", "error": error}
            uuid = f"uuid-{len(self.receipts) + 1}"
            status = "done" if self.finishes_at_once else "wait"
            self.receipts[external_id] = Registered(uuid, operation, said, status)
            return 200, {"uuid": uuid, "status": "wait", "error": None}

    def report(self, reference: str) -> tuple[int, Body]:
        """Tell what became of a receipt, by its uuid or our id."""
        found = [one for key, one in self.receipts.items() if reference in (one.uuid, key)]
        if not found:
            return 404, {"status": "fail", "error": {"code": 34, "text": "Не найден"}}
        [one] = found
        number = list(self.receipts.values()).index(one) + 1
        payload = {
            "fn_number": "9999078900001234",
            "fiscal_document_number": number,
            "fiscal_document_attribute": 3_000_000_000 + number,
            "shift_number": 7,
            "fiscal_receipt_number": number,
            "receipt_datetime": "02.11.2026 12:00:00",
        }
        done = payload if one.status == "done" else None
        return 200, {"uuid": one.uuid, "status": one.status, "payload": done, "error": one.error}


class _Closed(Exception):
    """The connection is closed without an answer."""


def _answer(register: FakeRegister, path: str, said: Body, token: str) -> tuple[int, Body]:
    if register.is_down:
        register.calls.append("down")
        raise _Closed
    path = path.removeprefix("/possystem/v4")
    if path == "/getToken":
        register.calls.append("token")
        return register.token(said)
    _, group, operation, *rest = path.split("/")
    register.calls.append(operation)
    if token not in register.tokens:
        return 401, {"error": {"code": 11, "text": "Срок действия токена истёк"}}
    if group != register.group:
        return 403, {"error": {"code": 2, "text": "Неверная группа"}}
    if operation == "report":
        return register.report(rest[0])
    fault = register.faults.pop(0) if register.faults else ""
    return FAULTS[fault](register, operation, said)


def _die(register: FakeRegister, operation: str, said: Body) -> tuple[int, Body]:
    register.take(operation, said)
    raise _Closed


def _hang(register: FakeRegister, operation: str, said: Body) -> tuple[int, Body]:
    register.take(operation, said)
    register.released.wait(60)
    raise _Closed


def _lost(_register: FakeRegister, _operation: str, _said: Body) -> tuple[int, Body]:
    raise _Closed


def _busy_taken(register: FakeRegister, operation: str, said: Body) -> tuple[int, Body]:
    register.take(operation, said)
    return 500, {}


FAULTS: dict[str, Callable[[FakeRegister, str, Body], tuple[int, Body]]] = {
    "": lambda register, operation, said: register.take(operation, said),
    "die": _die,
    "hang": _hang,
    "lost": _lost,
    "busy": lambda *_: (500, {}),
    "busy_taken": _busy_taken,
    "throttle": lambda *_: (429, {}),
    "nonsense": lambda *_: (200, {"hello": "world"}),
    "refuse": lambda *_: (400, {"status": "fail", "error": {"code": 31, "text": "Плохой чек"}}),
}


@contextmanager
def a_register() -> Iterator[FakeRegister]:
    """Serve a register on a port of its own."""
    register = FakeRegister()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._serve(json.loads(self.rfile.read(length) or b"{}"))

        def _serve(self, said: Body) -> None:
            try:
                status, body = _answer(register, self.path, said, self.headers.get("Token", ""))
            except _Closed:
                self.close_connection = True
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    register.url = f"http://127.0.0.1:{server.server_port}/possystem/v4"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield register
    finally:
        register.released.set()
        server.shutdown()
        server.server_close()
