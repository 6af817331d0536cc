"""
Money by card at the desk: what an account paid, links to pay, refunds, disputes, standing orders.
"""

import secrets
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.domain.acquiring import Outcome
from accounts.domain.consents import LATEST, text_of
from accounts.models import Account, Payment, Refund
from accounts.operations import acquiring, refunds
from accounts.queries.acquiring import left_to_return
from crm.forms import cards as forms
from crm.forms.money import DecisionForm
from crm.queries import card as card_queries
from crm.queries import cards as queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_about, staff_of
from crm.views.found import account_or_404


@require_GET
@door("see_customers")
def cards(request: HttpRequest, account_id: int) -> HttpResponse:
    """What one account paid by card, and its standing order."""
    found = queries.get_cards(account_id)
    if found is None:
        raise Http404
    address = request.build_absolute_uri(reverse("portal:pay", args=["TOKEN"]))
    context = {"of": found, "account": found.account, "address": address.partition("TOKEN")[0]}
    return page(request, "crm/cards.html", context)


@require_GET
@door("see_payments")
def card_work(request: HttpRequest) -> HttpResponse:
    """What waits for people: unknown outcomes, disputes, notices of unknown payments."""
    return page(request, "crm/card_work.html", {"work": queries.get_waiting(timezone.now())})


@require_http_methods(["GET", "POST"])
@door("give_promise")
def new_link(request: HttpRequest, account_id: int) -> HttpResponse:
    """Make a link to pay; it stands on the page of the account's cards to be sent."""
    account = account_or_404(account_id)
    initial = {"key": secrets.token_hex(16), "email": account.customer.email}
    form = forms.LinkForm(request.POST or None, initial=initial)

    def act() -> str:
        acquiring.begin(
            account_id=account_id,
            door="crm",
            return_url=request.build_absolute_uri(reverse("portal:paid", args=["TOKEN"])),
            link=request.build_absolute_uri(reverse("portal:pay", args=["TOKEN"])),
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **form.cleaned_data,
        )
        return _("The link is made and sent to the subscriber: it is good for three days.")

    refusals = (acquiring.UnableToAskForPayment,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:cards", account_id)
    return _show(request, form, account, title=_("Link to pay"), send=_("Make the link"))


@require_http_methods(["GET", "POST"])
@door("refund_payment")
def refund(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Give back part or all of a payment; above the role's limit a second person decides."""
    payment = _payment(payment_id)
    limit = staff_queries.adjustment_limit(staff_of(request))
    left = left_to_return(payment)
    initial = {"amount": left, "request_id": secrets.token_hex(16)}
    form = forms.RefundForm(request.POST or None, initial=initial, ways=queries.ways_back(payment))

    def act() -> str:
        made = refunds.refund(
            wish=refunds.Wish(payment_id=payment_id, **form.cleaned_data),
            limit=limit,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{payment.account.customer_id}",
        )
        return tell_refund(made) if isinstance(made, Refund) else _ask_second_person()

    refusals = (refunds.UnableToRefund,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", payment.account.customer_id)
    lede = _("%(left)s of %(paid)s can be given back. Up to %(limit)s you decide alone.") % {
        "left": written(left, payment.currency),
        "paid": written(payment.amount, payment.currency),
        "limit": written(limit, payment.currency),
    }
    title = _("Refund")
    send = _("Give back")
    return _show(request, form, payment.account, title=title, send=send, lede=lede, is_grave=True)


def tell_refund(made: Refund) -> str:
    """Say how a refund stands."""
    said = {
        Refund.State.SUCCEEDED: _("%(amount)s is given back."),
        Refund.State.FAILED: _("The acquirer refused to give back %(amount)s: nothing is changed."),
    }
    unknown = _(
        "The acquirer hasn't confirmed the refund of %(amount)s yet: the money is held, we go on asking."
    )
    amount = written(made.amount, made.payment.currency)
    return said.get(Refund.State(made.state), unknown) % {"amount": amount}


def _ask_second_person() -> str:
    return _("The refund waits for a second person to approve it.")


@require_http_methods(["GET", "POST"])
@door("refund_payment")
def chargeback(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Write down a dispute that the bank wrote of; lost ones take the money from the account."""
    payment = _payment(payment_id)
    form = forms.ChargebackForm(request.POST or None, initial={"claimed": payment.amount})

    def act() -> str:
        given = dict(form.cleaned_data)
        made = acquiring.write_chargeback(
            payment_id=payment_id,
            outcome=Outcome(given.pop("outcome")),
            now=timezone.now(),
            actor=staff_of(request).actor,
            **given,
        )
        return _("Dispute %(number)s: %(state)s.") % {
            "number": made.external_id,
            "state": made.get_state_display(),
        }

    refusals = (acquiring.UnableToWriteChargeback,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:cards", payment.account_id)
    title, send = _("Dispute at the bank"), _("Write down")
    return _show(request, form, payment.account, title=title, send=send, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("set_autopay")
def set_autopay(request: HttpRequest, account_id: int) -> HttpResponse:
    """Set a standing order on the subscriber's word; the consent is kept with it."""
    found = queries.get_cards(account_id)
    if found is None:
        raise Http404
    form = forms.AutopayForm(request.POST or None, cards=found.cards)

    def act() -> str:
        acquiring.set_autopay(
            account_id=account_id,
            card_id=int(form.cleaned_data["card_id"]),
            terms=form.terms(),
            door="crm",
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{found.account.customer_id}",
        )
        return _("Autopay is set.")

    refusals = (acquiring.UnableToSetAutopay,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:cards", account_id)
    words = text_of("autopay", version=LATEST, language=get_language() or "ru")
    lede = _("Read to the subscriber: “%(words)s”") % {"words": words}
    return _show(request, form, found.account, title=_("Autopay"), send=_("Agreed"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("set_autopay")
def stop_autopay(request: HttpRequest, autopay_id: int) -> HttpResponse:
    """Stop a standing order."""
    order = queries.find_autopay(autopay_id)
    if order is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        acquiring.stop_autopay(
            autopay_id=autopay_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{order.account.customer_id}",
        )
        return _("Autopay is off.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:cards", order.account_id)
    return _show(request, form, order.account, title=_("Autopay"), send=_("Switch off"))


@require_http_methods(["GET", "POST"])
@door("set_autopay")
def remove_card(request: HttpRequest, card_id: int) -> HttpResponse:
    """Forget a kept card; a standing order that uses it stops."""
    card = queries.find_card(card_id)
    if card is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        acquiring.remove_card(
            card_id=card_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{card.account.customer_id}",
        )
        return _("The card is forgotten.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:cards", card.account_id)
    title = f"{card.title} ·· {card.last4}"
    return _show(request, form, card.account, title=title, send=_("Forget the card"))


@require_http_methods(["GET", "POST"])
@door("give_promise")
def give_up_link(request: HttpRequest, card_payment_id: int) -> HttpResponse:
    """Take back a link that nobody has begun to pay."""
    found = queries.find_card_payment(card_payment_id)
    if found is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        acquiring.give_up(
            card_payment_id=card_payment_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The link is taken back.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=()):
        return go(request, "crm:cards", found.account_id)
    title = _("Link to pay")
    return _show(request, form, found.account, title=title, send=_("Take the link back"))


def _show(request: HttpRequest, form: BaseForm, account: Account, **context: Any) -> HttpResponse:
    back = reverse("crm:cards", args=[account.pk])
    return show_about(request, form, account, back=back, **context)


def _payment(payment_id: int) -> Payment:
    payment = card_queries.find_payment(payment_id)
    if payment is None:
        raise Http404
    return payment
