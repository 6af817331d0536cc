"""
Topping up by card: an amount, the bank's page, and back to a page that says what became of it.

The pages of one payment are found by its token alone: an agent may send the link to somebody who
has no log-in, and a bank may send the payer back without our cookie.
"""

import secrets
from typing import Final

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import CardPayment
from accounts.operations import acquiring
from accounts.queries.acquiring import find_card_payment
from invoicing.operations.choices import Target, UnableToChoose, choose
from portal.forms import TopUpForm
from portal.queries.instalments import read_purpose
from portal.queries.operator import get_operator
from portal.queries.top_up import get_top_up, is_open, masked
from portal.views.door import Visitor, for_payers, guard_page, show

#: The acquirer is asked at most so often, in seconds, however often the page is looked at.
_LOOK_EVERY: Final = 3


@require_http_methods(["GET", "POST"])
@for_payers
def top_up(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask how much; on POST begin the payment and go to its page."""
    now = timezone.now()
    page = get_top_up(visitor.account, customer_id=visitor.customer_id, on=timezone.localdate(now))
    wanted = request.POST.get("pays", request.GET.get("pays", ""))
    purpose = read_purpose(wanted, account_id=visitor.account.id, on=timezone.localdate(now))
    initial = {
        "amount": purpose.amount or page.first,
        "email": page.email,
        "key": secrets.token_hex(16),
        "pays": purpose.key,
    }
    form = TopUpForm(request.POST or None, initial=initial, acquirer=page.acquirer)
    if request.method == "POST" and form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "pays"}
        try:
            row = acquiring.begin(
                account_id=visitor.account.id,
                door="portal",
                return_url=return_address(request),
                now=now,
                actor=visitor.user.actor,
                **said,
            )
            choose(payment=row, target=Target.of(purpose.key), now=now, actor=visitor.user.actor)
        except UnableToChoose as refusal:
            form.add_error(None, str(refusal))
        except acquiring.UnableToAskForPayment as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            acquiring.send(card_payment_id=row.pk, now=now)
            return redirect("portal:pay", row.token)
    return show(request, visitor, "top_up.html", page=page, form=form, purpose=purpose)


@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Go to the bank's page; a link from an agent is begun by its button first."""
    row = _find(token)
    if request.method == "POST" and row.sent_at is None:
        row = acquiring.send(card_payment_id=row.pk, now=timezone.now())
    if row.state == CardPayment.State.PENDING and row.page_url:
        return _page(request, row, "pay_leave.html")
    if row.state == CardPayment.State.CREATED and row.sent_at is None:
        return _page(request, row, "pay_link.html")
    return redirect("portal:paid", token)


@require_safe
def paid(request: HttpRequest, token: str) -> HttpResponse:
    """Say what became of it: waiting, received, refused; the acquirer is asked while it is open."""
    row = _find(token)
    if is_open(row) and row.sent_at and cache.add(f"card-look:{row.pk}", 1, _LOOK_EVERY):
        row = acquiring.look(card_payment_id=row.pk, now=timezone.now())
    return _page(request, row, "paid.html")


def return_address(request: HttpRequest) -> str:
    """Where the bank sends the payer back to; TOKEN becomes the payment's own."""
    return request.build_absolute_uri(reverse("portal:paid", args=["TOKEN"]))


def _find(token: str) -> CardPayment:
    row = find_card_payment(token)
    if row is None:
        raise Http404
    return row


def _page(request: HttpRequest, row: CardPayment, template: str) -> HttpResponse:
    context = {
        "row": row,
        "is_open": is_open(row),
        "number": masked(row.account.number),
        "operator": get_operator(),
        "is_ours": request.user.is_authenticated,
    }
    return guard_page(render(request, f"portal/{template}", context))
