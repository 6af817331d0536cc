"""
The end of a personal account at the desk.
"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.forms.ledger import TakeBackForm
from crm.views.corrections import moment
from crm.views.doors import carry_out, door, go, is_sent, show_about, staff_of
from crm.views.found import account_or_404
from dunning.operations import closing
from dunning.queries.closing import list_reasons_against


@require_http_methods(["GET", "POST"])
@door("terminate_service")
def close_account(request: HttpRequest, account_id: int) -> HttpResponse:
    """Close an account; everything that has to be done first is said."""
    account = account_or_404(account_id)
    form = TakeBackForm(request.POST or None)

    def act() -> str:
        closing.close_account(
            account_id=account_id,
            actor=staff_of(request).actor,
            on_behalf_of=f"customer:{account.customer_id}",
            **moment(),
            **form.cleaned_data,
        )
        return _("The account is closed.")

    refusals = (closing.UnableToCloseAccount,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:card", account.customer_id)
    reasons = list_reasons_against(account_id)
    lede = _("From today on payments to it wait for a person. It can't be opened again.")
    return show_about(
        request,
        form,
        account,
        title=_("Close the account"),
        send=_("Close the account"),
        lede=" ".join(reasons) or lede,
        is_impossible=bool(reasons),
        is_grave=True,
    )
