"""
The credit limit: chosen within what the account's credit class allows.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dunning import operations
from portal.forms import LimitForm
from portal.queries.credit import find_credit
from portal.views.door import Visitor, for_subscribers, show


@require_http_methods(["GET", "POST"])
@for_subscribers
def credit(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the limit and what of it is used; on POST set the one that was chosen."""
    form = LimitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.choose_credit_limit(
                account_id=visitor.account.id,
                limit=form.cleaned_data["limit"],
                now=timezone.now(),
                actor=visitor.user.actor,
            )
        except operations.UnableToSetLimit as refusal:
            form.add_error("limit", str(refusal))
        else:
            messages.success(request, _("Done: the credit limit is set."))
            return redirect("portal:credit")
    view = find_credit(visitor.account.id)
    if request.method != "POST":
        form = LimitForm(initial={"limit": view.credit.limit})
    return show(request, visitor, "credit.html", view=view, form=form)
