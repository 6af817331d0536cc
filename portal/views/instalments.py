"""
Paying a debt in parts: the terms first, then the word.
"""

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dunning.operations import instalments as operations
from dunning.operations.instalments import Wish
from invoicing.models import InstalmentPlan
from portal.forms import InstalmentsForm
from portal.queries.instalments import get_instalments
from portal.queries.top_up import takes_cards
from portal.views.door import Visitor, for_subscribers, show
from portal.views.keys import whole_number


@require_http_methods(["GET", "POST"])
@for_subscribers
def instalments(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the plan, or the parts that are proposed; on POST agree to these very parts."""
    now = timezone.now()
    today = timezone.localdate(now)
    form = InstalmentsForm(request.POST or None)
    count = whole_number(request.GET.get("parts")) or 0
    if request.method == "POST" and form.is_valid():
        count = form.cleaned_data["parts"]
        page = get_instalments(visitor.account, count=count, on=today)
        if [[str(p.due_on), str(p.amount)] for p in page.parts] != form.cleaned_data["seen"]:
            # The debt, or the day, is another than the one that was agreed to.
            form.add_error(None, _("The debt has changed since: please look at the parts again."))
        else:
            wish = Wish(
                account_id=visitor.account.id,
                parts=page.parts,
                door=InstalmentPlan.Door.PORTAL,
                request_id=form.cleaned_data["request_id"],
            )
            try:
                operations.agree(
                    wish=wish,
                    limit=None,
                    business_date=today,
                    now=now,
                    actor=visitor.user.actor,
                )
            except operations.UnableToAgree as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Done: you pay in parts from now on."))
                return redirect("portal:instalments")
    page = get_instalments(visitor.account, count=count, on=today)
    return show(
        request,
        visitor,
        "instalments.html",
        page=page,
        form=form,
        takes_cards=takes_cards(visitor.account.id),
        seen=[[str(part.due_on), str(part.amount)] for part in page.parts],
        request_id=secrets.token_hex(16),
    )
