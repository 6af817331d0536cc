"""
The CRM's own sign-in; its session has a cookie of its own.
"""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billing_project.sessions import client_address
from crm.forms.staff import SignInForm
from crm.operations import staff as staff_operations
from crm.queries import staff as staff_queries
from crm.views.doors import page

BACKEND = "crm.auth.StaffBackend"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for login and password; lead on to where the visitor was going."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _let_in(request, form):
        return redirect(_destination(request))
    context = {
        "form": form,
        "next": request.GET.get("next") or request.POST.get("next", ""),
        "is_anybody_there": staff_queries.can_anybody_sign_in(),
    }
    return page(request, "crm/sign_in.html", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("crm:sign-in")


def _let_in(request: HttpRequest, form: SignInForm) -> bool:
    try:
        user = staff_operations.sign_in(
            login=form.cleaned_data["login"],
            password=form.cleaned_data["password"],
            address=client_address(request) or None,
            now=timezone.now(),
        )
    except staff_operations.UnableToSignIn as refusal:
        form.add_error(None, str(refusal))
        return False
    login(request, user, backend=BACKEND)
    return True


def _destination(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if wanted.startswith("/crm/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return reverse("crm:search")
