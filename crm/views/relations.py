"""
Branches and departments of companies; households and who is what in them.
"""

import secrets
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations as accounts_operations
from accounts.models import CompanyUnit, Customer
from accounts.operations import companies, households
from crm.forms import relations as forms
from crm.forms.money import DecisionForm
from crm.operations import customers
from crm.queries import relations as queries
from crm.views.doors import carry_out, door, go, is_sent, show_form, staff_of
from crm.views.found import customer_or_404
from invoicing.queries import consolidated

UNIT_REFUSALS = (companies.UnableToChangeUnit,)
HOME_REFUSALS = (households.UnableToChangeHousehold,)


@require_http_methods(["GET", "POST"])
@door("create_customer")
def add_unit(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Add a branch or department beneath a company or unit."""
    parent = customer_or_404(customer_id)
    form = forms.UnitForm(request.POST or None, initial=_named())

    def act() -> str:
        fields = dict(form.cleaned_data)
        request_id = fields.pop("request_id")
        make = partial(companies.add_unit, parent_id=parent.pk, **_when(request))
        written = customers.write_once(request_id=request_id, write=partial(make, **fields))
        return _("%(name)s is added.") % {"name": written.customer.name}

    if is_sent(request, form) and carry_out(request, form, act, refusals=UNIT_REFUSALS):
        return go(request, "crm:card", parent.pk)
    return _ask(request, form, parent, title=_("Branch or department"), send=_("Add"))


@require_http_methods(["GET", "POST"])
@door("create_customer")
def change_unit(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Move a unit within its company, or change how it is billed."""
    unit = _unit(customer_id)
    fields = ("parent_id", "kind", "cost_centre", "is_billed_apart")
    form = forms.UnitTermsForm(
        request.POST or None,
        places=queries.list_places(unit),
        initial={name: getattr(unit, name) for name in fields},
    )

    def act() -> str:
        companies.change_unit(customer_id=customer_id, **form.cleaned_data, **_when(request))
        return _("The unit is changed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=UNIT_REFUSALS):
        return go(request, "crm:card", customer_id)
    return _ask(request, form, unit.customer, title=_("Place in the company"))


@require_http_methods(["GET", "POST"])
@door("create_customer")
def remove_unit(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Take a unit out of its company."""
    unit = _unit(customer_id)
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        companies.remove_unit(customer_id=customer_id, **_when(request))
        return _("%(name)s is no unit any more.") % {"name": unit.customer.name}

    if is_sent(request, form) and carry_out(request, form, act, refusals=UNIT_REFUSALS):
        return go(request, "crm:card", unit.company_id)
    title = _("Take the unit out of the company?")
    return _ask(request, form, unit.customer, title=title, send=_("Take out"), is_grave=True)


@require_http_methods(["GET", "POST"])
@door("create_customer")
def open_unit_account(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Open an account of a unit under a contract of its company."""
    unit = _unit(customer_id)
    contracts = queries.list_contracts(unit.company_id)
    form = forms.UnitAccountForm(request.POST or None, contracts=contracts, initial=_named())

    def act() -> str:
        fields = dict(form.cleaned_data)
        request_id = fields.pop("request_id")
        open_one = partial(
            accounts_operations.open_account,
            customer=unit.customer,
            on=timezone.localdate(),
            **fields,
            **_when(request),
        )
        customers.write_once(request_id=request_id, write=lambda: open_one().customer)
        return _("The account is open.")

    refusals = (accounts_operations.UnableToOpenAccount,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", customer_id)
    return _ask(request, form, unit.customer, title=_("New account"), send=_("Open"))


@require_http_methods(["GET", "POST"])
@door("edit_contact")
def new_household(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Make a household whose owner the person is."""
    person = customer_or_404(customer_id)
    initial = {**_named(), "name": person.last_name}
    form = forms.HouseholdForm(request.POST or None, initial=initial)
    made: list[Customer] = []

    def act() -> str:
        make = partial(
            households.create_household,
            owner_id=person.pk,
            name=form.cleaned_data["name"],
            **_for(request, person),
        )
        written = customers.write_once(request_id=form.cleaned_data["request_id"], write=make)
        made.append(written.customer)
        return _("The household is made. Add who belongs to it.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=HOME_REFUSALS):
        return go(request, "crm:card", made[0].pk)
    return _ask(request, form, person, title=_("New household"), send=_("Make"))


@require_http_methods(["GET", "POST"])
@door("edit_contact")
def add_person(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Take a person into the household, found by account number, phone or name."""
    household = customer_or_404(customer_id)
    typed = request.POST.get("person", "").strip()
    people = queries.find_people(typed) if typed else []
    form = forms.MemberOfHouseholdForm(
        request.POST or None, people=people if len(people) > 1 else None
    )
    if is_sent(request, form) and not people:
        form.add_error("person", _("No private person was found by this."))

    def act() -> str:
        person_id = form.cleaned_data.get("person_id") or people[0].pk
        member = households.add_person(
            household_id=household.pk,
            person_id=person_id,
            role=form.cleaned_data["role"],
            **_for(request, household),
        )
        return _("%(name)s belongs to the household now.") % {"name": member.person.name}

    if is_sent(request, form) and carry_out(request, form, act, refusals=HOME_REFUSALS):
        return go(request, "crm:card", household.pk)
    return _ask(request, form, household, title=_("Who joins the household"), send=_("Add"))


@require_http_methods(["GET", "POST"])
@door("edit_contact")
def change_role(request: HttpRequest, customer_id: int, person_id: int) -> HttpResponse:
    """Give a member another role."""
    household = customer_or_404(customer_id)
    member = queries.find_member(household.pk, person_id)
    if member is None:
        raise Http404
    form = forms.RoleForm(request.POST or None, initial={"role": member.role})

    def act() -> str:
        households.change_role(
            household_id=household.pk,
            person_id=person_id,
            role=form.cleaned_data["role"],
            **_for(request, household),
        )
        return _("The role is changed.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=HOME_REFUSALS):
        return go(request, "crm:card", household.pk)
    return _ask(request, form, household, title=member.person.name)


@require_http_methods(["GET", "POST"])
@door("edit_contact")
def remove_person(request: HttpRequest, customer_id: int, person_id: int) -> HttpResponse:
    """Let a member go."""
    household = customer_or_404(customer_id)
    member = queries.find_member(household.pk, person_id)
    if member is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        households.remove_person(
            household_id=household.pk, person_id=person_id, **_for(request, household)
        )
        return _("%(name)s doesn't belong to the household any more.") % {
            "name": member.person.name
        }

    if is_sent(request, form) and carry_out(request, form, act, refusals=HOME_REFUSALS):
        return go(request, "crm:card", household.pk)
    title = _("Let %(name)s go?") % {"name": member.person.name}
    return _ask(request, form, household, title=title, send=_("Let go"), is_grave=True)


@require_GET
@door("see_customers")
def consolidated_pdf(request: HttpRequest, consolidated_id: int) -> HttpResponse:
    """A consolidated bill, as the company got it."""
    if consolidated.find_consolidated(consolidated_id) is None:
        raise Http404
    language = (get_language() or "ru")[:2]
    pdf = consolidated.render_consolidated_pdf(consolidated_id, language)
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="consolidated-{consolidated_id}.pdf"'
    return answer


def _unit(customer_id: int) -> CompanyUnit:
    unit = queries.find_unit(customer_id)
    if unit is None:
        raise Http404
    return unit


def _when(request: HttpRequest) -> dict[str, Any]:
    return {"now": timezone.now(), "actor": staff_of(request).actor}


def _for(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {**_when(request), "on_behalf_of": f"customer:{customer.pk}"}


def _named() -> dict[str, str]:
    """Return what makes this form another than the next one."""
    return {"request_id": secrets.token_hex(16)}


def _ask(request: HttpRequest, form: Any, customer: Customer, **context: Any) -> HttpResponse:
    return show_form(request, form, back=reverse("crm:card", args=[customer.pk]), **context)
