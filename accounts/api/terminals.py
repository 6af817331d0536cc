"""
The door of terminals: GET or POST /terminals/<code>/, answered in XML (docs/terminals.md).
"""

import logging
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Final
from xml.etree import ElementTree

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from accounts.domain.terminals import Code, Malformed, read_asked
from accounts.models import Terminal
from accounts.operations import terminals
from accounts.operations.terminals import Answer
from accounts.queries.terminals import find_terminal
from billing_project.sessions import client_address

LOG: Final = logging.getLogger(__name__)
#: So many wrong passwords from one address in so many seconds, then it has to wait.
MOST_FAILURES: Final = 10
WINDOW: Final = 600
_LONGEST_RAW: Final = 4_000


@csrf_exempt
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Answer a machine: first who it is, then what it asks."""
    with translation.override(settings.LANGUAGE_CODE):
        address = client_address(request)
        if _failures(code, address) >= MOST_FAILURES:
            return _plain(429, "too many wrong passwords", {"Retry-After": str(WINDOW)})
        terminal = find_terminal(code)
        if terminal is not None and not terminals.is_from(terminal, address):
            return _plain(403, "not from this address")
        if terminal is None or not _is_theirs(request, terminal):
            _count_failure(code, address)
            return _plain(401, "who are you?", {"WWW-Authenticate": 'Basic realm="terminals"'})
        return _answer(request, terminal)


def _is_theirs(request: HttpRequest, terminal: Terminal | None) -> bool:
    user_name, password = _credentials(request)
    is_proven = terminals.proves(terminal, user_name=user_name, password=password)
    by_address = terminal is not None and not terminals.needs_password(terminal)
    return is_proven or by_address


def _credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _space, told = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user_name, _colon, password = b64decode(told, validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        return "", ""
    return user_name, password


def _answer(request: HttpRequest, terminal: Terminal) -> HttpResponse:
    # The body first: it can't be had once a form was read out of it.
    raw = _raw(request)
    values = dict(request.GET.lists())
    if request.method == "POST":
        values = {**values, **dict(request.POST.lists())}
    txn_id = "".join(values.get("txn_id", [""])[:1])
    try:
        asked = read_asked(values, zone=timezone.get_default_timezone())
    except Malformed as error:
        told = _("The parameter %(name)s is missing or wrong.") % {"name": error}
        return _xml(Answer(Code.OTHER, comment=told), txn_id)
    try:
        answer = terminals.ask(terminal=terminal, asked=asked, raw=raw, now=timezone.now())
    except Exception:
        # Whatever it was, the outcome is not known here: the machine has to ask again.
        LOG.exception("terminal %s: %s of %s failed", terminal.code, asked.command, asked.txn_id)
        answer = Answer(Code.LATER, comment=_("Try again later."))
    return _xml(answer, txn_id)


def _raw(request: HttpRequest) -> str:
    body = request.body.decode(errors="replace") if request.method == "POST" else ""
    return f"{request.method} {request.get_full_path()}\n{body}".strip()[:_LONGEST_RAW]


def _xml(answer: Answer, txn_id: str) -> HttpResponse:
    root = ElementTree.Element("response")
    told = {
        "osmp_txn_id": "".join(char for char in txn_id[:40] if char.isprintable()),
        "prv_txn": str(answer.prv_txn or ""),
        "sum": "" if answer.amount is None else f"{answer.amount:.2f}",
        "result": str(answer.code.value),
        "comment": answer.comment,
    }
    for name, value in told.items():
        if value:
            ElementTree.SubElement(root, name).text = value
    text = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return HttpResponse(text, content_type="text/xml; charset=utf-8")


def _plain(status: int, told: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{told}\n", status=status, content_type="text/plain", headers=headers)


def _failures(code: str, address: str) -> int:
    try:
        return int(cache.get(_key(code, address), 0))
    except RedisError:
        # Passwords are long and random; a machine must not wait for the cache.
        return 0


def _count_failure(code: str, address: str) -> None:
    try:
        cache.add(_key(code, address), 0, timeout=WINDOW)
        cache.incr(_key(code, address))
    except (RedisError, ValueError):
        LOG.warning("wrong passwords of terminals are not counted")


def _key(code: str, address: str) -> str:
    return f"terminals:failures:{code[:20]}:{address}"
