"""
Online sessions: those that run or hold money, and closing one by hand.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.forms.sessions import CloseSessionForm
from crm.queries import sessions as session_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number
from rating.operations import charging
from rating.queries.charging import MEMORY


@require_GET
@door("see_sessions")
def sessions(request: HttpRequest) -> HttpResponse:
    """List sessions, newest first, of all accounts or of one."""
    account = request.GET.get("account", "")[:12]
    found = session_queries.list_sessions(
        account_number=account,
        before=number(request, "before") or None,
        now=timezone.now(),
        language=get_language() or "ru",
    )
    is_full = len(found) == session_queries.PAGE
    context = {
        "sessions": found,
        "account": account,
        "next": found[-1].session.pk if is_full else None,
    }
    return page(request, "crm/sessions.html", context)


@require_http_methods(["GET", "POST"])
@door("close_session")
def close(request: HttpRequest, session_id: int) -> HttpResponse:
    """End a session that hangs, with what its switch reported."""
    session = session_queries.find_session(session_id)
    if session is None:
        raise Http404
    form = CloseSessionForm(request.POST or None)

    def act() -> str:
        now = timezone.now()
        charging.close_session(
            session_id=session_id,
            reason=form.cleaned_data["reason"],
            reference=MEMORY.get(now)[0],
            now=now,
            actor=f"staff:{staff_of(request).pk}",
        )
        return _("The session is closed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=(charging.UnableToClose,)):
        return go(request, "crm:sessions")
    title = _("Close the session of %(subscriber)s") % {"subscriber": session.subscriber}
    return show_form(
        request,
        form,
        title=title,
        back=reverse("crm:sessions"),
        send=_("Close"),
        is_grave=True,
    )
