"""
Autopay: what is ordered, set with a consent, stopped with one click; cards that are kept.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.autopay import Terms
from accounts.domain.consents import LATEST, text_of
from accounts.operations import acquiring
from portal.forms import AutopayForm
from portal.queries.autopay import get_autopay_page
from portal.views.door import Visitor, for_subscribers, show


@require_http_methods(["GET", "POST"])
@for_subscribers
def autopay(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the order and the cards; on POST set the order in place of the former one."""
    page = get_autopay_page(visitor.account.id)
    form = AutopayForm(request.POST or None, cards=page.cards, order=page.order)
    if request.method == "POST" and form.is_valid():
        try:
            acquiring.set_autopay(
                account_id=visitor.account.id,
                card_id=int(form.cleaned_data["card"]),
                terms=_terms(form),
                door="portal",
                now=timezone.now(),
                actor=visitor.user.actor,
            )
        except acquiring.UnableToSetAutopay as refusal:
            field = refusal.field if refusal.field in form.fields else None
            form.add_error(field, str(refusal))
        else:
            messages.success(request, _("Autopay is on."))
            return redirect("portal:autopay")
    words = text_of("autopay", version=LATEST, language=get_language() or "ru")
    return show(request, visitor, "autopay.html", page=page, form=form, words=words)


@require_POST
@for_subscribers
def stop(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Stop the order."""
    order = get_autopay_page(visitor.account.id).order
    if order is not None:
        acquiring.stop_autopay(autopay_id=order.pk, now=timezone.now(), actor=visitor.user.actor)
        messages.success(request, _("Autopay is off: nothing more is taken from the card."))
    return redirect("portal:autopay")


@require_POST
@for_subscribers
def forget_card(request: HttpRequest, visitor: Visitor, card_id: int) -> HttpResponse:
    """Forget a kept card, and stop the order that uses it."""
    cards = {card.pk for card in get_autopay_page(visitor.account.id).cards}
    if card_id not in cards:
        raise Http404
    acquiring.remove_card(card_id=card_id, now=timezone.now(), actor=visitor.user.actor)
    messages.success(request, _("The card is forgotten."))
    return redirect("portal:autopay")


def _terms(form: AutopayForm) -> Terms:
    given = form.cleaned_data
    by_day = given["trigger"] == "day"
    return Terms(
        amount=given["amount"],
        monthly_cap=given["monthly_cap"],
        threshold=None if by_day else given["threshold"],
        day=given["day"] if by_day else None,
    )
