"""
Papers for the payer: payment slips with a code for bank applications, acts of companies.
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language

from invoicing.models import Bill
from invoicing.queries import acts, slips
from invoicing.queries.bills import get_bill
from portal.views.door import Visitor, for_payers

REFUSALS = (slips.UnableToRenderSlip, acts.UnableToRenderAct)


@for_payers
def slip(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """A slip for what is missing on the account looked at."""
    account = visitor.account
    return _pdf(lambda: slips.render_slip_pdf(account.id, _language()), f"slip-{account.number}")


@for_payers
def bill_slip(request: HttpRequest, visitor: Visitor, bill_id: int) -> HttpResponse:
    """A slip for what is still owed on a bill."""
    bill = _bill(bill_id, visitor)
    return _pdf(lambda: slips.render_bill_slip_pdf(bill, _language()), f"slip-{bill.pk}")


@for_payers
def act(request: HttpRequest, visitor: Visitor, bill_id: int) -> HttpResponse:
    """The act of services rendered of a company's bill."""
    bill = _bill(bill_id, visitor)
    return _pdf(lambda: acts.render_act_pdf(bill.pk, _language()), f"act-{bill.pk}")


def _bill(bill_id: int, visitor: Visitor) -> Bill:
    try:
        return get_bill(bill_id, account_ids=visitor.account_ids)
    except Bill.DoesNotExist:
        raise Http404 from None


def _language() -> str:
    return (get_language() or "ru")[:2]


def _pdf(render: Callable[[], bytes], name: str) -> HttpResponse:
    try:
        answer = HttpResponse(render(), content_type="application/pdf")
    except REFUSALS as refusal:  # no page leads here then
        raise Http404(str(refusal)) from None
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
