"""
What the views of the catalogue share: a form of a draft, looked-up rows, addresses.
"""

from collections.abc import Callable
from typing import TypeVar

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.views.doors import carry_out, go, is_sent, show_form
from tariffs.operations import editing

Row = TypeVar("Row")


def edit(
    request: HttpRequest,
    form: BaseForm,
    act: Callable[[], str],
    *,
    back: str,
    title: str,
    refusals: tuple[type[Exception], ...] = (editing.UnableToEdit,),
    send: str = "",
    **context: object,
) -> HttpResponse:
    """Show a form and carry it out; done, go back to the page it was asked for on."""
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, back)
    context.setdefault("grid", "grid")
    return show_form(
        request, form, title=title, back=resolve_url(back), send=send or _("Save"), **context
    )


def address(name: str, *args: int) -> str:
    """Return the address of a page of the catalogue."""
    return reverse(f"crm:catalogue-{name}", args=args)


def one(found: Row | None) -> Row:
    """Return the row, or answer that there is none."""
    if found is None:
        raise Http404
    return found


def text(request: HttpRequest, name: str) -> str:
    """Return what was asked for, without what PostgreSQL refuses."""
    return request.GET.get(name, "").replace("\0", "").strip()[:120]


def number(request: HttpRequest, name: str) -> int:
    """Return a whole number that was asked for, 0 for anything else."""
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with, None if it was only asked for."""
    return request.POST if request.method == "POST" else None
