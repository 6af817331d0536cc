"""
The home page, the account looked at, and help.
"""

import re
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.domain.households import Right
from portal.queries import seen
from portal.queries.home import get_home
from portal.views.door import ACCOUNT_KEY, Visitor, for_payers, show

_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


@for_payers
def dashboard(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Balance, services, charges, bills, messages; of an account one only pays for, its money."""
    if visitor.account.right != Right.MANAGE:
        return redirect("portal:payments")
    home = get_home(visitor.account, customer_id=visitor.customer_id, now=timezone.now())
    return show(request, visitor, "dashboard.html", home=home)


@for_payers
def accounts(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Every account the visitor may look at, by number or holder."""
    words = request.GET.get("find", "").strip()[:80]
    start = request.GET.get("after", "")
    page = seen.find_seen(
        visitor.accounts, words=words, start=int(start) if _NUMBER.fullmatch(start) else 0
    )
    return show(request, visitor, "accounts.html", page=page, words=words)


@require_POST
@for_payers
def choose_account(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Look at another of the subscriber's own accounts."""
    chosen = request.POST.get("account", "")
    if chosen not in {str(account.id) for account in visitor.accounts}:
        raise Http404
    request.session[ACCOUNT_KEY] = int(chosen)
    target = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_ours else "portal:dashboard")


@for_payers
def help_page(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Answers to what is often asked, and how to reach people."""
    return show(request, visitor, "help.html")
