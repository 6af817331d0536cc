"""The one lock on the network doors: a token shared with the operator's own servers."""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

Handler = Callable[[HttpRequest], HttpResponse]
# Asked by the machine that watches over the process, which has no business with the token.
_OPEN_PATHS = frozenset({"/health", "/ready"})
# Its doors know their clients, each by a token of its own.
_CHARGING = "/net/charging/"


def require_token(get_response: Handler) -> Handler:
    """Return a handler that answers 401 without `Authorization: Bearer <RETEL_NET_TOKEN>`."""
    expected = f"Bearer {settings.RETEL_NET_TOKEN}".encode() if settings.RETEL_NET_TOKEN else b""

    def handle(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("Authorization", "").encode()
        is_known = bool(expected) and hmac.compare_digest(sent, expected)
        is_open = request.path in _OPEN_PATHS or request.path.startswith(_CHARGING)
        if is_known or is_open:
            return get_response(request)
        return JsonResponse({"error": "unauthorized"}, status=401)

    return handle
