"""
The debt of an account: where it is open, instalment plans, payments for consolidated bills.
"""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account, Payment
from billing_project.kernel.models import Approval
from crm.forms import debt as forms
from crm.forms.money import DecisionForm
from crm.queries import debt as queries
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.corrections import moment, request_id
from crm.views.doors import door, finish_about, page, staff_of
from crm.views.found import account_or_404
from dunning.operations import instalments
from dunning.operations.instalments import UnableToAgree, Wish
from invoicing.domain.instalments import propose
from invoicing.models import InstalmentPlan
from invoicing.operations import shares
from invoicing.operations.shares import UnableToSplit
from invoicing.queries.open_debt import get_open
from invoicing.queries.shares import find_split

REFUSALS = (UnableToAgree, UnableToSplit)


@require_GET
@door("see_customers")
def debt(request: HttpRequest, account_id: int) -> HttpResponse:
    """Where the debt is open, plans, what being late cost."""
    found = queries.get_debt(account_or_404(account_id), on=timezone.localdate())
    return page(request, "crm/debt.html", {"desk": found, "account": found.account})


@require_GET
@door("agree_instalments")
def plans(request: HttpRequest) -> HttpResponse:
    """Instalment plans, by state."""
    state = request.GET.get("state", InstalmentPlan.State.ACTIVE)
    before = request.GET.get("before", "")
    found = queries.get_plans(
        state="" if state == "all" else state,
        before=int(before) if before.isdecimal() else 0,
        on=timezone.localdate(),
    )
    context = {"queue": found, "state": state, "states": InstalmentPlan.State.choices}
    return page(request, "crm/instalments.html", context)


@require_http_methods(["GET", "POST"])
@door("agree_instalments")
def agree(request: HttpRequest, account_id: int) -> HttpResponse:
    """Agree on a plan on the subscriber's word; above the role's limit a second person decides."""
    account, user = account_or_404(account_id), staff_of(request)
    limit = staff_queries.instalments_limit(user)
    owed = get_open(account_id).total
    initial = request_id() | {"amount": owed, "first_on": timezone.localdate()}
    form = forms.InstalmentsForm(request.POST or None, initial=initial)

    def act() -> str:
        said = form.cleaned_data
        parts = propose(
            said["amount"], parts=said["parts"], first_on=said["first_on"], first=said["first"]
        )
        wish = Wish(
            account_id=account_id,
            parts=parts,
            door=InstalmentPlan.Door.CRM,
            request_id=said["request_id"],
        )
        made = instalments.agree(
            wish=wish,
            limit=limit,
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **moment(),
        )
        if isinstance(made, Approval):
            return _("It waits for a second person to approve it.")
        return _("The plan is agreed on.")

    lede = _("Owed: %(debt)s. Up to %(limit)s you decide alone.") % {
        "debt": written(owed, account.currency),
        "limit": written(limit, account.currency),
    }
    return _form(
        request, form, account, act, title=_("Pay in instalments"), send=_("Agree on the plan"), lede=lede,
        is_impossible=not owed,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("agree_instalments")
def cancel(request: HttpRequest, plan_id: int) -> HttpResponse:
    """End a plan with a reason."""
    plan = queries.find_plan(plan_id)
    if plan is None:
        raise Http404
    form = forms.CancelPlanForm(request.POST or None)

    def act() -> str:
        instalments.cancel(
            plan_id=plan_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The plan is ended.")

    lede = _("What is left of it is owed at once, and may restrict the services.")
    return _form(
        request, form, plan.account, act, title=_("End the instalment plan"), send=_("End the plan"),
        lede=lede, is_grave=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def split(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Split a payment among the units of a consolidated bill."""
    payment = _payment(payment_id)
    papers = [
        (int(key.split(":")[1]), words) for key, words in queries.list_papers(payment.account)
    ]
    form = forms.SplitForm(request.POST or None, papers=papers)

    def act() -> str:
        done = shares.split_for_paper(
            payment_id=payment_id, actor=staff_of(request).actor, **form.cleaned_data, **moment()
        )
        amount = written(done.amount, payment.currency)
        return _("%(amount)s went to the units.") % {"amount": amount}

    lede = _("Each unit gets its open share; what they don't need stays on the account.")
    return _form(
        request, form, payment.account, act, title=_("Split among units"), send=_("Split"),
        lede=lede, is_impossible=not papers,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("assign_payment")
def return_shares(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Take all shares of a payment back; the payment stays."""
    payment = _payment(payment_id)
    found = find_split(payment_id)
    if found is None:
        raise Http404
    form = DecisionForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        shares.return_shares(split_id=found.pk, actor=staff_of(request).actor, **moment())
        return _("The shares are back on the payer's account.")

    lede = _("%(amount)s come back from the units' accounts, which may owe again.") % {
        "amount": written(found.amount, payment.currency)
    }
    return _form(
        request, form, payment.account, act, title=_("Take the shares back"),
        send=_("Take back"), lede=lede, is_grave=True,
    )  # fmt: skip


def _payment(payment_id: int) -> Payment:
    rows = Payment.objects.select_related("account__customer").filter(pk=payment_id)
    payment = rows.first()
    if payment is None:
        raise Http404
    return payment


def _form(  # noqa: PLR0917 - the form, whose, what it does
    request: HttpRequest, form: BaseForm, account: Account, act: Callable[[], str], **context: Any
) -> HttpResponse:
    return finish_about(request, form, account, act, to="crm:debt", refusals=REFUSALS, **context)
