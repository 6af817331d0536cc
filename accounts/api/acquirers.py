"""
The door of acquirers' notices: POST /acquirers/<code>/.

200 once the notice is stored (its effect comes after), 400 for what is not surely theirs or is too
old, 404 for an acquirer that isn't there. Anything else makes them send it again.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.domain.acquiring import ForgedNotice
from accounts.operations import acquiring
from billing_project.sessions import client_address

_LARGEST_BODY: Final = 262_144


@csrf_exempt
@require_POST
def tell(request: HttpRequest, code: str) -> HttpResponse:
    """Take a notice in."""
    if int(request.headers.get("Content-Length") or 0) > _LARGEST_BODY:
        return HttpResponse(status=413)
    try:
        stored = acquiring.receive_notice(
            code=code,
            body=request.body,
            headers=request.headers,
            source=client_address(request),
            now=timezone.now(),
        )
    except ForgedNotice:
        return HttpResponse(status=400)
    return HttpResponse(status=404 if stored is None else 200)
