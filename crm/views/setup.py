"""
The set-up page of an empty installation.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.forms.setup import SetUpForm
from crm.operations import setup as setup_operations
from crm.queries import installation as installation_queries
from crm.views.doors import carry_out, door, page
from tariffs.operations import UnableToDraftDeck, UnableToPublishDeck, UnableToPublishPlan

REFUSALS = (
    setup_operations.UnableToSetUp,
    UnableToDraftDeck,
    UnableToPublishDeck,
    UnableToPublishPlan,
)


@require_http_methods(["GET", "POST"])
@door("set_up", before_set_up=True)
def set_up(request: HttpRequest) -> HttpResponse:
    """Ask for everything on one page; write it in one go."""
    if installation_queries.is_set_up():
        messages.info(request, _("This installation is set up already."))
        return redirect("crm:search")
    percent = installation_queries.standard_tax_percent(timezone.localdate())
    form = SetUpForm(request.POST or None, tax_percent=percent)
    if request.method == "POST" and form.is_valid():
        done = carry_out(request, form, lambda: _write(form), refusals=REFUSALS)
        if done:
            return redirect("crm:search")
    return page(request, "crm/set_up.html", {"form": form})


def _write(form: SetUpForm) -> str:
    entity = setup_operations.set_up(
        installation=form.installation(), on=timezone.localdate(), now=timezone.now()
    )
    return _("%(name)s is set up. You can create the first customer.") % {"name": entity.name}
