"""
Two acquirers on this machine: real HTTP endpoints shaped like the APIs of YooKassa and Stripe, with
the payer's page, keys that ask once, refunds, disputes, saved cards, and notices to be sent.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts.models import Acquirer
from tests import people

YOOKASSA_SECRET = "test_yookassa"
STRIPE_SECRET = "sk_test_local"
HOOK_SECRET = "whsec_local"
CARD = "pm_saved"


@dataclass
class Charge:
    """One payment as the acquirer has it; `session` is Stripe's page of it."""

    id: str
    amount: int
    currency: str
    metadata: dict[str, str]
    return_url: str
    saves: bool
    session: str = ""
    status: str = "open"
    reason: str = ""


@dataclass
class Bank:
    """What both acquirers know. Amounts are in minor units."""

    url: str = ""
    charges: dict[str, Charge] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    #: Used up by requests that ask for something: "lost" does it and hangs up, "down" hangs up
    #: before, (status, body) answers so and does nothing.
    faults: list[Any] = field(default_factory=list)
    #: Saved cards are refused with this word.
    declines: str = ""
    #: What a new refund is.
    refund_status: str = "succeeded"
    lock: threading.RLock = field(default_factory=threading.RLock)
    serial: int = 0

    def next_id(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial:08d}"

    @property
    def made(self) -> list[Charge]:
        return list(self.charges.values())

    @property
    def captured(self) -> int:
        return sum(one.amount for one in self.made if one.status == "paid")

    def pay(self, charge: str = "") -> Charge:
        """The payer pays at the page (of the newest payment)."""
        one = self.charges[charge] if charge else self.made[-1]
        one.status = "paid"
        return one

    def refuse(self, reason: str = "expired_on_confirmation") -> Charge:
        """The payer's page is closed unpaid."""
        one = self.made[-1]
        one.status, one.reason = "cancelled", reason
        return one

    def dispute(self, charge: Charge, status: str = "needs_response", amount: int = 0) -> str:
        """The payer disputes the payment at the bank; again changes how it stands."""
        found = [one["id"] for one in self.disputes.values() if one["payment_intent"] == charge.id]
        name = found[0] if found else self.next_id("dp_")
        self.disputes[name] = {
            "id": name,
            "object": "dispute",
            "payment_intent": charge.id,
            "amount": amount or charge.amount,
            "currency": charge.currency.lower(),
            "status": status,
            "reason": "fraudulent",
        }
        return name

    def give_back(self, charge: Charge, amount: int, metadata: dict[str, str]) -> dict[str, Any]:
        """A refund, asked for through the API or made at the acquirer's own screen."""
        name = self.next_id("re_")
        self.refunds[name] = {
            "id": name,
            "charge": charge.id,
            "amount": amount,
            "currency": charge.currency,
            "status": self.refund_status,
            "metadata": metadata,
        }
        return self.refunds[name]

    def returned(self, charge: Charge) -> int:
        return sum(
            one["amount"]
            for one in self.refunds.values()
            if one["charge"] == charge.id and one["status"] != "failed"
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    bank: Bank


class Refusal(Exception):
    """An answer that is a no."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class HungUp(Exception):
    """The connection is closed without an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        bank = self.server.bank
        address = urlsplit(self.path)
        try:
            with bank.lock:
                bank.requests.append((self.command, self.path))
                status, said = self._answer(bank, address.path, body)
        except HungUp:
            self.close_connection = True
            return
        except Refusal as refusal:
            status, said = refusal.status, refusal.body
        self._send(status, said)

    def _answer(self, bank: Bank, path: str, body: bytes) -> tuple[int, Any]:
        if path.startswith("/page/"):
            return self._page(bank, path.removeprefix("/page/"))
        api = _YooKassa(bank) if path.startswith("/v3/") else _Stripe(bank)
        api.let_in(self.headers)
        given = api.read(body) if body else dict(parse_qsl(urlsplit(self.path).query))
        parts = tuple(path.split("/")[2:])
        if self.command == "GET":
            return 200, api.get(parts, given)
        return self._once(bank, api, parts, given)

    def _once(self, bank: Bank, api: Any, parts: tuple[str, ...], given: Any) -> tuple[int, Any]:
        fault = bank.faults.pop(0) if bank.faults else ""
        if fault == "down":
            raise HungUp
        if isinstance(fault, tuple):
            raise Refusal(*fault)
        key = self.headers[api.key_header]
        asked = json.dumps([parts, given], sort_keys=True)
        if key not in bank.answers:
            try:
                bank.answers[key] = (asked, 200, api.post(parts, given))
            except Refusal as refusal:
                bank.answers[key] = (asked, refusal.status, refusal.body)
        former, status, said = bank.answers[key]
        if former != asked:
            raise Refusal(400, api.other_use)
        if fault == "lost":
            raise HungUp
        return status, said

    def _page(self, bank: Bank, charge: str) -> tuple[int, str]:
        one = bank.charges[charge]
        if self.command == "POST":
            one.status = "paid"
            return 303, one.return_url
        return 200, (
            "<!doctype html><html lang=ru><title>Банк</title><h1>Страница банка</h1>"
            f"<p>{one.amount / 100:.2f}</p><form method=post><button>Заплатить</button></form>"
        )

    def _send(self, status: int, said: Any) -> None:
        is_page = isinstance(said, str)
        content = said.encode() if is_page else json.dumps(said).encode()
        try:
            self.send_response(status)
            if status == 303:
                self.send_header("Location", str(said))
                content = b""
            kind = "text/html; charset=utf-8" if is_page else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Keep the tests' output quiet."""


class _YooKassa:
    """The API of one shop."""

    key_header = "Idempotence-Key"
    other_use = {"type": "error", "code": "invalid_request", "description": "key used"}

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def let_in(self, headers: Any) -> None:
        from base64 import b64decode

        said = b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        if said != f"shop:{YOOKASSA_SECRET}":
            raise Refusal(401, {"type": "error", "code": "invalid_credentials"})

    def read(self, body: bytes) -> Any:
        return json.loads(body)

    def get(self, parts: tuple[str, ...], given: dict[str, str]) -> Any:
        match parts:
            case ("payments", name) if name in self.bank.charges:
                return self.payment(self.bank.charges[name])
            case ("refunds", name) if name in self.bank.refunds:
                return self.refund(self.bank.refunds[name])
            case ("refunds",):
                found = [
                    self.refund(one)
                    for one in self.bank.refunds.values()
                    if one["charge"] == given["payment_id"]
                ]
                return {"type": "list", "items": found}
        raise Refusal(404, {"type": "error", "code": "not_found"})

    def post(self, parts: tuple[str, ...], given: Any) -> Any:
        if parts == ("payments",):
            return self.payment(self._make(given))
        charge = self.bank.charges[given["payment_id"]]
        amount = int(Decimal(given["amount"]["value"]) * 100)
        if charge.status != "paid" or amount > charge.amount - self.bank.returned(charge):
            raise Refusal(400, {"type": "error", "code": "invalid_request"})
        return self.refund(self.bank.give_back(charge, amount, given.get("metadata", {})))

    def _make(self, given: Any) -> Charge:
        one = Charge(
            # The library refuses an id of another length.
            id=f"{self.bank.next_id('2d')}-000f-5000-8000-1c0ffee000",
            amount=int(Decimal(given["amount"]["value"]) * 100),
            currency=given["amount"]["currency"],
            metadata=given["metadata"],
            return_url=given.get("confirmation", {}).get("return_url", ""),
            saves=bool(given.get("save_payment_method")),
        )
        if "payment_method_id" in given:
            one.status = "cancelled" if self.bank.declines else "paid"
            one.reason = self.bank.declines
        self.bank.charges[one.id] = one
        return one

    def payment(self, one: Charge) -> dict[str, Any]:
        status = {"open": "pending", "paid": "succeeded", "cancelled": "canceled"}[one.status]
        told: dict[str, Any] = {
            "id": one.id,
            "status": status,
            "paid": one.status == "paid",
            "amount": {"value": f"{Decimal(one.amount) / 100:.2f}", "currency": one.currency},
            "created_at": "2026-11-02T09:00:00.000Z",
            "metadata": one.metadata,
            "refundable": one.status == "paid",
            "test": True,
        }
        if status == "pending" and one.return_url:
            page = f"{self.bank.url}/page/{one.id}"
            told["confirmation"] = {"type": "redirect", "confirmation_url": page}
        if status == "succeeded":
            told["captured_at"] = "2026-11-02T09:01:02.345Z"
            told["payment_method"] = self._method(one)
        if status == "canceled":
            told["cancellation_details"] = {"party": "payment_network", "reason": one.reason}
        return told

    def _method(self, one: Charge) -> dict[str, Any]:
        card = {"last4": "4444", "expiry_month": "07", "expiry_year": "2029", "card_type": "Mir"}
        return {"type": "bank_card", "id": CARD, "saved": one.saves, "card": card}

    def refund(self, one: dict[str, Any]) -> dict[str, Any]:
        status = "canceled" if one["status"] == "failed" else one["status"]
        told = {
            "id": one["id"],
            "payment_id": one["charge"],
            "status": status,
            "amount": {"value": f"{Decimal(one['amount']) / 100:.2f}", "currency": one["currency"]},
            "created_at": "2026-11-02T09:00:00.000Z",
            "metadata": one["metadata"],
        }
        if status == "canceled":
            told["cancellation_details"] = {"party": "yoo_money", "reason": "insufficient_funds"}
        return told


class _Stripe:
    """The API of one account."""

    key_header = "Idempotency-Key"
    other_use = {"error": {"type": "idempotency_error", "message": "key used"}}

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def let_in(self, headers: Any) -> None:
        if headers["Authorization"] != f"Bearer {STRIPE_SECRET}":
            raise Refusal(401, {"error": {"type": "invalid_request_error", "message": "no key"}})

    def read(self, body: bytes) -> Any:
        return dict(parse_qsl(body.decode()))

    def get(self, parts: tuple[str, ...], given: dict[str, str]) -> Any:
        match parts:
            case ("checkout", "sessions", name):
                return self.session(self._by_session(name))
            case ("payment_intents", name) if name in self.bank.charges:
                return self.intent(self.bank.charges[name])
            case ("refunds", name) if name in self.bank.refunds:
                return self.refund(self.bank.refunds[name])
            case ("disputes", name) if name in self.bank.disputes:
                return self.bank.disputes[name]
            case ("refunds",):
                found = [
                    self.refund(one)
                    for one in self.bank.refunds.values()
                    if one["charge"] == given["payment_intent"]
                ]
                return {"object": "list", "data": found, "has_more": False}
        raise Refusal(404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}})

    def post(self, parts: tuple[str, ...], given: dict[str, str]) -> Any:
        if parts == ("checkout", "sessions"):
            return self.session(self._make(given))
        if parts == ("payment_intents",):
            return self._charge(given)
        charge = self.bank.charges[given["payment_intent"]]
        amount = int(given["amount"])
        if charge.status != "paid" or amount > charge.amount - self.bank.returned(charge):
            code = {"type": "invalid_request_error", "code": "charge_already_refunded"}
            raise Refusal(400, {"error": code})
        metadata = {"refund": given["metadata[refund]"]}
        return self.refund(self.bank.give_back(charge, amount, metadata))

    def _make(self, given: dict[str, str]) -> Charge:
        one = Charge(
            id=self.bank.next_id("pi_"),
            amount=int(given["line_items[0][price_data][unit_amount]"]),
            currency=given["line_items[0][price_data][currency]"].upper(),
            metadata={"card_payment": given["metadata[card_payment]"]},
            return_url=given["success_url"],
            saves="payment_intent_data[setup_future_usage]" in given,
            session=self.bank.next_id("cs_test_"),
        )
        self.bank.charges[one.id] = one
        return one

    def _charge(self, given: dict[str, str]) -> dict[str, Any]:
        one = Charge(
            id=self.bank.next_id("pi_"),
            amount=int(given["amount"]),
            currency=given["currency"].upper(),
            metadata={"card_payment": given["metadata[card_payment]"]},
            return_url="",
            saves=False,
            status="cancelled" if self.bank.declines else "paid",
            reason=self.bank.declines,
        )
        self.bank.charges[one.id] = one
        if self.bank.declines:
            fault = {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": self.bank.declines,
                "payment_intent": self.intent(one),
            }
            raise Refusal(402, {"error": fault})
        return self.intent(one)

    def _by_session(self, name: str) -> Charge:
        return next(one for one in self.bank.made if one.session == name)

    def session(self, one: Charge) -> dict[str, Any]:
        return {
            "id": one.session,
            "object": "checkout.session",
            "status": {"open": "open", "paid": "complete", "cancelled": "expired"}[one.status],
            "payment_status": "paid" if one.status == "paid" else "unpaid",
            "amount_total": one.amount,
            "currency": one.currency.lower(),
            "metadata": one.metadata,
            "url": f"{self.bank.url}/page/{one.id}" if one.status == "open" else None,
            "payment_intent": self.intent(one),
        }

    def intent(self, one: Charge) -> dict[str, Any]:
        status = {"open": "requires_payment_method", "paid": "succeeded"}.get(
            one.status, "requires_payment_method" if not one.session else "canceled"
        )
        card = {"brand": "visa", "last4": "4242", "exp_month": 7, "exp_year": 2029}
        return {
            "id": one.id,
            "object": "payment_intent",
            "status": status,
            "amount": one.amount,
            "amount_received": one.amount if one.status == "paid" else 0,
            "currency": one.currency.lower(),
            "metadata": one.metadata,
            "customer": "cus_1" if one.saves or not one.session else None,
            "setup_future_usage": "off_session" if one.saves else None,
            "payment_method": {
                "id": CARD,
                "object": "payment_method",
                "type": "card",
                "card": card,
            },
            "last_payment_error": {"code": one.reason} if one.reason else None,
        }

    def refund(self, one: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": one["id"],
            "object": "refund",
            "status": one["status"],
            "amount": one["amount"],
            "currency": one["currency"].lower(),
            "metadata": one["metadata"],
            "payment_intent": one["charge"],
        }


