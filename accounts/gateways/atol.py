"""
A register that speaks ATOL Online's protocol (v4; others in the market speak it too).

    POST <url>/getToken                        {"login", "pass"} -> {"token"}
    POST <url>/<group>/sell                    sell_refund, sell_correction: alike; header Token
    GET  <url>/<group>/report/<uuid>           what became of it

`external_id` is ours. The same one again is not registered a second time: the service refuses with
code 33 and tells the uuid of the first. A token that is too old is answered with 401.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

import httpx
import orjson

from accounts.domain.fiscal import WITHOUT_VAT, Answer, Document, Outcome, Receipt

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 10.0

DUPLICATE: Final = 33
#: The service knows no such receipt (yet).
NOT_FOUND: Final = 34
#: HTTP statuses after which the receipt was surely not taken, and is worth another try.
NOT_NOW: Final = frozenset({401, 403, 408, 425, 429})
#: No connection came about, so nothing was taken.
NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
)
VAT_TYPES: Final = {
    WITHOUT_VAT: "none",
    2: "vat0",
    3: "vat10",
    4: "vat20",
    5: "vat110",
    6: "vat120",
    11: "vat22",
    12: "vat122",
}
PATHS: Final = {"sell": "sell", "sell_refund": "sell_refund", "correction": "sell_correction"}

# Tokens live a day, and the service counts how often it is asked for one: kept for the process.
_tokens: dict[tuple[str, str], str] = {}
_lock = Lock()


class NoToken(Exception):
    """The service gave no token; `answer` says how that ended."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.error)
        self.answer = answer


