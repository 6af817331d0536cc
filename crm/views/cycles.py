"""
The billing cycle of an account changed, deposits taken and returned: what it means is shown first.
"""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.domain.calendars import Anchor
from accounts.models import Account, Deposit
from accounts.operations import deposits
from crm.forms.cycles import CycleForm, DepositForm, ReturnForm
from crm.queries.history.words import money as written
from crm.queries.history.words import written_day
from crm.views.corrections import moment, request_id
from crm.views.doors import carry_out, door, finish_about, go, is_sent, show_about, staff_of
from crm.views.found import account_or_404
from invoicing.operations import cycles
from invoicing.queries.cycles import UnableToChangeCycle, get_cycle_quote, view_cycle


@require_http_methods(["GET", "POST"])
@door("change_plan")
def change(request: HttpRequest, account_id: int) -> HttpResponse:
    """Choose a cycle, see when it begins and what the time until then costs, agree on that."""
    account = account_or_404(account_id)
    today = timezone.localdate()
    now = view_cycle(account, on=today)
    rule = {"anchor": now.anchor, "cycle_day": now.rule.cycle_day, "months": now.rule.months}
    form = CycleForm(request.POST or None, initial=rule)
    shown: dict[str, Any] = {"send": _("Show what it means")}
    if is_sent(request, form):
        if form.cleaned_data["seen"] and _carried_out(request, form, account):
            return go(request, "crm:card", account.customer_id)
        shown |= _offer(form, account)
    lede = _("The present cycle runs from %(first)s and ends before %(end)s.") % {
        "first": written_day(now.cycle.days.start),
        "end": written_day(now.cycle.days.end),
    }
    if now.coming is not None:
        lede += " " + _("A change from %(day)s is agreed; another takes its place.") % {
            "day": written_day(now.coming.starts_on)
        }
    return show_about(request, form, account, title=_("Billing cycle"), lede=lede, **shown)


def _wish(form: CycleForm, account: Account) -> dict[str, Any]:
    return {
        "account_id": account.pk,
        "anchor": Anchor(form.cleaned_data["anchor"]),
        "cycle_day": form.cleaned_data["cycle_day"],
        "months": form.cleaned_data["months"],
        "on": timezone.localdate(),
    }


def _offer(form: CycleForm, account: Account) -> dict[str, Any]:
    try:
        quote = get_cycle_quote(**_wish(form, account))
    except UnableToChangeCycle as refusal:
        form.add_error(refusal.field or None, str(refusal))
        return {"send": _("Show what it means")}
    form.data = {**form.cleaned_data, "seen": json.dumps(quote.as_json())}
    return {
        "send": _("Agree"),
        "outcome": "crm/cycle_terms.html",
        "quote": quote,
        "currency": account.currency,
    }


def _carried_out(request: HttpRequest, form: CycleForm, account: Account) -> bool:
    def act() -> str:
        quote = cycles.change_cycle(
            **_wish(form, account),
            agreed=_read(form.cleaned_data["seen"]),
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("The cycle changes on %(day)s.") % {"day": written_day(quote.starts_on)}

    return carry_out(request, form, act, refusals=(UnableToChangeCycle,))


def _read(seen: str) -> dict[str, Any]:
    """Return the offer as it was shown; what can't be read agrees with nothing."""
    try:
        agreed = json.loads(seen)
    except ValueError:
        return {}
    return agreed if isinstance(agreed, dict) else {}


@require_http_methods(["GET", "POST"])
@door("hold_money")
def take_deposit(request: HttpRequest, account_id: int) -> HttpResponse:
    """Take money off the balance and keep it apart."""
    account = account_or_404(account_id)
    form = DepositForm(request.POST or None, initial=request_id())

    def act() -> str:
        made = deposits.take_deposit(
            account_id=account_id,
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **form.cleaned_data,
            **moment(),
        )
        return _("A deposit of %(amount)s is kept.") % {
            "amount": written(made.amount, account.currency)
        }

    lede = _(
        "It is kept apart from the balance and can't be spent; it comes back with the final bill."
    )
    return _about_money(
        request, form, account, act, title=_("Deposit"), send=_("Take a deposit"), lede=lede
    )


@require_http_methods(["GET", "POST"])
@door("hold_money")
def return_deposit(request: HttpRequest, deposit_id: int) -> HttpResponse:
    """Give a deposit back to the balance before the service ends."""
    kept = Deposit.objects.select_related("account__customer").filter(pk=deposit_id).first()
    if kept is None:
        raise Http404
    form = ReturnForm(request.POST or None)

    def act() -> str:
        made = deposits.return_deposit(
            deposit_id=deposit_id,
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{kept.account.customer_id}",
            **form.cleaned_data,
            **moment(),
        )
        return _("%(amount)s is back on the balance.") % {
            "amount": written(made.amount, kept.account.currency)
        }

    lede = _("%(amount)s goes back to the balance.") % {
        "amount": written(kept.amount, kept.account.currency)
    }
    return _about_money(
        request, form, kept.account, act, title=_("Return the deposit"), send=_("Return"), lede=lede
    )


def _about_money(  # noqa: PLR0917 - the form, whose, what it does
    request: HttpRequest, form: Any, account: Account, act: Any, **context: Any
) -> HttpResponse:
    refusals = (deposits.UnableToKeepDeposit,)
    to = "crm:account-money"
    return finish_about(request, form, account, act, to=to, refusals=refusals, **context)
