"""
Vouchers: series ordered, approved, generated once, put in use; a card redeemed for a customer.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import VoucherSeries
from accounts.operations import vouchers as operations
from accounts.queries import vouchers as queries
from billing_project.kernel import operations as kernel_operations
from crm.forms import cash_desk as forms
from crm.queries import card as card_queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number

REFUSALS = (operations.UnableToIssueVouchers, kernel_operations.UnableToDecide)
PAGE = 50


@require_GET
@door("issue_vouchers")
def series_list(request: HttpRequest) -> HttpResponse:
    """All series with their cards by state."""
    return page(request, "crm/vouchers.html", {"series": queries.list_series()})


@require_GET
@door("issue_vouchers")
def series(request: HttpRequest, series_id: int) -> HttpResponse:
    """One series: what of it was used, by whom, and what may be done with it."""
    found = queries.get_series(series_id)
    if found is None:
        raise Http404
    redeemed = queries.list_redeemed(
        series_id=series_id, before=number(request, "before") or None, limit=PAGE
    )
    asked_by = found.series.asked_by
    context = {
        "view": found,
        "redeemed": redeemed,
        "asked_by": staff_queries.names_of([asked_by]).get(asked_by, asked_by),
        "me": staff_of(request).actor,
        "next": redeemed[-1].payment_id if len(redeemed) == PAGE else None,
    }
    return page(request, "crm/vouchers_series.html", context)


@require_http_methods(["GET", "POST"])
@door("issue_vouchers")
def ask(request: HttpRequest) -> HttpResponse:
    """Order a series; a second person decides."""
    form = forms.SeriesForm(request.POST or None, initial={"valid_from": timezone.localdate()})

    def act() -> str:
        operations.ask_series(
            now=timezone.now(), actor=staff_of(request).actor, **form.cleaned_data
        )
        return _("The series waits for a second person to approve it.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:vouchers")
    title = _("Order a series of vouchers")
    return show_form(request, form, title=title, back=reverse("crm:vouchers"), send=_("Order"))


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def decide(request: HttpRequest, series_id: int, act: str) -> HttpResponse:
    """Approve or refuse a series that somebody else ordered."""
    asked = _series(series_id)
    if asked.state != VoucherSeries.State.ASKED or asked.approval_id is None:
        raise Http404
    is_approved = act == "approve"
    form = forms.SureForm(request.POST if request.method == "POST" else None)

    def decided() -> str:
        make = operations.approve_series if is_approved else operations.refuse_series
        make(
            approval_id=asked.approval_id or 0,
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("Approved: the cards can be generated.") if is_approved else _("Refused.")

    if is_sent(request, form) and carry_out(request, form, decided, refusals=REFUSALS):
        return go(request, "crm:vouchers-series", series_id)
    values = {
        "count": asked.count,
        "nominal": written(asked.nominal, asked.currency),
        "sum": written(asked.nominal * asked.count, asked.currency),
    }
    lede = _("%(count)s cards of %(nominal)s: %(sum)s in all.") % values
    title = _("Approve the series %(code)s") if is_approved else _("Refuse the series %(code)s")
    back = reverse("crm:vouchers-series", args=[series_id])
    send = _("Approve") if is_approved else _("Refuse")
    return show_form(
        request, form, title=title % {"code": asked.code}, back=back, send=send, lede=lede
    )


@require_http_methods(["POST"])
@door("issue_vouchers")
def generate(request: HttpRequest, series_id: int) -> HttpResponse:
    """Make the cards and hand out the list for the printer: the secrets are shown here only, once."""
    found = _series(series_id)
    try:
        listed = operations.generate_cards(
            series_id=series_id, now=timezone.now(), actor=staff_of(request).actor
        )
    except operations.UnableToIssueVouchers as refusal:
        messages.error(request, str(refusal))
        return go(request, "crm:vouchers-series", series_id)
    answer = HttpResponse(listed, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="vouchers-{found.code}.csv"'
    return answer


@require_http_methods(["GET", "POST"])
@door("issue_vouchers")
def activate(request: HttpRequest, series_id: int) -> HttpResponse:
    """Put the cards of a series in use."""
    found = _series(series_id)
    form = forms.SureForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        operations.activate_series(
            series_id=series_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The cards are in use.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:vouchers-series", series_id)
    title = _("Put the series %(code)s in use") % {"code": found.code}
    lede = _("From now on its cards top accounts up.")
    back = reverse("crm:vouchers-series", args=[series_id])
    return show_form(request, form, title=title, back=back, send=_("Put in use"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("issue_vouchers")
def block(request: HttpRequest, series_id: int) -> HttpResponse:
    """Take a whole series out of use."""
    found = _series(series_id)
    form = forms.ReasonForm(request.POST or None)

    def act() -> str:
        operations.block_series(
            series_id=series_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The series is blocked.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:vouchers-series", series_id)
    title = _("Block the series %(code)s") % {"code": found.code}
    back = reverse("crm:vouchers-series", args=[series_id])
    return show_form(request, form, title=title, back=back, send=_("Block"), is_grave=True)


@require_http_methods(["GET", "POST"])
@door("issue_vouchers")
def card(request: HttpRequest, series_id: int) -> HttpResponse:
    """Block one card, or put it in use again, by the number printed on it."""
    found = _series(series_id)
    form = forms.CardForm(request.POST or None)

    def act() -> str:
        chosen = queries.find_card(series_id=series_id, serial=form.cleaned_data["serial"])
        if chosen is None:
            message = _("There is no such card in the series.")
            raise operations.UnableToIssueVouchers(message, field="serial")
        is_block = form.cleaned_data["act"] == "block"
        move = operations.block_card if is_block else operations.unblock_card
        move(
            voucher_id=chosen.pk,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The card is blocked.") if is_block else _("The card is in use again.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:vouchers-series", series_id)
    title = _("A card of the series %(code)s") % {"code": found.code}
    back = reverse("crm:vouchers-series", args=[series_id])
    return show_form(request, form, title=title, back=back, send=_("Write down"), is_grave=True)


@require_http_methods(["GET", "POST"])
@door("redeem_voucher")
def redeem(request: HttpRequest, account_id: int) -> HttpResponse:
    """Redeem a card that the subscriber reads out."""
    account = card_queries.find_account(account_id)
    if account is None:
        raise Http404
    form = forms.RedeemForm(request.POST or None)

    def act() -> str:
        now, user = timezone.now(), staff_of(request)
        payment = operations.redeem_voucher(
            code=form.cleaned_data["code"],
            account_id=account_id,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("%(amount)s is credited to account %(account)s.") % {
            "amount": written(payment.amount, payment.currency),
            "account": account.number,
        }

    refusals = (operations.UnableToRedeem,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", account.customer_id)
    title = _("Voucher: %(name)s, %(account)s") % {
        "name": account.customer.name,
        "account": account.number,
    }
    back = reverse("crm:card", args=[account.customer_id])
    return show_form(request, form, title=title, back=back, send=_("Redeem"))


def _series(series_id: int) -> VoucherSeries:
    found = queries.get_series(series_id)
    if found is None:
        raise Http404
    return found.series