class AtolRegister:
    """Posts receipts to one group of registers; connections are kept between receipts."""

    def __init__(self, *, url: str, login: str, password: str, group_code: str) -> None:
        """Nothing is sent before the first receipt."""
        self._url = url.rstrip("/")
        self._login, self._password = login, password
        self._group = quote(group_code, safe="")
        # The environment's proxies are not for money; a redirect would lose the body.
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def send(self, receipt: Receipt) -> Answer:
        """Send one receipt; whatever happens to the connection is an Answer."""
        path = f"/{self._group}/{PATHS[receipt.kind]}"
        return self._call("POST", path, read=read_sent, content=build_body(receipt))

    def ask(self, receipt: Receipt) -> Answer:
        """Ask by the service's id; before that is known, by ours."""
        path = f"/{self._group}/report/{quote(receipt.uuid or receipt.external_id, safe='')}"
        return self._call("GET", path, read=read_report)

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def _call(self, method: str, path: str, *, read: Any, content: bytes = b"") -> Answer:
        try:
            token = self._token()
            response = self._request(method, path, token=token, content=content)
            if response.status_code == 401:
                # Too old: one new token, one more try. A 401 took nothing.
                token = self._token(instead_of=token)
                response = self._request(method, path, token=token, content=content)
        except NoToken as refusal:
            return refusal.answer
        except NEVER_SENT as fault:
            return Answer(Outcome.UNREACHABLE, error=_told(fault))
        except httpx.HTTPError as fault:
            return Answer(Outcome.UNKNOWN, error=_told(fault))
        answer: Answer = read(response.status_code, _read_json(response.content))
        return answer

    def _request(self, method: str, path: str, *, token: str, content: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/json; charset=utf-8", "Token": token}
        return self._client.request(method, self._url + path, content=content, headers=headers)

    def _token(self, *, instead_of: str = "") -> str:
        key = (self._url, self._login)
        with _lock:
            token = _tokens.get(key, "")
            if not token or token == instead_of:
                token = _tokens[key] = self._new_token()
        return token

    def _new_token(self) -> str:
        body = orjson.dumps({"login": self._login, "pass": self._password})
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            response = self._client.post(f"{self._url}/getToken", content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            # A token takes no receipt: whatever happened here, nothing was sold.
            raise NoToken(Answer(Outcome.UNREACHABLE, error=_told(fault))) from fault
        said = _read_json(response.content)
        token = str(said.get("token") or "")
        if not token:
            error = _error(response.status_code, said)
            raise NoToken(Answer(Outcome.UNREACHABLE, error=error))
        return token


def build_body(receipt: Receipt) -> bytes:
    """Return the receipt as JSON. Sums are numbers with two digits, as the service wants them."""
    total = orjson.Fragment(f"{receipt.amount:.2f}")
    vat = {"type": VAT_TYPES[receipt.vat_code]}
    company = {
        "email": receipt.terms["email"],
        "sno": receipt.terms["tax_system"],
        "inn": receipt.terms["inn"],
        "payment_address": receipt.terms["place"],
    }
    payments = [{"type": 0 if receipt.is_cash else 1, "sum": total}]
    if receipt.kind == "correction":
        what: dict[str, Any] = {
            "correction": {
                "company": company,
                "correction_info": _correction_info(receipt),
                "payments": payments,
                "vats": [{**vat, "sum": total}],
            }
        }
    else:
        item = {
            "name": receipt.terms["item_name"],
            "price": total,
            "quantity": 1,
            "sum": total,
            "payment_method": receipt.terms["method"],
            "payment_object": "payment" if receipt.terms["method"] == "advance" else "service",
            "vat": vat,
        }
        client = _client(receipt)
        what = {
            "receipt": {
                "client": client,
                "company": company,
                "items": [item],
                "payments": payments,
                "total": total,
            }
        }
    at = f"{receipt.at:%d.%m.%Y %H:%M:%S}"
    return orjson.dumps({"external_id": receipt.external_id, "timestamp": at, **what})


def _client(receipt: Receipt) -> dict[str, str]:
    """Return where the buyer's copy goes; the service refuses a receipt that goes nowhere."""
    if receipt.email:
        return {"email": receipt.email}
    if receipt.phone:
        return {"phone": f"+{receipt.phone}"}
    return {"email": receipt.terms["email"]}


def _correction_info(receipt: Receipt) -> dict[str, str]:
    day = receipt.base_date or receipt.at.date()
    return {
        "type": "self",
        "base_date": f"{day:%d.%m.%Y}",
        "base_number": receipt.external_id,
        "base_name": receipt.reason[:120],
    }


def read_sent(status: int, said: Mapping[str, Any]) -> Answer:
    """Read the answer to a receipt that was sent."""
    uuid = str(said.get("uuid") or "")
    if _code(said) == DUPLICATE and uuid:
        return Answer(Outcome.ACCEPTED, uuid=uuid)
    if status in NOT_NOW:
        return Answer(Outcome.LATER, error=_error(status, said))
    if status >= 500 or not 200 <= status < 500:
        return Answer(Outcome.UNKNOWN, error=_error(status, said))
    if status >= 400 or said.get("status") == "fail":
        return Answer(Outcome.REFUSED, uuid=uuid, error=_error(status, said))
    if uuid and said.get("status") in ("wait", "done"):
        return Answer(Outcome.ACCEPTED, uuid=uuid)
    return Answer(Outcome.UNKNOWN, error=_error(status, said))


def read_report(status: int, said: Mapping[str, Any]) -> Answer:
    """Read the answer to a question; only what the service says itself is taken for an outcome."""
    uuid, word = str(said.get("uuid") or ""), said.get("status")
    if status == 200 and word == "done":
        return Answer(Outcome.DONE, uuid=uuid, document=_document(said.get("payload")))
    if status == 200 and word == "wait":
        return Answer(Outcome.ACCEPTED, uuid=uuid)
    if _code(said) == NOT_FOUND or status == 404:
        return Answer(Outcome.ABSENT, error=_error(status, said))
    if status == 200 and word == "fail":
        return Answer(Outcome.REFUSED, uuid=uuid, error=_error(status, said))
    if status == 400:
        # It doesn't take our id for one of its own; sending again is safe, by code 33.
        return Answer(Outcome.ABSENT, error=_error(status, said))
    return Answer(Outcome.LATER, error=_error(status, said))


def _document(payload: object) -> Document:
    said = payload if isinstance(payload, Mapping) else {}

    def text(key: str, size: int) -> str:
        return str(said.get(key) or "")[:size]

    return Document(
        fn_number=text("fn_number", 20),
        number=text("fiscal_document_number", 12),
        sign=text("fiscal_document_attribute", 12),
        shift_number=text("shift_number", 12),
        receipt_number=text("fiscal_receipt_number", 12),
        registered_at=text("receipt_datetime", 24),
    )


def _code(said: Mapping[str, Any]) -> int | None:
    error = said.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    return code if isinstance(code, int) else None


def _error(status: int, said: Mapping[str, Any]) -> str:
    error = said.get("error")
    text = str(error.get("text") or "") if isinstance(error, Mapping) else ""
    return f"HTTP {status} {text}".strip()[:250]


def _told(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:250]


def _read_json(content: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
