"""
YooKassa through its own client library.

The library keeps its settings in a class for the whole process, sets no time-out and stumbles over
a connection without an answer: `_Client` gives each acquirer settings of its own and time-outs, and
sorts answers into no, and not known. Notices are unsigned: the source network is checked here, and
whoever settles them reads the object again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any, Final

import orjson
import requests
from yookassa.client import ApiClient
from yookassa.domain.common import RequestObject, SecurityHelper, UserAgent
from yookassa.domain.response import PaymentResponse, RefundResponse
from yookassa.payment import Payment
from yookassa.refund import Refund

from accounts.domain.acquiring import (
    Access,
    Asked,
    CardToken,
    ForgedNotice,
    NoAnswer,
    Notice,
    Outcome,
    Refused,
    Seen,
    SeenDispute,
    SeenRefund,
    Subject,
)
from accounts.gateways.acquiring import TIMEOUTS

BASE_URL: Final = "https://api.yookassa.ru/v3"
_SUBJECTS: Final = {"payment": Subject.PAYMENT, "refund": Subject.REFUND}
_OUTCOMES: Final = {"succeeded": Outcome.SUCCEEDED, "canceled": Outcome.FAILED}
#: The answers that are a no; others (202, 409, 429, 5xx) leave it open.
_NO: Final = frozenset({400, 401, 403, 404, 405, 410, 415})


class YooKassa:
    """One shop."""

    def __init__(self, access: Access) -> None:
        """Make the client; nothing is asked yet."""
        self._networks = access.networks or tuple(SecurityHelper.YOOKASSA_NETWORKS)
        client = _Client(access)
        self._payments: Any = type("ShopPayment", (Payment,), {"__init__": _with(client)})
        self._refunds: Any = type("ShopRefund", (Refund,), {"__init__": _with(client)})

    def ask(self, asked: Asked) -> Seen:
        """Ask for a payment."""
        with _readable():
            return _seen(self._payments.create(_payment_of(asked), asked.key))

    def look(self, external_id: str) -> Seen:
        """Return a payment as it is now."""
        with _readable():
            return _seen(self._payments.find_one(external_id))

    def refund(self, *, charge: str, amount: Decimal, currency: str, key: str) -> SeenRefund:
        """Give back."""
        wish = {
            "payment_id": charge,
            "amount": {"value": str(amount), "currency": currency},
            "metadata": {"refund": key},
        }
        with _readable():
            return _seen_refund(self._refunds.create(wish, key))

    def look_at_refund(self, external_id: str) -> SeenRefund:
        """Return a refund as it is now."""
        with _readable():
            return _seen_refund(self._refunds.find_one(external_id))

    def find_refund(self, *, charge: str, key: str) -> SeenRefund | None:
        """Find a refund by our key."""
        with _readable():
            found = self._refunds.list({"payment_id": charge}).items or []
            mine = [one for one in found if (one.metadata or {}).get("refund") == key]
            return _seen_refund(mine[0]) if mine else None

    def look_at_dispute(self, external_id: str) -> SeenDispute:
        """Disputes come by letter: a person writes them down."""
        raise Refused("no disputes here", external_id)

    def read_notice(
        self, body: bytes, *, headers: Mapping[str, str], source: str, now: datetime
    ) -> Notice:
        """Return what a notice is about, if it came from YooKassa's networks."""
        if not _is_inside(source, self._networks):
            raise ForgedNotice("not from the acquirer's network")
        try:
            told = orjson.loads(body)
            kind, about = str(told["event"]), told["object"]
            subject = _SUBJECTS.get(kind.partition(".")[0], Subject.OTHER)
            status = str(about.get("status", ""))
            metadata = about.get("metadata") or {}
            key = str(metadata.get("card_payment") or metadata.get("refund") or "")
            external_id = str(about["id"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ForgedNotice("not a notice") from None
        event = hashlib.sha256(f"{kind} {external_id} {status}".encode()).hexdigest()
        return Notice(event, kind, subject, external_id, key[:40])


class _Client(ApiClient):  # type: ignore[misc]  # the library is untyped
    """The library's client with settings of its own; the library reads them from a class."""

    def __init__(self, access: Access) -> None:
        self.endpoint = access.base_url.rstrip("/") or BASE_URL
        self.shop_id = access.shop_id
        self.shop_password = access.secret
        self.auth_token = None
        self.user_agent = UserAgent()

    def request(self, method: str = "", path: str = "", *sent: Any) -> Any:
        """Send; `sent` is query, headers and body, as far as the library gives them."""
        query, headers, body = (*sent, None, None, None)[:3]
        if isinstance(body, RequestObject):
            body.validate()
            body = dict(body)
        try:
            with requests.Session() as session:
                answer = session.request(
                    method,
                    self.endpoint + path,
                    params=query,
                    headers=self.prepare_request_headers(headers),
                    json=body,
                    timeout=TIMEOUTS,
                    allow_redirects=False,
                )
                content = answer.content
        except requests.RequestException as fault:
            raise NoAnswer(type(fault).__name__) from fault
        return _read(answer.status_code, content)


def _read(status: int, content: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        told = None
    if status == 200 and isinstance(told, dict):
        return told
    if status in _NO and isinstance(told, dict):
        raise Refused(str(told.get("code") or status))
    raise NoAnswer(f"HTTP {status}")


def _with(client: _Client) -> Any:
    def __init__(self: Any) -> None:  # noqa: N807
        self.client = client

    return __init__


def _payment_of(asked: Asked) -> dict[str, Any]:
    wish: dict[str, Any] = {
        "amount": {"value": str(asked.amount), "currency": asked.currency},
        "capture": True,
        "description": asked.description[:128],
        "metadata": {"card_payment": asked.key, "account": asked.account_number},
    }
    if asked.card is not None:
        wish["payment_method_id"] = asked.card.token
    else:
        wish["confirmation"] = {"type": "redirect", "return_url": asked.return_url}
        wish["save_payment_method"] = asked.saves_card
    if asked.vat_code is not None and asked.email:
        wish["receipt"] = _receipt_of(asked)
    return wish


def _receipt_of(asked: Asked) -> dict[str, Any]:
    item = {
        "description": asked.description[:128],
        "quantity": "1.00",
        "amount": {"value": str(asked.amount), "currency": asked.currency},
        "vat_code": asked.vat_code,
        "payment_mode": "advance",
        "payment_subject": "payment",
    }
    return {"customer": {"email": asked.email}, "items": [item]}


def _seen(told: PaymentResponse) -> Seen:
    outcome = _OUTCOMES.get(told.status, Outcome.PENDING)
    page, why = told.confirmation, told.cancellation_details
    return Seen(
        external_id=told.id,
        outcome=outcome,
        amount=told.amount.value,
        currency=told.amount.currency,
        charge=told.id,
        page_url=getattr(page, "confirmation_url", None) or "",
        reason=(why.reason if why else "") or "",
        paid_at=_moment(told.captured_at) if outcome is Outcome.SUCCEEDED else None,
        card=_card(told.payment_method),
    )


def _card(method: Any) -> CardToken | None:
    if method is None or not method.saved:
        return None
    card = getattr(method, "card", None)
    last4 = str(getattr(card, "last4", "") or "")
    month, year = getattr(card, "expiry_month", None), getattr(card, "expiry_year", None)
    return CardToken(
        token=method.id,
        payer="",
        title=str(
            getattr(card, "card_type", None) or getattr(method, "title", None) or method.type
        ),
        last4=last4,
        expires=f"{month}/{year}" if month and year else "",
    )


def _seen_refund(told: RefundResponse) -> SeenRefund:
    why = told.cancellation_details
    return SeenRefund(
        external_id=told.id,
        outcome=_OUTCOMES.get(told.status, Outcome.PENDING),
        amount=told.amount.value,
        charge=told.payment_id or "",
        reason=str(getattr(why, "reason", "") or ""),
    )


@contextmanager
def _readable() -> Iterator[None]:
    """What the library stumbles over, before or after sending, is not known to have happened."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as fault:
        raise NoAnswer(f"not readable: {fault}"[:120]) from fault


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _is_inside(source: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(source)
    except ValueError:
        return False
    return any(address in ip_network(network) for network in networks)


def open_gateway(access: Access) -> YooKassa:
    """Return the adapter."""
    return YooKassa(access)
