"""
Fiscal receipts: what waits, what was refused, trying anew, telling it by a correction.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations
from accounts.queries import receipts as queries
from crm.forms.cash_desk import ReasonForm, SureForm
from crm.queries import card as card_queries
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number

PAGE = 50


@require_GET
@door("see_receipts")
def receipts(request: HttpRequest) -> HttpResponse:
    """List receipts; those that need a person come first by a filter of their own."""
    now = timezone.now()
    work = queries.count_receipt_work(now=now)
    state = request.GET.get("state", "failed" if work.failed else "")
    found = queries.list_receipts(state=state, before=number(request, "before") or None, limit=PAGE)
    context = {
        "receipts": found,
        "work": work,
        "state": state,
        "has_gateway": queries.has_fiscal_gateway(),
        "next": found[-1].pk if len(found) == PAGE else None,
    }
    return page(request, "crm/fiscal.html", context)


@require_http_methods(["GET", "POST"])
@door("retry_receipts")
def retry(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """Send a refused receipt anew; 0 = all that were refused."""
    form = SureForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        ids = (
            [receipt_id]
            if receipt_id
            else [each.pk for each in queries.list_receipts(state="failed", limit=1_000)]
        )
        moved = operations.retry_receipts(
            receipt_ids=ids, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("Receipts sent anew: %(count)s.") % {"count": len(moved)}

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:fiscal")
    title = _("Send anew") if receipt_id else _("Send all refused anew")
    lede = _("The register refused it, so nothing was registered: it can't be made twice.")
    return show_form(request, form, title=title, back=reverse("crm:fiscal"), send=title, lede=lede)


@require_http_methods(["GET", "POST"])
@door("retry_receipts")
def correct(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Tell the register of a payment without a receipt by a correction."""
    payment = card_queries.find_payment(payment_id)
    if payment is None:
        raise Http404
    form = ReasonForm(request.POST or None)

    def act() -> str:
        operations.correct_receipt(
            payment_id=payment_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The correction waits to be sent.")

    refusals = (operations.UnableToCorrectReceipt,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:fiscal")
    lede = _("A correction tells the tax office of money that was taken without a receipt.")
    title = _("Write a correction")
    return show_form(request, form, title=title, back=reverse("crm:fiscal"), send=title, lede=lede)
