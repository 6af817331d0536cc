"""
Coming in and going out.
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.models import User
from billing_project.sessions import client_address
from portal.forms import CodeForm, PasswordSignInForm, SubjectForm
from portal.operations import sign_in as operations
from portal.operations.attempts import UnableToTryAgain
from portal.queries.operator import get_operator
from portal.queries.people import find_account_meant
from portal.views.door import ACCOUNT_KEY, guard_page

BACKEND = "portal.auth.SubscriberBackend"
SUBJECT_KEY = "portal_subject"
#: When somebody came in with a code: for a while a password may be set without the old one.
BY_CODE_KEY = "portal_by_code"


def outside(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Guard a page before the door; who is in already goes on."""

    @sensitive_post_parameters()
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.kind == User.Kind.SUBSCRIBER:
            return redirect("portal:dashboard")
        return guard_page(view(request))

    return guarded


@outside
def by_password(request: HttpRequest) -> HttpResponse:
    """Ask for number and password."""
    form = PasswordSignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = operations.sign_in_with_password(
                text=form.cleaned_data["subject"],
                password=form.cleaned_data["password"],
                address=client_address(request),
                now=timezone.now(),
            )
        except (operations.UnableToSignIn, UnableToTryAgain) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _let_in(request, user, text=form.cleaned_data["subject"])
    return _page(request, "sign_in.html", form=form)


@outside
def ask_code(request: HttpRequest) -> HttpResponse:
    """Ask for the number and send a code, if we know where to."""
    form = SubjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subject = form.cleaned_data["subject"]
        try:
            operations.ask_for_code(
                text=subject, address=client_address(request), now=timezone.now()
            )
        except UnableToTryAgain as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session[SUBJECT_KEY] = subject
            return redirect(_with_next(request, reverse("portal:by-code")))
    return _page(request, "ask_code.html", form=form)


@outside
def by_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent."""
    subject = request.session.get(SUBJECT_KEY)
    if subject is None:
        return redirect("portal:ask-code")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = operations.sign_in_with_code(
                text=subject,
                code=form.cleaned_data["code"],
                address=client_address(request),
                now=timezone.now(),
            )
        except (operations.UnableToSignIn, UnableToTryAgain) as refusal:
            form.add_error(None, str(refusal))
        else:
            request.session[BY_CODE_KEY] = timezone.now().timestamp()
            return _let_in(request, user, text=subject)
    return _page(request, "enter_code.html", form=form, subject=subject)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("portal:sign-in")


def _let_in(request: HttpRequest, user: User, *, text: str) -> HttpResponse:
    login(request, user, backend=BACKEND)
    request.session.pop(SUBJECT_KEY, None)
    meant = find_account_meant(text, customer_id=user.customer_id or 0, now=timezone.now())
    if meant is not None:
        request.session[ACCOUNT_KEY] = meant
    return redirect(_next(request) or reverse("portal:dashboard"))


def _page(request: HttpRequest, template: str, **context: object) -> HttpResponse:
    context |= {"operator": get_operator(), "next": _next(request)}
    return render(request, f"portal/{template}", context)


def _next(request: HttpRequest) -> str:
    """Return where the visitor was going, if that is one of our own pages."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours and target != "/" else ""


def _with_next(request: HttpRequest, path: str) -> str:
    target = _next(request)
    return f"{path}?{urlencode({'next': target})}" if target else path
