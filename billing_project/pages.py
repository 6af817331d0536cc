"""
What every page may load and from where: one policy for all doors, a laxer one for the catalogue.
What no page is asked with.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

Handler = Callable[[HttpRequest], HttpResponse]

CATALOGUE_PREFIX: Final = "/crm/catalogue/"
#: Everything comes from here; htmx adds no style of its own (see base.html), charts are SVG.
CONTENT_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
#: The catalogue's pages hold scripts and styles of their own, and Alpine evaluates expressions.
CATALOGUE_POLICY: Final = (
    f"{CONTENT_POLICY}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'"
)


def set_content_policy(get_response: Handler) -> Handler:
    """Return a handler whose pages (errors too) keep foreign scripts, frames and forms out."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Not on PDFs: browsers show them in an object of their own.
        if response.headers.get("Content-Type", "").startswith("text/html"):
            is_catalogue = request.path_info.startswith(CATALOGUE_PREFIX)
            policy = CATALOGUE_POLICY if is_catalogue else CONTENT_POLICY
            response.headers["Content-Security-Policy"] = policy
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    return handle


def refuse_nul(get_response: Handler) -> Handler:
    """Return a handler that answers 400 to a query with a NUL in it, which no text column takes."""

    def handle(request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest()
        return get_response(request)

    return handle
