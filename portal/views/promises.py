"""
The promised payment: terms first, then the word.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from dunning.operations import promises as operations
from portal.forms import AmountForm
from portal.queries.promises import find_promise
from portal.views.door import Visitor, for_subscribers, show


@for_subscribers
def promise(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the terms, or why not; on POST take the promise."""
    form = AmountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.give(
                account_id=visitor.account.id,
                amount=form.cleaned_data["amount"],
                now=timezone.now(),
                actor=visitor.user.actor,
            )
        except operations.UnableToPromise as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Done: the promised payment counts from now on."))
            return redirect("portal:dashboard")
    view = find_promise(visitor.account.id, now=timezone.now())
    if request.method != "POST":
        form = AmountForm(initial={"amount": view.max_amount})
    return show(request, visitor, "promise.html", promise=view, form=form)
