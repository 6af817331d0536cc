"""
The billing cycle: how it runs, and, where the operator allows it, on which day it begins.
"""

from typing import Final

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from invoicing.operations import cycles
from invoicing.queries.cycles import CycleQuote, UnableToChangeCycle, get_cycle_quote
from portal.forms import CycleForm
from portal.queries.cycles import find_cycle
from portal.views.door import Visitor, for_subscribers, show

#: What was shown travels signed with the form, and is what is agreed to.
SALT: Final = "portal.cycle"


@require_http_methods(["GET", "POST"])
@for_subscribers
def cycle(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the cycle; on POST what another day would mean, then change it to exactly that."""
    view = find_cycle(visitor.account.id, on=timezone.localdate())
    form = CycleForm(request.POST or None, initial={"cycle_day": view.now.rule.cycle_day})
    quote = None
    if request.method == "POST" and form.is_valid():
        if request.POST.get("mark"):
            return _change(request, visitor)
        quote = _quoted(form, visitor)
    mark = signing.dumps(quote.as_json(), salt=SALT) if quote else ""
    return show(request, visitor, "cycle.html", view=view, form=form, quote=quote, mark=mark)


def _quoted(form: CycleForm, visitor: Visitor) -> CycleQuote | None:
    try:
        return get_cycle_quote(
            account_id=visitor.account.id,
            cycle_day=form.cleaned_data["cycle_day"],
            on=timezone.localdate(),
        )
    except UnableToChangeCycle as refusal:
        form.add_error("cycle_day", str(refusal))
        return None


def _change(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    try:
        agreed = signing.loads(request.POST["mark"], salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    try:
        cycles.change_cycle(
            account_id=visitor.account.id,
            cycle_day=agreed["cycle_day"],
            on=timezone.localdate(),
            agreed=agreed,
            is_own=True,
            now=timezone.now(),
            actor=visitor.user.actor,
        )
    except UnableToChangeCycle as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done: your cycle changes."))
    return redirect("portal:cycle")
