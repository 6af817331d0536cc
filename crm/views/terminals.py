"""
Terminals: the companies, their passwords, and their daily registries beside what we have.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.formats.terminal_registry import UnreadableRegistry
from accounts.models import TerminalRegistry, TerminalRegistryLine
from accounts.operations import terminals as operations
from accounts.operations.terminals import registries as registry_operations
from accounts.queries import terminals as queries
from crm.forms.money import DecisionForm
from crm.forms.notices import RegistryForm, TerminalForm
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number

PAGE = 100


@require_GET
@door("keep_terminals")
def terminals(request: HttpRequest) -> HttpResponse:
    """The companies with terminals."""
    return page(request, "crm/terminals.html", {"terminals": queries.list_terminals()})


@require_http_methods(["GET", "POST"])
@door("keep_terminals")
def new(request: HttpRequest) -> HttpResponse:
    """Make a terminal; its password is shown once."""
    form = TerminalForm(request.POST or None)

    def act() -> str:
        terms = {name: value for name, value in form.cleaned_data.items() if value != ""}
        terminal, password = operations.add_terminal(**terms)
        return _told_once(terminal.user_name, password)

    refusals = (operations.UnableToKeepTerminal,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:terminals")
    return _show(request, form, title=_("New terminal"), send=_("Create"), grid="grid")


@require_http_methods(["GET", "POST"])
@door("keep_terminals")
def edit(request: HttpRequest, terminal_id: int) -> HttpResponse:
    """Change a terminal; its code and password stay."""
    terminal = queries.get_terminal(terminal_id)
    if terminal is None:
        raise Http404
    form = TerminalForm(request.POST or None, instance=terminal)

    def act() -> str:
        operations.edit_terminal(terminal_id=terminal_id, **form.cleaned_data)
        return _("Saved.")

    refusals = (operations.UnableToKeepTerminal,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:terminals")
    return _show(request, form, title=terminal.name, grid="grid")


@require_http_methods(["GET", "POST"])
@door("keep_terminals")
def renew_password(request: HttpRequest, terminal_id: int) -> HttpResponse:
    """Give a terminal another password, shown once."""
    terminal = queries.get_terminal(terminal_id)
    if terminal is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        password = operations.renew_password(terminal_id=terminal_id)
        return _told_once(terminal.user_name, password)

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:terminals")
    lede = _("The password before opens nothing from then on: its machines stop until they know.")
    title, send = f"{_('New password')}: {terminal.name}", _("New password")
    return _show(request, form, title=title, send=send, lede=lede, is_grave=True)


def _told_once(user_name: str, password: str) -> str:
    told = _("User name %(name)s, password %(password)s. It is shown this once only.")
    return told % {"name": user_name, "password": password}


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def registries(request: HttpRequest) -> HttpResponse:
    """The registries that came, and the door for the next one."""
    form = RegistryForm(request.POST or None, request.FILES or None)
    faults: Any = ()
    if is_sent(request, form):
        try:
            return _receive(request, form)
        except UnreadableRegistry as refusal:
            form.add_error("file", str(refusal))
            faults = refusal.faults
    found = queries.list_registries()
    context = {"form": form, "faults": faults, "registries": queries.count_registries(found)}
    return page(request, "crm/registries.html", context)


def _receive(request: HttpRequest, form: RegistryForm) -> HttpResponse:
    file = form.cleaned_data["file"]
    registry = registry_operations.receive_registry(
        terminal_id=form.cleaned_data["terminal"].pk,
        on=form.cleaned_data["on"],
        data=file.read(),
        file_name=file.name,
        now=timezone.now(),
        actor=staff_of(request).actor,
    )
    return redirect("crm:registries-one", registry.pk)


@require_GET
@door("assign_payment")
def registry(request: HttpRequest, registry_id: int) -> HttpResponse:
    """One day's registry: how many lines are equal, and those that are not."""
    found = _find(registry_id)
    counted = queries.count_outcomes(registry_id)
    labels = dict(TerminalRegistryLine.Outcome.choices)
    outcomes = [
        {"code": code, "name": name, "lines": counted[code][0], "total": counted[code][1]}
        for code, name in labels.items()
        if code in counted
    ]
    asked = request.GET.get("outcome", "")
    # What differs is looked at first.
    worst = next((code for code in reversed(labels) if code in counted), "matched")
    chosen = asked if asked in counted else worst
    lines = list(
        queries.list_registry_lines(
            registry_id, outcome=chosen, after=number(request, "after"), limit=PAGE
        )
    )
    context = {
        "registry": found,
        "outcomes": outcomes,
        "chosen": chosen,
        "lines": lines,
        "next": lines[-1].pk if len(lines) == PAGE else None,
        "can_take": "missing_here" in counted,
    }
    return page(request, "crm/registry.html", context)


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def take_missing(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Take in the payments that only the registry has."""
    found = _find(registry_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        done = registry_operations.take_missing(
            registry_id=registry_id, now=timezone.now(), actor=staff_of(request).actor
        )
        told = _("Credited: %(credited)s, waiting for a person: %(unassigned)s.")
        return told % {"credited": done.credited, "unassigned": done.unassigned}

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:registries-one", registry_id)
    lines, total = queries.count_outcomes(registry_id).get("missing_here", (0, 0))
    context = {"lines": lines, "total": total, "outcome": "crm/registry_take.html"}
    back = reverse("crm:registries-one", args=[registry_id])
    title = f"{_('Take in what is missing')}: {found.terminal.name}"
    return show_form(request, form, title=title, back=back, send=_("Take in"), **context)


@require_http_methods(["POST"])
@door("assign_payment")
def compare(request: HttpRequest, registry_id: int) -> HttpResponse:
    """Lay the registry beside what we have now."""
    _find(registry_id)
    registry_operations.compare_registry(registry_id=registry_id)
    messages.success(request, _("Compared anew."))
    return redirect("crm:registries-one", registry_id)


def _find(registry_id: int) -> TerminalRegistry:
    found = queries.get_registry(registry_id)
    if found is None:
        raise Http404
    return found


def _show(request: HttpRequest, form: Any, *, title: str, **context: Any) -> HttpResponse:
    return show_form(request, form, title=title, back=reverse("crm:terminals"), **context)
