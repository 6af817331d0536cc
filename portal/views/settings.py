"""
Profile, language, password, and what to write about.
"""

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.models import User
from portal.forms import NewPasswordForm
from portal.operations import preferences
from portal.operations import sign_in as operations
from portal.operations.attempts import UnableToTryAgain
from portal.queries.inbox import list_choices
from portal.queries.profile import get_profile
from portal.views.door import Visitor, for_payers, guard_page, show
from portal.views.sign_in import BY_CODE_KEY

#: How long after signing in with a code a password may be set without the old one.
CODE_COUNTS_FOR: Final = timedelta(minutes=15)


@for_payers
def overview(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Who the subscriber is to us, and the choices they have."""
    return show(
        request,
        visitor,
        "settings.html",
        profile=get_profile(visitor.customer_id),
        choices=list_choices(visitor.customer_id),
        has_password=visitor.user.has_usable_password(),
    )


@require_POST
@for_payers
def notifications(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Keep what is wanted where."""
    wanted = {choice.name for choice in list_choices(visitor.customer_id)} & set(request.POST)
    preferences.choose(customer_id=visitor.customer_id, wanted=wanted, now=timezone.now())
    messages.success(request, _("Saved. We will write to you as you chose."))
    return redirect("portal:settings")


@sensitive_post_parameters()
@for_payers
def password(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Set or change the password; other devices are signed out."""
    asks_old = visitor.user.has_usable_password() and not _came_by_code(request)
    form = NewPasswordForm(request.POST or None, asks_old=asks_old)
    if request.method == "POST" and form.is_valid():
        try:
            operations.set_password(
                user=visitor.user,
                old=form.cleaned_data.get("old"),
                new=form.cleaned_data["new"],
                now=timezone.now(),
            )
        except (operations.UnableToSetPassword, UnableToTryAgain) as refusal:
            for reason in refusal.args:
                form.add_error(None, reason)
        else:
            update_session_auth_hash(request, visitor.user)
            request.session.pop(BY_CODE_KEY, None)
            messages.success(request, _("The password is changed. Other devices are signed out."))
            return redirect("portal:settings")
    return show(request, visitor, "password.html", form=form, asks_old=asks_old)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language, and write to the subscriber in it from now on."""
    user = request.user
    language = request.POST.get("language", "")
    if isinstance(user, User) and user.kind == User.Kind.SUBSCRIBER:
        preferences.choose_language(user=user, language=language, now=timezone.now())
    return guard_page(set_language(request))


def _came_by_code(request: HttpRequest) -> bool:
    came_at = float(request.session.get(BY_CODE_KEY, 0))
    return timezone.now().timestamp() - came_at < CODE_COUNTS_FOR.total_seconds()