@dataclass(frozen=True)
class Notice:
    """A notice as it is sent: body and headers."""

    body: bytes
    headers: dict[str, str]


def yookassa_notice(bank: Bank, event: str, name: str) -> Notice:
    """What YooKassa sends about a payment or refund as it is now."""
    api = _YooKassa(bank)
    about = (
        api.payment(bank.charges[name]) if name in bank.charges else api.refund(bank.refunds[name])
    )
    said = {"type": "notification", "event": event, "object": about}
    return Notice(json.dumps(said).encode(), {})


def stripe_notice(
    bank: Bank, kind: str, name: str, *, at: datetime, event: str = "", secret: str = HOOK_SECRET
) -> Notice:
    """A signed event of Stripe about a session, payment, refund or dispute as it is now."""
    api = _Stripe(bank)
    sessions = {one.session: one for one in bank.made}
    if name in sessions:
        about = api.session(sessions[name])
    elif name in bank.charges:
        about = api.intent(bank.charges[name])
    elif name in bank.refunds:
        about = api.refund(bank.refunds[name])
    else:
        about = bank.disputes[name]
    said = {"id": event or f"evt_{kind}_{name}", "object": "event", "type": kind}
    return sign({**said, "data": {"object": about}}, at=at, secret=secret)


def sign(said: dict[str, Any], *, at: datetime, secret: str = HOOK_SECRET) -> Notice:
    """Sign as Stripe does."""
    body = json.dumps(said).encode()
    stamp = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return Notice(body, {"Stripe-Signature": f"t={stamp},v1={mac}"})


