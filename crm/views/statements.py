"""
Bank statements: brought in, looked through line by line, confirmed.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import BankStatement
from accounts.operations import statements
from accounts.queries import statements as queries
from accounts.queries.statements import LineFilter, StatementView
from crm.forms.money import DecisionForm
from crm.forms.statements import LineFilterForm, UploadForm
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number
from invoicing.queries import accounts_of_bills

#: So many lines are loaded while the page waits; more of them by a worker.
AT_ONCE: Final = 2_000


@require_http_methods(["GET", "POST"])
@door("load_statements")
def statement_list(request: HttpRequest) -> HttpResponse:
    """The statements that came, and the door for the next one."""
    is_post = request.method == "POST"
    form = UploadForm(request.POST if is_post else None, request.FILES if is_post else None)
    faults: list[Any] = []
    if is_sent(request, form):
        try:
            return _receive(request, form)
        except statements.UnableToReceiveStatement as refusal:
            faults = refusal.faults
    found = queries.list_statements(before=number(request, "before") or None)
    context = {
        "form": form,
        "faults": faults,
        "file_name": getattr(form.cleaned_data.get("file"), "name", "") if faults else "",
        "statements": found,
        "next": found[-1].statement.pk if len(found) == queries.PAGE else None,
    }
    return page(request, "crm/statements.html", context)


def _receive(request: HttpRequest, form: UploadForm) -> HttpResponse:
    now, file = timezone.now(), form.cleaned_data["file"]
    received = statements.receive_statement(
        data=file.read(),
        name=file.name,
        bills=accounts_of_bills,
        business_date=timezone.localdate(now),
        now=now,
        actor=staff_of(request).actor,
    )
    if not received.is_new:
        messages.warning(request, _("This file was loaded before: nothing has changed."))
    return redirect("crm:statements-view", received.statement.pk)


@require_GET
@door("load_statements")
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    """One statement: what it brings, to whom, by which rule, and what waits for a person."""
    view = _find(statement_id)
    form = LineFilterForm(request.GET)
    wanted = LineFilter(**form.cleaned_data) if form.is_valid() else LineFilter()
    lines = queries.list_lines(statement_id, wanted=wanted, after=number(request, "after"))
    context = {
        "view": view,
        "statement": view.statement,
        "fates": [view.of(fate) for fate in ("credit", "unassigned", "duplicate")],
        "form": form,
        "lines": lines,
        "candidates": queries.candidates_of(lines),
        "next": lines[-1].line if len(lines) == queries.PAGE else None,
        "kept": request.GET.urlencode() if not request.GET.get("after") else _kept(request),
    }
    return page(request, "crm/statement.html", context)


def _kept(request: HttpRequest) -> str:
    asked = request.GET.copy()
    asked.pop("after", None)
    return asked.urlencode()


@require_http_methods(["GET", "POST"])
@door("load_statements")
def confirm(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Credit what was shown."""
    view = _find(statement_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        now = timezone.now()
        statements.confirm_statement(
            statement_id=statement_id, now=now, actor=staff_of(request).actor
        )
        if view.incoming.lines > AT_ONCE:
            return _("The statement is being loaded.")
        statements.finish_statement(statement_id=statement_id, now=timezone.now())
        return _told(queries.get_statement(statement_id))

    refusals = (statements.UnableToLoadStatement,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:statements-view", statement_id)
    title, send = _("Load the statement"), _("Credit")
    return _show(request, form, view, title=title, send=send, lede=_told(view))


@require_http_methods(["GET", "POST"])
@door("load_statements")
def discard(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Set a statement aside that is not to be loaded."""
    view = _find(statement_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        statements.discard_statement(
            statement_id=statement_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("Set aside; nothing was credited.")

    refusals = (statements.UnableToLoadStatement,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:statements")
    title = _("Set the statement aside")
    lede = _("Nothing of it is credited. The same file can be brought again later.")
    return _show(request, form, view, title=title, send=title, lede=lede)


@require_GET
@door("load_statements")
def file(request: HttpRequest, statement_id: int) -> HttpResponse:
    """The file as it came, byte for byte."""
    found = _find(statement_id).statement
    path = Path(settings.ARCHIVE_DIR) / found.archive_path
    answer = HttpResponse(path.read_bytes(), content_type="application/octet-stream")
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    answer.headers["Content-Disposition"] = disposition or "attachment"
    return answer


def _told(view: StatementView) -> str:
    credited, doubtful = view.of("credit"), view.of("unassigned")
    text = _(
        "Credited to accounts: %(credited)s (%(amount)s). For a person: %(doubtful)s (%(rest)s)."
    )
    return text % {
        "credited": credited.lines,
        "amount": _written(credited.amount),
        "doubtful": doubtful.lines,
        "rest": _written(doubtful.amount),
    }


def _written(amount: Decimal) -> str:
    return written(amount, "RUB")


def _show(
    request: HttpRequest, form: DecisionForm, view: StatementView, **context: Any
) -> HttpResponse:
    title = f"{context.pop('title')}: {view.statement.name}"
    back = reverse("crm:statements-view", args=[view.statement.pk])
    return show_form(request, form, title=title, back=back, **context)


def _find(statement_id: int) -> StatementView:
    try:
        return queries.get_statement(statement_id)
    except BankStatement.DoesNotExist:
        raise Http404 from None
