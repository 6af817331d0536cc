"""
Identity documents on the card: added, looked at on a stated reason, removed.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.domain.identity import Identity
from accounts.models import Customer, IdentityDocument
from accounts.operations import documents
from crm.forms import relations as forms
from crm.queries import card as card_queries
from crm.queries import relations as queries
from crm.views.doors import carry_out, door, go, is_sent, show_form, staff_of

REFUSALS = (documents.UnableToKeepDocument,)


@require_http_methods(["GET", "POST"])
@door("keep_documents")
def add(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Add a document."""
    customer = card_queries.find_customer(customer_id)
    if customer is None or customer.kind != Customer.Kind.PERSON:
        raise Http404
    form = forms.DocumentForm(request.POST or None)

    def act() -> str:
        fields = dict(form.cleaned_data)
        kept = documents.add_document(
            customer_id=customer_id,
            kind=fields.pop("kind"),
            identity=Identity(**fields),
            on=timezone.localdate(),
            on_behalf_of=f"customer:{customer_id}",
            **_when(request),
        )
        if kept.same_as:
            names = ", ".join(other.name for other in kept.same_as)
            text = _("The same document is kept with: %(names)s. Perhaps it is one person.")
            messages.warning(request, text % {"names": names})
        return _("The document is kept, sealed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:card", customer_id)
    return _ask(request, form, customer_id, title=_("Identity document"), grid="grid")


@require_http_methods(["GET", "POST"])
@door("see_documents")
def show(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show what stands in a document, once it was said why."""
    document = _document(document_id)
    form = forms.SeeDocumentForm(request.POST or None)
    seen: list[Identity] = []

    def act() -> str:
        identity = documents.show_document(
            document_id=document.pk,
            customer_id=document.customer_id,
            reason=form.cleaned_data["reason"],
            **_when(request),
        )
        seen.append(identity)
        return _("It is written down that you looked.")

    title = _("%(document)s of %(name)s") % {
        "document": capfirst(document.get_kind_display()),
        "name": document.customer.name,
    }
    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        context = {"outcome": "crm/document.html", "identity": seen[0], "is_impossible": True}
        return _ask(request, forms.Nothing(), document.customer_id, title=title, **context)
    return _ask(request, form, document.customer_id, title=title, send=_("Show"))


@require_http_methods(["GET", "POST"])
@door("keep_documents")
def remove(request: HttpRequest, document_id: int) -> HttpResponse:
    """Wipe a document."""
    document = _document(document_id)
    form = forms.RemoveDocumentForm(request.POST or None)

    def act() -> str:
        documents.remove_document(
            document_id=document.pk,
            customer_id=document.customer_id,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The document is wiped.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:card", document.customer_id)
    title = _("Wipe this document?")
    return _ask(request, form, document.customer_id, title=title, send=_("Wipe"), is_grave=True)


def _document(document_id: int) -> IdentityDocument:
    document = queries.find_document(document_id)
    if document is None:
        raise Http404
    return document


def _when(request: HttpRequest) -> dict[str, Any]:
    return {
        "keys": settings.RETEL_DOCUMENT_KEYS,
        "now": timezone.now(),
        "actor": staff_of(request).actor,
    }


def _ask(request: HttpRequest, form: Any, customer_id: int, **context: Any) -> HttpResponse:
    return show_form(request, form, back=reverse("crm:card", args=[customer_id]), **context)