@pytest.fixture
def bank() -> Iterator[Bank]:
    """Both acquirers, served."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.bank = Bank(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.bank
    server.shutdown()
    server.server_close()
    thread.join(5)


def set_up(bank: Bank, kind: str, monkeypatch: pytest.MonkeyPatch, **terms: Any) -> Acquirer:
    """The operator takes cards through one of them."""
    monkeypatch.setenv("TEST_YOOKASSA_SECRET", YOOKASSA_SECRET)
    monkeypatch.setenv("TEST_STRIPE_SECRET", STRIPE_SECRET)
    monkeypatch.setenv("TEST_STRIPE_HOOK", HOOK_SECRET)
    own = {
        "yookassa": {
            "base_url": f"{bank.url}/v3",
            "shop_id": "shop",
            "secret_variable": "TEST_YOOKASSA_SECRET",
            "networks": ["127.0.0.0/8"],
        },
        "stripe": {
            "base_url": bank.url,
            "secret_variable": "TEST_STRIPE_SECRET",
            "hook_secret_variable": "TEST_STRIPE_HOOK",
        },
    }[kind]
    return Acquirer.objects.create(
        **{
            "code": kind,
            "kind": kind,
            "name": kind,
            "legal_entity": people.ladoga(),
            **own,
            **terms,
        }
    )
