"""
Two doors, two cookies (decision B7): staff who try out the self-service account stay signed in to
the CRM, and neither door can use what the other one knows.

The portal's cookie is Django's own (`SESSION_COOKIE_NAME`, path /). Under /crm/ the session travels
in `retel_crm`, which the browser sends nowhere else.
"""

from typing import Final

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest, HttpResponse

CRM_PREFIX: Final = "/crm/"
CRM_COOKIE: Final = "retel_crm"


class DoorSessionMiddleware(SessionMiddleware):
    """Django's session middleware, told under which name and path the cookie travels."""

    def process_request(self, request: HttpRequest) -> None:
        """Open the session of the door the request came to."""
        if is_crm(request):
            own = request.COOKIES.get(CRM_COOKIE)
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            if own:
                request.COOKIES[settings.SESSION_COOKIE_NAME] = own
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Send the cookie back under the door's own name and path."""
        answered = super().process_response(request, response)
        cookie = answered.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        if cookie is None:
            return answered
        name = CRM_COOKIE if is_crm(request) else settings.SESSION_COOKIE_NAME
        answered.cookies[name] = cookie.value
        answered.cookies[name].update(dict(cookie))
        answered.cookies[name]["path"] = CRM_PREFIX if is_crm(request) else "/"
        return answered


def is_crm(request: HttpRequest) -> bool:
    """Whether the request is for the CRM."""
    return request.path_info.startswith(CRM_PREFIX)


def client_address(request: HttpRequest) -> str:
    """
    Return the visitor's address: the peer's, or what the outermost of our own proxies
    (`RETEL_PROXIES` of them) wrote into X-Forwarded-For. What lies further left anyone can invent.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if not settings.RETEL_PROXIES or len(hops) < settings.RETEL_PROXIES:
        return peer
    told = hops[-settings.RETEL_PROXIES]
    return told if _is_address(told) else peer


def _is_address(text: str) -> bool:
    try:
        validate_ipv46_address(text)
    except ValidationError:
        return False
    return True
