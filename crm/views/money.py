"""
Money: adjustments, promised payments, approvals by a second person.
"""

import secrets
from collections.abc import Callable
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import operations as accounts_operations
from accounts.models import Adjustment
from accounts.operations import refunds
from accounts.queries import vouchers as voucher_queries
from billing_project.kernel import operations as kernel_operations
from crm.forms import money as forms
from crm.queries import approvals as approval_queries
from crm.queries import bills as bill_queries
from crm.queries import notices as notice_queries
from crm.queries import rerating as rerating_queries
from crm.queries import staff as staff_queries
from crm.queries import usage as usage_queries
from crm.queries import write_off_runs as write_off_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_about, show_form, staff_of
from crm.views.found import account_or_404
from dunning import operations as dunning_operations
from dunning import queries as dunning_queries

#: `Approval.kind` -> what does it once a second person agreed.
DECISIONS: Final[dict[str, Callable[..., object]]] = {
    "adjustment": accounts_operations.approve_adjustment,
    "debt_write_off": accounts_operations.approve_write_off_of_debt,
    "entry_reversal": accounts_operations.approve_reversal,
    "opening_balance": accounts_operations.approve_opening,
    "bonus_grant": accounts_operations.approve_bonus,
    "refund": refunds.approve_refund,
    "instalments": dunning_operations.instalments.approve,
}


@require_http_methods(["GET", "POST"])
@door("adjust_balance")
def adjust(request: HttpRequest, account_id: int) -> HttpResponse:
    """Adjust the balance; above the role's limit a second person decides."""
    account = account_or_404(account_id)
    user = staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    form = forms.AdjustForm(request.POST or None, initial={"request_id": secrets.token_hex(16)})

    def act() -> str:
        now = timezone.now()
        made = accounts_operations.adjust(
            account_id=account_id,
            limit=limit,
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
            **form.cleaned_data,
        )
        if isinstance(made, Adjustment):
            return _("The balance is adjusted.")
        return _("The adjustment waits for a second person to approve it.")

    refusals = (accounts_operations.UnableToAdjust,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", account.customer_id)
    lede = _("Up to %(limit)s you decide alone; above it a second person has to approve.") % {
        "limit": written(limit, account.currency)
    }
    return show_about(request, form, account, title=_("Adjustment"), send=_("Adjust"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("give_promise")
def give_promise(request: HttpRequest, account_id: int) -> HttpResponse:
    """Give a promised payment on the subscriber's word; "why not" is always answered."""
    account = account_or_404(account_id)
    answer = dunning_queries.can_promise(account_id, timezone.now())
    # The amount of the rule, where there is but one; else what would be offered at most.
    form = forms.PromiseForm(request.POST or None, initial={"amount": answer.max_amount or None})

    def act() -> str:
        promise = dunning_operations.promises.give(
            account_id=account_id,
            amount=form.cleaned_data["amount"],
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("Promised payment of %(amount)s is given.") % {
            "amount": written(promise.amount, account.currency)
        }

    refusals = (dunning_operations.UnableToPromise,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", account.customer_id)
    return show_about(
        request,
        form,
        account,
        title=_("Promised payment"),
        send=_("Give"),
        outcome="crm/promise_terms.html",
        answer=answer,
        is_impossible=not answer.is_allowed,
    )


@require_GET
@door("decide_approval")
def approval_list(request: HttpRequest) -> HttpResponse:
    """What waits for a second person."""
    waiting = approval_queries.list_waiting()
    context = {
        "waiting": waiting,
        "notes": bill_queries.list_waiting_notes(),
        "write_offs": usage_queries.list_asked(),
        "reratings": rerating_queries.list_asked(),
        "old_debts": write_off_queries.list_asked(),
        "returns": notice_queries.list_asked(),
        "voucher_series": voucher_queries.list_asked_series(),
        "me": staff_of(request).actor,
    }
    return page(request, "crm/approvals.html", context)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def approve(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Approve and post."""
    return _decide(request, approval_id, is_approved=True)


@require_http_methods(["GET", "POST"])
@door("decide_approval")
def refuse(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Refuse; nothing is posted."""
    return _decide(request, approval_id, is_approved=False)


def _decide(request: HttpRequest, approval_id: int, *, is_approved: bool) -> HttpResponse:
    waiting = approval_queries.find_waiting(approval_id)
    if waiting is None:
        raise Http404
    form = forms.DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        now, actor = timezone.now(), staff_of(request).actor
        if not is_approved:
            accounts_operations.refuse_adjustment(approval_id=approval_id, now=now, actor=actor)
            return _("Refused; nothing was posted.")
        DECISIONS[waiting.approval.kind](
            approval_id=approval_id, business_date=timezone.localdate(now), now=now, actor=actor
        )
        return _("Approved and posted.")

    refusals = (
        accounts_operations.UnableToAdjust,
        accounts_operations.UnableToCorrect,
        refunds.UnableToRefund,
        dunning_operations.instalments.UnableToAgree,
        kernel_operations.UnableToDecide,
    )
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:approval-list")
    return show_form(
        request,
        form,
        title=_("Approve") if is_approved else _("Refuse"),
        back=reverse("crm:approval-list"),
        send=_("Approve") if is_approved else _("Refuse"),
        outcome="crm/approval.html",
        waiting=waiting,
    )
