"""
Online charging over HTTP and JSON: POST /net/charging/<verb> (docs/online_charging.md).

Thin on purpose: a token, a few checks of form, one operation, its stored text.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from http.client import responses
from typing import Any, Final

import orjson
from django.db import Error, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from rating.domain.online import Code
from rating.operations import charging
from rating.operations.charging import Answer, Ask
from rating.queries.charging import MEMORY
from tariffs.domain.deck import UsageKind

LOG: Final = logging.getLogger(__name__)
#: Where the doors stand.
PREFIX: Final = "/net/charging/"
_TYPE: Final = "application/json"
_LARGEST_BODY: Final = 65_536
Operation = Callable[..., Answer]
VERBS: Final[dict[str, Operation]] = {
    "authorise": charging.authorise,
    "reserve": charging.reserve,
    "update": charging.update,
    "terminate": charging.terminate,
    "event": charging.charge_event,
    "cancel": charging.cancel,
}
STATUS: Final = {
    Code.OK: 200,
    Code.MALFORMED: 400,
    Code.BAD_TIME: 400,
    Code.UNKNOWN_SESSION: 404,
    Code.SESSION_EXISTS: 409,
    Code.SESSION_ENDED: 409,
    Code.STALE_SEQUENCE: 409,
    Code.SEQUENCE_REUSED: 409,
    Code.USED_WENT_BACK: 409,
    Code.BUSY: 503,
}
#: Not to be connected; the code says why.
REFUSED: Final = 403
KINDS: Final = {kind.code: kind for kind in UsageKind}
#: These name a session of the client; an authorisation writes nothing and needs none.
_NEW: Final = frozenset({"authorise", "reserve", "event"})
_LONGEST_TEXT: Final = 128
_LARGEST: Final = 2**62


class Malformed(ValueError):
    """The request doesn't say what it must, or in the wrong form; the message names the field."""


def prepare() -> None:
    """Load prices and clients before a request waits for them; without a database that waits."""
    try:
        MEMORY.get(timezone.now())
    except Error as error:
        LOG.warning("charging: prices are not loaded yet: %s", error)
    finally:
        # Requests are answered by other threads, on connections of their own.
        connection.close()


def ask(request: HttpRequest, verb: str) -> HttpResponse:
    """Answer one request of a client, as a Django view."""
    token = request.headers.get("Authorization", "")
    body = request.body if request.method == "POST" else None
    status, told = answer(verb, token, body)
    return HttpResponse(told, status=status, content_type=_TYPE)


def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """
    Answer one request of a client, as WSGI: framework's handling costs as much as the answer.
    """
    verb = environ["PATH_INFO"].removeprefix(PREFIX)
    body = None
    if environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(
            min(int(environ.get("CONTENT_LENGTH") or 0), _LARGEST_BODY)
        )
    status, told = answer(verb, environ.get("HTTP_AUTHORIZATION", ""), body)
    headers = [("Content-Type", _TYPE), ("Content-Length", str(len(told)))]
    start_response(f"{status} {responses.get(status, '')}", headers)
    return [told]


def answer(verb: str, authorization: str, body: bytes | None) -> tuple[int, bytes]:
    """Return status and JSON of a request; `body` is None if it was no POST."""
    try:
        return _answer(verb, authorization, body)
    except (OperationalError, InterfaceError):
        # The database is away; the same request may be sent again.
        connection.close()
        return _refusal(Code.BUSY)
    except Exception:
        LOG.exception("charging: %s failed", verb)
        return 500, b'{"result":"refused","code":"failed"}'


def _answer(verb: str, authorization: str, body: bytes | None) -> tuple[int, bytes]:
    now = timezone.now()
    reference, clients = MEMORY.get(now)
    scheme, _, token = authorization.partition(" ")
    client = clients.get(sha256(token.encode()).hexdigest()) if scheme == "Bearer" else None
    if client is None:
        return 401, b'{"result":"refused","code":"unauthorised"}'
    operation = VERBS.get(verb)
    if operation is None:
        return 404, b'{"result":"refused","code":"unknown_door"}'
    if body is None:
        return 405, b'{"result":"refused","code":"malformed","detail":"POST only"}'
    try:
        asked = read_ask(verb, body)
    except Malformed as error:
        return _refusal(Code.MALFORMED, detail=str(error))
    told = operation(asked, client=client, reference=reference, now=now)
    return STATUS.get(told.code, REFUSED), told.text.encode()


def _refusal(code: Code, **more: str) -> tuple[int, bytes]:
    return STATUS[code], orjson.dumps({"result": "refused", "code": code.value, **more})


def read_ask(verb: str, body: bytes) -> Ask:
    """Return a request as values. Raises Malformed."""
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(values, dict):
        raise Malformed("the body is not an object")
    is_new = verb in _NEW
    kind = values.get("kind", "voice")
    if kind not in KINDS:
        raise Malformed("kind")
    return Ask(
        verb=verb,
        session=_text(values, "session", is_needed=verb != "authorise"),
        sequence=_number(values, "sequence", default=0) or 0,
        kind=KINDS[kind],
        subscriber=_text(values, "subscriber", is_needed=is_new),
        number=_text(values, "number"),
        started_at=_moment(values.get("started_at")),
        units=_number(values, "units", least=1),
        used=_used(values, verb),
        record_id=_record_id(values.get("record_id")),
    )


def _used(values: dict[str, Any], verb: str) -> int:
    if verb in {"update", "terminate"} and "used" not in values:
        raise Malformed("used")
    return _number(values, "used", default=0) or 0


def _text(values: dict[str, Any], name: str, *, is_needed: bool = False) -> str:
    value = values.get(name, "")
    is_good = isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value
    if not is_good or (is_needed and not value):
        raise Malformed(name)
    return str(value)


def _number(
    values: dict[str, Any], name: str, *, default: int | None = None, least: int = 0
) -> int | None:
    value = values.get(name, default)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= _LARGEST:
        raise Malformed(name)
    return value


def _moment(value: object) -> int | None:
    """Return epoch seconds of an ISO time with its offset, whole seconds."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise Malformed("started_at") from error
    if moment.tzinfo is None:
        raise Malformed("started_at: without offset from UTC")
    return seconds


def _record_id(value: object) -> tuple[str, ...]:
    """Return the parts of the record's id: a text, or a list of them."""
    if value is None:
        return ()
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not 0 < len(parts) <= 8:
        raise Malformed("record_id")
    return tuple(_text({"record_id": part}, "record_id") for part in parts)
