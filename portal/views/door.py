"""
Who comes in, and what every page carries.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from accounts.domain.households import Right
from accounts.models import User
from notifications.queries import count_unread
from portal.queries import people, seen
from portal.queries.operator import get_operator
from portal.queries.people import AccountChoice

P = ParamSpec("P")
ACCOUNT_KEY: Final = "portal_account"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The subscriber at the door: their log-in, accounts, and the account they look at."""

    user: User
    customer_id: int
    accounts: list[AccountChoice]
    account: AccountChoice
    reach: Right = Right.PAY

    @property
    def at_hand(self) -> list[AccountChoice]:
        """The accounts of the short list; `accounts` may be hundreds."""
        return seen.at_hand(self.accounts, chosen=self.account)

    @property
    def is_company_of_units(self) -> bool:
        """Whether accounts of others are the visitor's to manage: branches, departments."""
        return any(each.holder and each.right == Right.MANAGE for each in self.accounts)

    @property
    def account_ids(self) -> list[int]:
        """Every account the subscriber may look at on this page."""
        return [account.id for account in self.accounts if self.reach in {Right.PAY, account.right}]


def for_subscribers(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """
    Let in subscribers only; staff and strangers are shown the sign-in page.

    The account looked at is theirs to manage: whoever only pays for it is told what they may see.
    """
    return _guard(view, reach=Right.MANAGE)


def for_payers(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Like `for_subscribers`, and for accounts too that the visitor only pays for."""
    return _guard(view, reach=Right.PAY)


def _guard(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse], *, reach: Right
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or user.kind != User.Kind.SUBSCRIBER or not user.is_active:
            return redirect_to_login(request.get_full_path(), reverse("portal:sign-in"))
        visitor = _visitor(request, user)
        if visitor is None:
            return guard_page(render(request, "portal/no_account.html"))
        if reach == Right.MANAGE and visitor.account.right != Right.MANAGE:
            return guard_page(show(request, visitor, "money_only.html", status=403))
        if reach == Right.MANAGE:
            visitor = replace(visitor, reach=reach)
        return guard_page(view(request, visitor, *args, **kwargs))

    return guarded


def show(
    request: HttpRequest, visitor: Visitor, template: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page with what its frame needs."""
    frame = {
        "visitor": visitor,
        "account": visitor.account,
        "currency": visitor.account.currency,
        "operator": get_operator(),
        "unread": count_unread(visitor.customer_id),
        "today": timezone.localdate(),
        "place": template.removesuffix(".html"),
    }
    return render(request, f"portal/{template}", frame | context, status=status)


def guard_page(response: HttpResponse) -> HttpResponse:
    """Keep the page out of caches; foreign scripts and frames: `billing_project.pages`."""
    patch_cache_control(response, private=True, no_store=True)
    return response


def _visitor(request: HttpRequest, user: User) -> Visitor | None:
    accounts = people.list_accounts(user.customer_id or 0)
    if not accounts:
        return None
    chosen = request.session.get(ACCOUNT_KEY)
    account = next((account for account in accounts if account.id == chosen), accounts[0])
    return Visitor(user, user.customer_id or 0, accounts, account)
