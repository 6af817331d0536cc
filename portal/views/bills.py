"""
Bills and payments.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from invoicing import queries as invoicing_queries
from invoicing.queries.consolidated import (
    find_consolidated,
    render_consolidated_pdf,
)
from portal.queries import bills as queries
from portal.queries.payments import get_payments_page
from portal.queries.receipts import list_receipts
from portal.views.door import Visitor, for_payers, show
from portal.views.keys import whole_number


@for_payers
def payments(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """How to pay, what was paid, bills, promised payment."""
    page = get_payments_page(visitor.account, now=timezone.now())
    papers = []
    if visitor.is_company_of_units:
        papers = queries.list_papers(visitor.customer_id, account_id=visitor.account.id)
    return show(request, visitor, "payments.html", page=page, next_key=page.next_key, papers=papers)


@for_payers
def consolidated_pdf(request: HttpRequest, visitor: Visitor, consolidated_id: int) -> HttpResponse:
    """A consolidated bill of the company as it is printed."""
    if find_consolidated(consolidated_id, customer_ids=[visitor.customer_id]) is None:
        raise Http404
    pdf = render_consolidated_pdf(consolidated_id, (get_language() or "ru")[:2])
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="bill-{consolidated_id}.pdf"'
    return answer


@for_payers
def payment_history(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Earlier payments: a page, or rows for the end of the list."""
    before = whole_number(request.GET.get("before"))
    rows = queries.list_payments(visitor.account.id, before=before)
    next_key = rows[-1].id if len(rows) == queries.PAGE else None
    context: dict[str, Any] = {
        "payments": rows,
        "next_key": next_key,
        "currency": visitor.account.currency,
    }
    if request.headers.get("HX-Request"):
        context["today"] = timezone.localdate()
        return render(request, "portal/part/payment_rows.html", context)
    return show(request, visitor, "payment_history.html", **context)


@for_payers
def receipts(request: HttpRequest, visitor: Visitor, payment_id: int) -> HttpResponse:
    """The fiscal receipts of a payment."""
    found = list_receipts(payment_id, account_ids=visitor.account_ids)
    if not found:
        raise Http404
    return show(request, visitor, "receipts.html", receipts=found)


@for_payers
def bill(request: HttpRequest, visitor: Visitor, bill_id: int) -> HttpResponse:
    """One bill."""
    found = queries.find_bill(bill_id, account_ids=visitor.account_ids, on=timezone.localdate())
    if found is None:
        raise Http404
    return show(request, visitor, "bill.html", bill=found)


@for_payers
def bill_pdf(request: HttpRequest, visitor: Visitor, bill_id: int) -> HttpResponse:
    """The bill as it is printed."""
    found = queries.find_bill(bill_id, account_ids=visitor.account_ids, on=timezone.localdate())
    if found is None:
        raise Http404
    pdf = invoicing_queries.render_bill_pdf(bill_id, (get_language() or "ru")[:2])
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="bill-{found.row.id}.pdf"'
    return answer
