"""
The credit of an account: its class, its limit, its promised payments.
"""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account
from accounts.queries.credit import list_classes
from crm.forms.credit import ClassForm, GrantLimitForm, OwnLimitForm
from crm.queries.credit import get_credit_page
from crm.queries.history.words import money as written
from crm.views.doors import door, finish_about, page, staff_of
from crm.views.found import account_or_404
from dunning import operations
from dunning.queries.limits import get_credit

REFUSALS = (operations.UnableToSetLimit, operations.UnableToChangeCredit)


@require_GET
@door("see_customers")
def credit(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show class and limit, what a promised payment would be now, and how it all came to be."""
    account = account_or_404(account_id)
    found = get_credit_page(account_id, now=timezone.now())
    return page(request, "crm/credit.html", {"account": account, "page": found})


@require_http_methods(["GET", "POST"])
@door("set_credit")
def grant_limit(request: HttpRequest, account_id: int) -> HttpResponse:
    """Grant a limit, whatever the class allows."""
    account = account_or_404(account_id)
    form = GrantLimitForm(request.POST or None, initial={"limit": account.credit_limit})

    def act() -> str:
        operations.set_credit_limit(
            account_id=account_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The credit limit is granted.")

    used = get_credit(account_id).standing.used
    lede = _("Used of it now: %(used)s. A smaller limit restricts services at once.") % {
        "used": written(used, account.currency)
    }
    title, send = _("Grant a limit"), _("Grant the limit")
    return _finish(request, form, account, act, title=title, send=send, lede=lede)


@require_http_methods(["GET", "POST"])
@door("choose_limit")
def choose_limit(request: HttpRequest, account_id: int) -> HttpResponse:
    """Set the limit the subscriber asks for, by the rules of the portal."""
    account = account_or_404(account_id)
    found = get_credit(account_id)
    form = OwnLimitForm(request.POST or None, initial={"limit": account.credit_limit})

    def act() -> str:
        operations.choose_credit_limit(
            account_id=account_id,
            limit=form.cleaned_data["limit"],
            now=timezone.now(),
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
        )
        return _("The credit limit is set.")

    lede = _("From %(used)s, which are used, to %(most)s.") % {
        "used": written(found.standing.used, account.currency),
        "most": written(found.most, account.currency),
    }
    if not found.may_choose:
        lede = _("Accounts of this credit class choose no limit of their own.")
    return _finish(
        request,
        form,
        account,
        act,
        title=_("Limit on the subscriber's word"),
        send=_("Set the limit"),
        lede=lede,
        is_impossible=not found.may_choose,
    )


@require_http_methods(["GET", "POST"])
@door("set_credit")
def change_class(request: HttpRequest, account_id: int) -> HttpResponse:
    """Move the account to another credit class."""
    account = account_or_404(account_id)
    classes = [each for each in list_classes(only_in_use=True) if each.code != account.credit_class]
    form = ClassForm(request.POST or None, classes=classes)

    def act() -> str:
        operations.change_credit_class(
            account_id=account_id,
            now=timezone.now(),
            actor=staff_of(request).actor,
            **form.cleaned_data,
        )
        return _("The credit class is changed.")

    lede = _(
        "A limit of the subscriber's own choice goes down to what the class allows; one that was "
        "granted stays. Services are decided anew at once."
    )
    title = _("Change the credit class")
    return _finish(request, form, account, act, title=title, send=_("Change"), lede=lede)


def _finish(  # noqa: PLR0917 - the form, whose, what it does
    request: HttpRequest, form: BaseForm, account: Account, act: Callable[[], str], **context: Any
) -> HttpResponse:
    return finish_about(request, form, account, act, to="crm:credit", refusals=REFUSALS, **context)
