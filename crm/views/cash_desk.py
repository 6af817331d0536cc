"""
The cash desk: the cashier's shift, payments into it, what is given back on its day, the report.
"""

import secrets
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations as accounts_operations
from accounts.models import Account, CashShift, Payment
from accounts.operations import cash_desk as operations
from accounts.queries import cash_desk as queries
from accounts.queries import receipts as receipt_queries
from crm.forms import cash_desk as forms
from crm.forms.money import ReverseForm
from crm.queries import card as card_queries
from crm.queries import debt as debt_queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.queries.history.words import written_day
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.found import account_or_404
from crm.views.suspense import number
from invoicing.operations.choices import Target, UnableToChoose, take_at_desk_for
from invoicing.operations.shares import UnableToSplit
from invoicing.operations.shares import reverse_payment as reverse_payment_whole

REFUSALS = (
    operations.UnableToUseDesk,
    accounts_operations.UnableToTakePayment,
    UnableToChoose,
    UnableToSplit,
)


@require_GET
@door("take_payment")
def desk(request: HttpRequest) -> HttpResponse:
    """The cashier's own shift as it stands, and the shifts before it."""
    user = staff_of(request)
    sees_all = user.has_perm("crm.oversee_desk")
    shift = queries.find_open_shift(user.pk)
    shifts = queries.list_shifts(
        cashier_id=None if sees_all else user.pk, before=number(request, "before") or None
    )
    context: dict[str, Any] = {
        "report": None if shift is None else queries.report_shift(shift),
        "operations": [] if shift is None else queries.list_operations(shift.pk, limit=20),
        "shifts": shifts,
        "sees_all": sees_all,
        "is_late": shift is not None and queries.is_too_long(shift, now=timezone.now()),
        "next": shifts[-1].pk if len(shifts) == 30 else None,
    }
    return page(request, "crm/desk.html", context)


@require_http_methods(["GET", "POST"])
@door("take_payment")
def open_shift(request: HttpRequest) -> HttpResponse:
    """Open a shift with what lies in the drawer."""
    form = forms.OpenShiftForm(request.POST or None, initial={"opening": 0})
    if is_sent(request, form) and _open(request, form):
        return go(request, "crm:desk")
    return _ask_to_open(request, form, back=reverse("crm:desk"))


def _open(request: HttpRequest, form: forms.OpenShiftForm) -> bool:
    """Open the shift; the next page, or the payment's form in its place, shows that it is."""
    now = timezone.now()
    try:
        operations.open_shift(
            cashier_id=staff_of(request).pk,
            opening=form.cleaned_data["opening"],
            desk=form.cleaned_data["desk"],
            business_date=timezone.localdate(now),
            now=now,
        )
    except operations.UnableToUseDesk as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    return True


