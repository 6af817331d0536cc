"""
What every page of the CRM has at its door: who may in, the set-up first, forms in a dialog.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect, HttpResponseLocation

from accounts.models import Account, Subscription, User
from crm.queries import installation

View = Callable[..., HttpResponse]

#: address name -> (name in the menu, right).
PLACES = {
    "search": (_("Customers"), "see_customers"),
    "approval-list": (_("Approvals"), "decide_approval"),
    "disputes": (_("Disputes"), "decide_disputes"),
    "tickets": (_("Tickets"), "work_tickets"),
    "bill-runs": (_("Bill runs"), "run_bills"),
    "instalments": (_("Instalments"), "agree_instalments"),
    "outages": (_("Outages"), "compensate"),
    "notices": (_("Incoming payments"), "see_payments"),
    "unassigned": (_("Not assigned"), "see_payments"),
    "card-work": (_("By card"), "see_payments"),
    "statements": (_("Bank statements"), "load_statements"),
    "registries": (_("Terminals' registries"), "assign_payment"),
    "terminals": (_("Terminals"), "keep_terminals"),
    "desk": (_("Cash desk"), "take_payment"),
    "fiscal": (_("Fiscal receipts"), "see_receipts"),
    "vouchers": (_("Vouchers"), "issue_vouchers"),
    "usage-files": (_("Usage files"), "see_usage"),
    "suspense": (_("Suspense"), "see_usage"),
    "rerating": (_("Pricing anew"), "rerate_usage"),
    "usage": (_("Usage"), "see_charts"),
    "sessions": (_("Sessions"), "see_sessions"),
    "jobs": (_("Night"), "see_jobs"),
    "reports": (_("Trial balance"), "see_reports"),
    "register": (_("Register of bills"), "see_reports"),
    "aging": (_("Debt by age"), "see_reports"),
    "old-debts": (_("Old debts"), "write_off_debts"),
    "catalogue": (_("Catalogue"), "see_catalogue"),
}
#: Places that stand behind one word of the menu, and beside each other once there.
GROUPS = {
    _("Payments"): (
        *("notices", "unassigned", "card-work", "statements", "registries"),
        *("desk", "fiscal", "vouchers", "terminals"),
    ),
    _("Questions"): ("tickets", "disputes"),
    _("Bills"): ("bill-runs", "instalments", "outages"),
    _("Traffic"): ("usage-files", "suspense", "rerating", "usage", "sessions"),
    _("Reports"): ("reports", "register", "aging", "old-debts"),
}


def door(right: str, *, before_set_up: bool = False) -> Callable[[View], View]:
    """Let in members of staff with the right `crm.<right>`; lead to the set-up while it is due."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            turned_away = _turn_away(request, right, before_set_up=before_set_up)
            answer = turned_away or view(request, *args, **kwargs)
            # People's data must not stay in a shared computer's cache.
            patch_cache_control(answer, no_store=True, private=True)
            return answer

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return wrap


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page with the menu of what this member of staff may see."""
    menu = _menu(_places(request))
    return render(request, template, {**menu, **context}, status=status)


def show_form(
    request: HttpRequest, form: BaseForm, *, title: object, back: str, **context: Any
) -> HttpResponse:
    """
    Show a form, in the dialog of the page where it was asked for, or as a page of its own.

    `send` (context) is the button's word; `is_grave` marks what can't be undone.
    """
    template = "crm/form_dialog.html" if _is_dialog(request) else "crm/form_page.html"
    # 200 and not 422 for a form with faults: htmx swaps only what went well.
    return page(request, template, {"form": form, "title": title, "back": back, **context})


def show_about(
    request: HttpRequest,
    form: BaseForm,
    about: Account | Subscription,
    *,
    title: object,
    back: str = "",
    **context: Any,
) -> HttpResponse:
    """Show a form about an account or a service: its title says whose; back is the card."""
    if isinstance(about, Account):
        account, whose = about, about.customer.name
    else:
        account, whose = about.account, about.get_service_display()
    title = f"{title}: {whose}, {account.number}"
    back = back or reverse("crm:card", args=[account.customer_id])
    return show_form(request, form, title=title, back=back, **context)


def carry_out(
    request: HttpRequest,
    form: BaseForm,
    act: Callable[[], object],
    *,
    refusals: tuple[type[Exception], ...],
) -> bool:
    """Make the one call; a refusal becomes an error of the form. Return whether it was done."""
    try:
        done = act()
    except refusals as refusal:
        field = getattr(refusal, "field", None)
        form.add_error(field if field in form.fields else None, str(refusal))
        return False
    messages.success(request, str(done))
    return True


def finish_about(  # noqa: PLR0917 - the form, whose, what it does
    request: HttpRequest,
    form: BaseForm,
    account: Account,
    act: Callable[[], object],
    *,
    to: str,
    refusals: tuple[type[Exception], ...],
    **context: Any,
) -> HttpResponse:
    """Carry a form about an account out and go to its page named `to`, or show the form."""
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, to, account.pk)
    return show_about(request, form, account, back=reverse(to, args=[account.pk]), **context)


def go(request: HttpRequest, to: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """Go to an address by name; from the dialog without a jump of the page."""
    address = resolve_url(to, *args, **kwargs)
    if _is_dialog(request):
        return HttpResponseLocation(address, target="#page", select="#page", swap="outerHTML")
    return redirect(address)


def is_sent(request: HttpRequest, form: BaseForm) -> bool:
    """Return whether the form was sent and nothing in it is wrong."""
    return request.method == "POST" and form.is_valid()


def staff_of(request: HttpRequest) -> User:
    """Return the member of staff whom the door let in."""
    user = request.user
    if not isinstance(user, User):  # the door saw to that
        raise TypeError
    return user


def _turn_away(request: HttpRequest, right: str, *, before_set_up: bool) -> HttpResponse | None:
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        return _to_sign_in(request)
    if not user.has_perm(f"crm.{right}"):
        return page(request, "crm/refused.html", {"right": right}, status=403)
    if before_set_up or _is_set_up():
        return None
    if user.has_perm("crm.set_up"):
        return redirect("crm:set-up")
    return page(request, "crm/not_ready.html", {}, status=503)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    address = reverse("crm:sign-in")
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return redirect(f"{address}?next={request.path}")


def _is_set_up() -> bool:
    """Only "yes" is remembered: it doesn't become "no" again."""
    if cache.get("crm:is_set_up"):
        return True
    is_set_up = installation.is_set_up()
    if is_set_up:
        cache.set("crm:is_set_up", True, timeout=600)
    return is_set_up


def _is_dialog(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target") == "dialog"


def _menu(places: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the words of the menu, and the places beside this one if it is in a group."""
    words, beside = dict(places), list[dict[str, Any]]()
    for group, members in GROUPS.items():
        found = [to for to in members if to in places]
        if len(found) < 2:
            continue
        inside = [places[to] for to in found]
        is_here = any(place["is_here"] for place in inside)
        words[found[0]] = {**places[found[0]], "name": group, "is_here": is_here}
        words = {to: word for to, word in words.items() if to not in found[1:]}
        beside = inside if is_here else beside
    return {"places": list(words.values()), "beside": beside}


def _places(request: HttpRequest) -> dict[str, dict[str, Any]]:
    user = request.user
    if not isinstance(user, User):
        return {}
    return {
        to: {"name": name, "href": reverse(f"crm:{to}"), "is_here": _is_here(request, to)}
        for to, (name, right) in PLACES.items()
        if user.has_perm(f"crm.{right}")
    }


def _is_here(request: HttpRequest, to: str) -> bool:
    match = request.resolver_match
    name = (match.url_name or "") if match is not None else ""
    # The longest name that fits is meant: "usage-files" is no page of "usage".
    return to == max((place for place in PLACES if name.startswith(place)), key=len, default="")
