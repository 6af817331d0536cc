"""
The card, and everything about the customer: contacts, contracts, accounts, notes.
"""

import secrets
from collections.abc import Callable
from functools import partial

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations as accounts_operations
from accounts.models import Contract, Customer
from crm.domain.timeline import KINDS, BadKey, Key
from crm.forms import customers as forms
from crm.operations import customers, notes
from crm.queries import card as card_queries
from crm.queries import history, installation
from crm.queries import relations as relation_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.found import customer_or_404
from invoicing.models import Bill
from invoicing.queries import papers


@require_GET
@door("see_customers")
def card(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show the card; the look is written down."""
    customer = customer_or_404(customer_id)
    now = timezone.now()
    notes.note_card_view(customer_id=customer.pk, actor=staff_of(request).actor, now=now)
    context = {
        "card": card_queries.get_card(customer=customer, now=now),
        "relations": relation_queries.get_relations(customer),
        **_history(request, customer),
    }
    return page(request, "crm/card.html", context)


@require_GET
@door("see_customers")
def timeline(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Show a page of the history: of one kind, or older than a key."""
    customer = customer_or_404(customer_id)
    template = "crm/timeline_items.html" if "before" in request.GET else "crm/timeline.html"
    return page(request, template, {"customer": customer, **_history(request, customer)})


@require_http_methods(["GET", "POST"])
@door("create_customer")
def new_person(request: HttpRequest) -> HttpResponse:
    """Create a private person."""
    form = forms.PersonForm(request.POST or None, initial=_named())
    return _new(request, form, title=_("New person"))


@require_http_methods(["GET", "POST"])
@door("create_customer")
def new_company(request: HttpRequest) -> HttpResponse:
    """Create a company."""
    form = forms.CompanyForm(request.POST or None, initial=_named())
    return _new(request, form, title=_("New company"))


@require_http_methods(["GET", "POST"])
@door("edit_contact")
def edit_contact(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Change how to reach the customer."""
    customer = customer_or_404(customer_id)
    form = forms.ContactForm(request.POST or None, instance=customer)

    def act() -> str:
        accounts_operations.edit_contact(
            customer_id=customer_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{customer_id}",
            **form.cleaned_data,
        )
        return _("The contacts are changed.")

    refusals = (accounts_operations.UnableToWriteCustomer,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", customer_id)
    return show_form(request, form, title=_("Contacts"), back=_card_of(customer_id), grid="grid")


@require_http_methods(["GET", "POST"])
@door("create_customer")
def sign_contract(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Sign a contract."""
    customer = customer_or_404(customer_id)
    initial = {
        "signed_on": timezone.localdate(),
        "legal_entity": installation.default_entity(),
        **_named(),
    }
    form = forms.ContractForm(request.POST or None, initial=initial)

    def write() -> str:
        contract = accounts_operations.sign_contract(
            customer=customer,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("Contract %(number)s is signed. Print it from the card.") % {
            "number": contract.number
        }

    act = _once(form, customer, write)

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:card", customer_id)
    return show_form(request, form, title=_("Contract"), back=_card_of(customer_id), send=_("Sign"))


@require_GET
@door("see_customers")
def contract_pdf(request: HttpRequest, contract_id: int) -> HttpResponse:
    """The contract, to be printed."""
    if not Contract.objects.filter(pk=contract_id).exists():
        raise Http404
    return _pdf(papers.render_contract_pdf(contract_id), f"contract-{contract_id}.pdf")


@require_GET
@door("see_customers")
def bill_pdf(request: HttpRequest, bill_id: int) -> HttpResponse:
    """A bill, as the subscriber got it."""
    if not Bill.objects.filter(pk=bill_id).exists():
        raise Http404
    return _pdf(papers.render_bill_pdf(bill_id), f"bill-{bill_id}.pdf")


@require_http_methods(["GET", "POST"])
@door("create_customer")
def open_account(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Open a personal account under a contract."""
    contract = (
        Contract.objects.select_related("legal_entity", "customer").filter(pk=contract_id).first()
    )
    if contract is None:
        raise Http404
    form = forms.AccountForm(request.POST or None, initial=_named())

    def write() -> str:
        account = accounts_operations.open_account(
            contract=contract,
            on=timezone.localdate(),
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("Account %(number)s is open.") % {"number": account.number}

    act = _once(form, contract.customer, write)
    refusals = (accounts_operations.UnableToOpenAccount,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", contract.customer_id)
    back = _card_of(contract.customer_id)
    return show_form(request, form, title=_("New account"), back=back, send=_("Open"))


@require_http_methods(["GET", "POST"])
@door("write_note")
def write_note(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Write down what was said."""
    customer = customer_or_404(customer_id)
    form = forms.NoteForm(request.POST or None, initial=_named())

    def write() -> str:
        notes.write_note(
            customer_id=customer_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("Written down.")

    act = _once(form, customer, write)
    if is_sent(request, form) and carry_out(
        request, form, act, refusals=(notes.UnableToWriteNote,)
    ):
        return go(request, "crm:card", customer_id)
    return show_form(request, form, title=_("Note"), back=_card_of(customer_id))


def _new(
    request: HttpRequest, form: forms.PersonForm | forms.CompanyForm, *, title: str
) -> HttpResponse:
    made: list[Customer] = []

    def act() -> str:
        create = (
            accounts_operations.create_company
            if isinstance(form, forms.CompanyForm)
            else accounts_operations.create_person
        )
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        make = partial(create, now=timezone.now(), actor=staff_of(request).actor)
        request_id = fields.pop("request_id")
        written = customers.write_once(request_id=request_id, write=partial(make, **fields))
        made.append(written.customer)
        return _("%(name)s is created. Next: the contract.") % {"name": made[0].name}

    refusals = (accounts_operations.UnableToWriteCustomer,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", made[0].pk)
    return show_form(request, form, title=title, back=reverse("crm:search"), grid="grid")


def _once(form: Form, customer: Customer, write: Callable[[], str]) -> Callable[[], str]:
    """Return the act of a valid form that says what it wrote, or that it was sent before."""

    def act() -> str:
        told: list[str] = []

        def note() -> Customer:
            told.append(write())
            return customer

        request_id = form.cleaned_data.pop("request_id")
        if customers.write_once(request_id=request_id, write=note).is_first:
            return told[0]
        return _("This form was sent before; nothing was written again.")

    return act


def _named() -> dict[str, str]:
    """Return what makes this form another than the next one."""
    return {"request_id": secrets.token_hex(16)}


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def _history(request: HttpRequest, customer: Customer) -> dict[str, object]:
    kind = request.GET.get("kind", "")
    try:
        before = Key.read(request.GET["before"]) if "before" in request.GET else None
    except BadKey as error:
        raise Http404 from error
    shown = history.list_history(
        scope=history.get_scope(customer.pk), kind=kind if kind in KINDS else "", before=before
    )
    return {"history": shown, "kind": kind, "kinds": KINDS}


def _card_of(customer_id: int) -> str:
    return reverse("crm:card", args=[customer_id])