def _ask_to_open(request: HttpRequest, form: forms.OpenShiftForm, *, back: str) -> HttpResponse:
    lede = _("Payments are taken into a shift: say first what lies in the drawer.")
    title = _("Open a cash shift")
    return show_form(request, form, title=title, back=back, send=_("Open the shift"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("take_payment")
def move_cash(request: HttpRequest) -> HttpResponse:
    """Take money to the bank, or put change into the drawer."""
    initial = {"request_id": secrets.token_hex(16), "kind": "taken_out"}
    form = forms.MoveCashForm(request.POST or None, initial=initial)

    def act() -> str:
        user = staff_of(request)
        operations.move_cash(
            cashier_id=user.pk, now=timezone.now(), actor=user.actor, **form.cleaned_data
        )
        return _("Written down.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:desk")
    title = _("Cash in or out")
    return show_form(request, form, title=title, back=reverse("crm:desk"), send=_("Write down"))


@require_http_methods(["GET", "POST"])
@door("take_payment")
def close_shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Count the drawer and close the shift; of others with the right to oversee them."""
    shift = _shift(request, shift_id)
    form = forms.CloseShiftForm(request.POST or None)

    def act() -> str:
        closed = operations.close_shift(
            shift_id=shift_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        values = {"difference": written(closed.difference or Decimal(0), closed.currency)}
        return _("The shift is closed; the difference is %(difference)s.") % values

    if is_sent(request, form) and carry_out(request, form, act, refusals=REFUSALS):
        return go(request, "crm:desk-shift", shift_id)
    expected = queries.report_shift(shift).expected
    lede = _("There should be %(expected)s.") % {"expected": written(expected, shift.currency)}
    title = _("Close the shift")
    back = reverse("crm:desk-shift", args=[shift_id])
    return show_form(request, form, title=title, back=back, send=title, lede=lede, is_grave=True)


@require_GET
@door("take_payment")
def shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The report of a shift, to be printed: X while it is open, Z once it is closed."""
    found = _shift(request, shift_id)
    context = {
        "report": queries.report_shift(found),
        "operations": queries.list_operations(shift_id),
        "closed_by": staff_queries.names_of([found.closed_by]).get(found.closed_by, ""),
        "now": timezone.now(),
    }
    return page(request, "crm/desk_shift.html", context)


@require_GET
@door("take_payment")
def receipt(request: HttpRequest, operation_id: int) -> HttpResponse:
    """The receipt of a payment, to be printed."""
    line = queries.find_operation(operation_id)
    if line is None or line.payment is None:
        raise Http404
    source = "payment" if line.kind == "taken" else "reversal"
    fiscal = receipt_queries.find_receipt(line.payment, source=source)
    context = {
        "line": line,
        "payment": line.payment,
        "account": line.payment.account,
        "entity": line.payment.account.contract.legal_entity,
        "change": None if line.tendered is None else line.tendered - line.amount,
        "fiscal": fiscal,
        "qr": "" if fiscal is None else receipt_queries.qr_of(fiscal),
    }
    return page(request, "crm/desk_receipt.html", context)


@require_http_methods(["GET", "POST"])
@door("take_payment")
def take_payment(request: HttpRequest, account_id: int) -> HttpResponse:
    """Take a payment into the open shift; without one the shift is opened first, in the same dialog."""
    account = account_or_404(account_id)
    user = staff_of(request)
    back = reverse("crm:card", args=[account.customer_id])
    if queries.find_open_shift(user.pk) is None and not _is_repeat(request):
        opening = forms.OpenShiftForm(
            request.POST if "opens" in request.POST else None, initial={"opening": 0}
        )
        if not (is_sent(request, opening) and _open(request, opening)):
            return _ask_to_open(request, opening, back=back)
    sent = request.POST if "request_id" in request.POST else None
    initial = {"request_id": secrets.token_hex(16)}
    targets = debt_queries.list_targets(account)
    form = forms.DeskPaymentForm(sent, initial=initial, targets=targets)
    if sent and form.is_valid() and _take(request, form, account):
        return go(request, "crm:card", account.customer_id)
    title = _("Payment: %(name)s, %(account)s") % {
        "name": account.customer.name,
        "account": account.number,
    }
    return show_form(request, form, title=title, back=back, send=_("Take the payment"))


def _is_repeat(request: HttpRequest) -> bool:
    """A payment that is sent once more finds its line also when the shift was closed meanwhile."""
    return "request_id" in request.POST


def _take(request: HttpRequest, form: forms.DeskPaymentForm, account: Account) -> bool:
    def act() -> object:
        now, user = timezone.now(), staff_of(request)
        said = dict(form.cleaned_data)
        line = take_at_desk_for(
            target=Target.of(said.pop("pays", "")),
            cashier_id=user.pk,
            account_id=account.pk,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **said,
        )
        text = _("%(amount)s is credited to account %(account)s.") % {
            "amount": written(line.amount, account.currency),
            "account": account.number,
        }
        label = _("Receipt %(number)s") % {"number": line.label}
        address = reverse("crm:desk-receipt", args=[line.pk])
        return format_html('{} <a href="{}">{}</a>', text, address, label)

    return carry_out(request, form, act, refusals=REFUSALS)


@require_http_methods(["GET", "POST"])
@door("reverse_payment")
def reverse_payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take a payment back, once, with a reason; one of the desk on its own day, out of a drawer."""
    payment = card_queries.find_payment(payment_id)
    if payment is None:
        raise Http404
    form = ReverseForm(request.POST or None)
    amount = written(payment.amount, payment.currency)

    def act() -> str:
        _reverse(request, payment, reason=form.cleaned_data["reason"])
        return _("The payment of %(amount)s is reversed.") % {"amount": amount}

    refusals = (accounts_operations.UnableToReversePayment, operations.UnableToUseDesk)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", payment.account.customer_id)
    values = {"amount": amount, "day": written_day(payment.business_date)}
    lede = _("%(amount)s taken on %(day)s leaves the balance by an entry of today.") % values
    title = _("Reverse the payment")
    name = f"{title}: {payment.account.customer.name}, {payment.account.number}"
    back = reverse("crm:card", args=[payment.account.customer_id])
    return show_form(request, form, title=name, back=back, send=title, lede=lede, is_grave=True)


def _reverse(request: HttpRequest, payment: Payment, *, reason: str) -> None:
    now, user = timezone.now(), staff_of(request)
    told: dict[str, Any] = {"reason": reason, "business_date": timezone.localdate(now), "now": now}
    if queries.operation_of(payment.pk) is None:
        reverse_payment_whole(payment_id=payment.pk, actor=user.actor, **told)
        return
    operations.return_at_desk(payment_id=payment.pk, cashier_id=user.pk, actor=user.actor, **told)


def _shift(request: HttpRequest, shift_id: int) -> CashShift:
    user = staff_of(request)
    own = None if user.has_perm("crm.oversee_desk") else user.pk
    found = queries.get_shift(shift_id, cashier_id=own)
    if found is None:
        raise Http404
    return found
