"""
Papers for payers and accountants: payment slips, acts, the register of bills.
"""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Account, Customer
from crm.forms.papers import DebtForm, RegisterForm
from crm.queries import card as card_queries
from crm.views.doors import door, page
from invoicing.formats import tables
from invoicing.models import Bill
from invoicing.queries import acts, aging, register, slips
from invoicing.queries.bills import get_bill


@require_GET
@door("see_customers")
def slip(request: HttpRequest, account_id: int) -> HttpResponse:
    """A payment slip for the account's debt, to print or to send."""
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    try:
        pdf = slips.render_slip_pdf(account_id, _language())
    except slips.UnableToRenderSlip as refusal:
        return _refused(request, account, refusal)
    return _pdf(pdf, f"slip-{account.number}.pdf")


@require_GET
@door("see_customers")
def bill_slip(request: HttpRequest, bill_id: int) -> HttpResponse:
    """A payment slip for what is owed on a bill."""
    bill = _bill(bill_id)
    try:
        pdf = slips.render_bill_slip_pdf(bill, _language())
    except slips.UnableToRenderSlip as refusal:
        return _refused(request, bill.account, refusal)
    return _pdf(pdf, f"slip-{bill.pk}.pdf")


@require_GET
@door("see_customers")
def act(request: HttpRequest, bill_id: int) -> HttpResponse:
    """The act of services rendered of a company's bill."""
    bill = _bill(bill_id)
    try:
        pdf = acts.render_act_pdf(bill_id, _language())
    except acts.UnableToRenderAct as refusal:
        return _refused(request, bill.account, refusal)
    return _pdf(pdf, f"act-{bill.pk}.pdf")


@require_GET
@door("see_reports")
def bill_register(request: HttpRequest) -> HttpResponse:
    """The register of bills of a month, on the page or as a file."""
    entities = register.list_entities()
    given = request.GET if "month" in request.GET else None
    form = RegisterForm(given, entities=entities, initial={"month": f"{_this_month():%Y-%m}"})
    month, entity_id = _this_month(), entities[0].pk if entities else 0
    companies_only = False
    if form.is_bound and form.is_valid():
        month, entity_id = form.cleaned_data["month"], int(form.cleaned_data["entity"])
        companies_only = form.cleaned_data["companies_only"]
    bills = register.bills_of_month(entity_id=entity_id, month=month, companies_only=companies_only)
    if request.GET.get("form") in tables.FORMS:
        try:
            return _register_file(bills, month, request.GET["form"])
        except tables.TooManyRows:
            messages.warning(request, _("So many bills don't fit a sheet: take CSV."))
    context = {
        "form": form,
        "totals": register.sum_register(bills),
        "bills": bills.select_related("account__customer")[:50],
        "month": month,
        "asked": _asked(month, entity_id, companies_only=companies_only),
    }
    return page(request, "crm/register.html", context)


def _register_file(bills: Any, month: date, form: str) -> HttpResponse:
    rows = register.register_rows(bills)
    totals = register.register_totals(register.sum_register(bills))
    header = register.register_header()
    if form == "csv":
        data = tables.write_csv(header=header, rows=rows, totals=totals)
    else:
        title = _("Register of bills, %(month)s") % {"month": f"{month:%m.%Y}"}
        data = tables.write_xlsx(
            title=title, header=header, rows=rows, totals=totals, widths=register.WIDTHS
        )
    return download(data, f"bills-{month:%Y-%m}.{form}", form)


def download(data: bytes, name: str, form: str) -> HttpResponse:
    """Return a file of a report to be saved."""
    answer = HttpResponse(data, content_type=tables.CONTENT_TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
@door("see_reports")
def debt_by_age(request: HttpRequest) -> HttpResponse:
    """Who owes, and for how long: on the page or as a file."""
    form = DebtForm(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    on = timezone.localdate()
    found = aging.sum_debt(on=on, kind=kind)
    if request.GET.get("form") in tables.FORMS:
        try:
            return _debt_file(found, on, kind=kind, form=request.GET["form"])
        except tables.TooManyRows:
            messages.warning(request, _("So many accounts don't fit a sheet: take CSV."))
    names = aging.bucket_names()
    context = {
        "form": form,
        "kind": kind,
        "on": on,
        "aging": found,
        "names": names,
        "buckets": list(zip(names, found.buckets, strict=True)),
    }
    return page(request, "crm/aging.html", context)


def _debt_file(found: aging.Aging, on: date, *, kind: str, form: str) -> HttpResponse:
    kinds = {code: str(label) for code, label in Customer.Kind.choices}
    rows = aging.aging_rows(on=on, kind=kind, kinds=kinds)
    header, totals = aging.aging_header(), aging.aging_totals(found)
    if form == "csv":
        data = tables.write_csv(header=header, rows=rows, totals=totals)
    else:
        title = _("Debt by age, %(day)s") % {"day": f"{on:%d.%m.%Y}"}
        data = tables.write_xlsx(
            title=title, header=header, rows=rows, totals=totals, widths=aging.WIDTHS
        )
    return download(data, f"debt-{on:%Y-%m-%d}.{form}", form)


def _asked(month: date, entity_id: int, *, companies_only: bool) -> str:
    return f"month={month:%Y-%m}&entity={entity_id}" + (
        "&companies_only=on" if companies_only else ""
    )


def _this_month() -> date:
    return timezone.localdate().replace(day=1)


def _bill(bill_id: int) -> Bill:
    try:
        return get_bill(bill_id)
    except Bill.DoesNotExist:
        raise Http404 from None


def _language() -> str:
    return (get_language() or "ru")[:2]


def _refused(request: HttpRequest, account: Account, refusal: Exception) -> HttpResponse:
    messages.warning(request, str(refusal))
    return redirect("crm:card", account.customer_id)


def _pdf(pdf: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer
