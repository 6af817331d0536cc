"""
Corrections by hand: debts written off, entries taken back, money moved, opening balances.
"""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import operations
from accounts import queries as accounts_queries
from accounts.models import Account
from billing_project.kernel.models import Approval
from crm.forms import ledger as forms
from crm.queries import account_money as queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.queries.history.words import written_day
from crm.views.account_money import find_account
from crm.views.doors import door, finish_about, staff_of

REFUSALS = (
    operations.UnableToCorrect,
    operations.UnableToTransfer,
    operations.UnableToHold,
    operations.UnableToPost,
)


@require_http_methods(["GET", "POST"])
@door("write_off_debt")
def write_off(request: HttpRequest, account_id: int) -> HttpResponse:
    """Give up a debt or a part of it; above the role's limit a second person decides."""
    account, user = find_account(account_id), staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    debt = max(-accounts_queries.get_balance(account_id).money, Decimal(0))
    form = forms.WriteOffForm(request.POST or None, initial=request_id() | {"amount": debt})

    def act() -> str:
        made = operations.write_off_debt(
            account_id=account_id, limit=limit, **form.cleaned_data, **moment(), actor=user.actor
        )
        return _waits(made) or _("The debt is written off.")

    lede = _("Owed: %(debt)s. Up to %(limit)s you decide alone.") % {
        "debt": written(debt, account.currency),
        "limit": written(limit, account.currency),
    }
    return finish(
        request, form, account, act, title=_("Write-off of a debt"), lede=lede,
        send=_("Write off"), is_grave=True, is_impossible=not debt,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("reverse_entry")
def take_back(request: HttpRequest, account_id: int, entry_id: int) -> HttpResponse:
    """Take an entry back, whole, by an entry of today."""
    account, user = find_account(account_id), staff_of(request)
    entry = accounts_queries.find_entry(account_id=account_id, entry_id=entry_id)
    if entry is None:
        raise Http404
    limit = staff_queries.adjustment_limit(user)
    form = forms.TakeBackForm(request.POST or None)

    def act() -> str:
        made = operations.reverse_entry(
            account_id=account_id,
            entry_id=entry_id,
            reason=form.cleaned_data["reason"],
            limit=limit,
            actor=user.actor,
            **moment(),
        )
        return _waits(made) or _("The entry is taken back.")

    lede = _("%(kind)s of %(day)s, %(amount)s, is undone by an entry of today.") % {
        "kind": entry.kind_label,
        "day": written_day(entry.business_date),
        "amount": written(entry.amount, account.currency),
    }
    return finish(
        request, form, account, act, title=_("Take an entry back"), lede=lede,
        send=_("Undo the entry"), is_grave=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("transfer_money")
def transfer(request: HttpRequest, account_id: int) -> HttpResponse:
    """Move money to another account of the customer."""
    account, user = find_account(account_id), staff_of(request)
    others = queries.other_accounts(account)
    form = forms.TransferForm(request.POST or None, initial=request_id(), others=others)

    def act() -> str:
        moved = operations.transfer(
            from_account_id=account_id,
            to_account_id=form.cleaned_data["to_account"].pk,
            amount=form.cleaned_data["amount"],
            request_id=form.cleaned_data["request_id"],
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **moment(),
        )
        amount = written(moved.amount, account.currency)
        return _("%(amount)s is moved.") % {"amount": amount}

    row = accounts_queries.get_balance(account_id)
    free = max(row.money - row.held, Decimal(0))
    lede = _("No more than %(free)s: what is held and credit are not moved.") % {
        "free": written(free, account.currency)
    }
    return finish(
        request, form, account, act, title=_("Transfer"), send=_("Move"), lede=lede,
        is_impossible=not others.exists(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("open_balance")
def opening(request: HttpRequest, account_id: int) -> HttpResponse:
    """Give an account what it comes with; one that has entries needs a second person."""
    account, user = find_account(account_id), staff_of(request)
    initial = request_id() | {"on": account.opened_on}
    form = forms.OpeningForm(request.POST or None, initial=initial)

    def act() -> str:
        now = timezone.now()
        made = operations.open_balance(
            account_id=account_id,
            amount=form.cleaned_data["amount"],
            reference=form.cleaned_data["request_id"],
            reason=form.cleaned_data["reason"],
            business_date=form.cleaned_data["on"],
            now=now,
            actor=user.actor,
        )
        return _waits(made) or _("The opening balance is posted.")

    lede = _("An account that has other entries needs a second person.")
    return finish(
        request, form, account, act, title=_("Opening balance"), send=_("Post"), lede=lede
    )


def finish(  # noqa: PLR0917 - the form, whose, what it does
    request: HttpRequest, form: BaseForm, account: Account, act: Callable[[], str], **context: Any
) -> HttpResponse:
    """Carry a form about an account's money out and go back to it, or show the form."""
    to = "crm:account-money"
    return finish_about(request, form, account, act, to=to, refusals=REFUSALS, **context)


def request_id() -> dict[str, Any]:
    """Return a fresh key: the form does its work once, however often it is sent."""
    return {"request_id": secrets.token_hex(16)}


def moment() -> dict[str, Any]:
    """Return the moment and the business day of what is done now."""
    now = timezone.now()
    return {"now": now, "business_date": timezone.localdate(now)}


def _waits(made: object) -> str:
    return _("It waits for a second person to approve it.") if isinstance(made, Approval) else ""
