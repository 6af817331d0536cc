"""
Money held by hand and bonuses.
"""

from datetime import datetime, time, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import operations
from accounts import queries as accounts_queries
from accounts.models import Hold
from accounts.queries import bonuses as bonus_queries
from accounts.queries import holds as hold_queries
from billing_project.kernel.models import Approval
from crm.forms import ledger as forms
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.account_money import find_account
from crm.views.corrections import finish, moment, request_id
from crm.views.doors import door, staff_of


@require_http_methods(["GET", "POST"])
@door("hold_money")
def hold(request: HttpRequest, account_id: int) -> HttpResponse:
    """Set money aside until the end of a day."""
    account, user = find_account(account_id), staff_of(request)
    initial = request_id() | {"last_day": timezone.localdate() + timedelta(days=7)}
    form = forms.HoldForm(request.POST or None, initial=initial)

    def act() -> str:
        following = form.cleaned_data["last_day"] + timedelta(days=1)
        made = operations.authorise_hold(
            account_id=account_id,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            reference=form.cleaned_data["request_id"],
            expires_at=timezone.make_aware(datetime.combine(following, time.min)),
            now=timezone.now(),
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("%(amount)s is held.") % {"amount": written(made.amount, account.currency)}

    lede = _("%(amount)s may be held.") % {
        "amount": written(accounts_queries.get_balance(account_id).available, account.currency)
    }
    return finish(request, form, account, act, title=_("Hold money"), send=_("Hold"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("hold_money")
def capture(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Charge what was held, all or a part."""
    held = _hold(hold_id)
    account, user = held.account, staff_of(request)
    form = forms.CaptureForm(request.POST or None, initial=request_id() | {"amount": held.left})

    def act() -> str:
        made = operations.capture_hold(
            hold_id=hold_id, actor=user.actor, **moment(), **form.cleaned_data
        )
        return _("%(amount)s is charged.") % {"amount": written(made.amount, account.currency)}

    lede = _("%(amount)s is held: %(reason)s.") % {
        "amount": written(held.left, account.currency),
        "reason": held.reason,
    }
    return finish(
        request, form, account, act, title=_("Take held money"), send=_("Charge"), lede=lede
    )


@require_http_methods(["GET", "POST"])
@door("hold_money")
def void(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Let go of what is held."""
    held = _hold(hold_id)
    user = staff_of(request)
    form = forms.TakeBackForm(request.POST or None)

    def act() -> str:
        operations.void_hold(
            hold_id=hold_id,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
            actor=user.actor,
        )
        return _("The money is free again.")

    lede = _("%(amount)s is held: %(reason)s.") % {
        "amount": written(held.left, held.account.currency),
        "reason": held.reason,
    }
    return finish(
        request, form, held.account, act, title=_("Let go of held money"), send=_("Let go"),
        lede=lede,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@door("grant_bonus")
def grant(request: HttpRequest, account_id: int) -> HttpResponse:
    """Grant bonus money; above the role's limit a second person decides."""
    account, user = find_account(account_id), staff_of(request)
    limit = staff_queries.adjustment_limit(user)
    form = forms.BonusForm(request.POST or None, initial=request_id())

    def act() -> str:
        made = operations.grant_bonus(
            account_id=account_id, limit=limit, actor=user.actor, **moment(), **form.cleaned_data
        )
        if isinstance(made, Approval):
            return _("It waits for a second person to approve it.")
        return _("The bonus is granted.")

    lede = _("Up to %(limit)s you decide alone; above it a second person has to approve.") % {
        "limit": written(limit, account.currency)
    }
    return finish(request, form, account, act, title=_("Bonus"), send=_("Grant"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("grant_bonus")
def use(request: HttpRequest, account_id: int) -> HttpResponse:
    """Pay charges with bonus money at once."""
    account, user = find_account(account_id), staff_of(request)
    possible = bonus_queries.usable(account_id, on=timezone.localdate())
    form = forms.UseBonusForm(request.POST or None, initial=request_id() | {"amount": possible})

    def act() -> str:
        operations.use_bonus(
            account_id=account_id,
            actor=user.actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **moment(),
            **form.cleaned_data,
        )
        return _("Charges are paid with the bonus.")

    lede = _("Charges of the last 31 days that bonuses may pay: %(amount)s.") % {
        "amount": written(possible, account.currency)
    }
    return finish(
        request, form, account, act, title=_("Pay with bonus"), send=_("Pay with bonus"), lede=lede,
        is_impossible=not possible,
    )  # fmt: skip


def _hold(hold_id: int) -> Hold:
    held = hold_queries.find_hold(hold_id)
    if held is None:
        raise Http404
    return held
