"""
Packages, bundles and rules of moves: lists, drafting, publishing, closing.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.forms.catalogue import offers as forms
from crm.forms.catalogue.plans import AllowanceForm, DayForm, SureForm
from crm.operations import catalogue as operations
from crm.queries.catalogue import offers as queries
from crm.queries.catalogue import plans as plan_queries
from crm.queries.catalogue import words
from crm.views.catalogue.asking import address, edit, number, one, sent, text
from crm.views.doors import door, go, is_sent, page, show_form, staff_of
from tariffs import operations as tariffs_operations
from tariffs.models import Allowance, MoveRule, Plan
from tariffs.operations import editing


@require_GET
@door("see_catalogue")
def package_list(request: HttpRequest) -> HttpResponse:
    """List packages with their versions."""
    rows = queries.list_packages(on=timezone.localdate())
    return page(request, "crm/catalogue/packages.html", {"rows": rows, "section": "packages"})


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def new_package(request: HttpRequest) -> HttpResponse:
    """Create a package with a first draft."""
    form = forms.NewPackageForm(sent(request))
    if is_sent(request, form):
        data = form.cleaned_data
        names = ("code", "name_ru", "name_en")
        created = tariffs_operations.create_package(**{name: data[name] for name in names})
        tariffs_operations.draft_package_version(
            package=created, fee=data["fee"], on_sale_from=data["on_sale_from"]
        )
        return go(request, "crm:catalogue-packages")
    back = address("packages")
    return show_form(request, form, title=_("New package"), back=back, send=_("Create"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def copy_package(request: HttpRequest, version_id: int) -> HttpResponse:
    """Draft the next version of a package."""
    one(queries.find_package_version(version_id))
    tomorrow = timezone.localdate() + timedelta(days=1)
    form = DayForm(sent(request), initial={"day": tomorrow}, label=_("On sale from"))

    def act() -> str:
        drafted = editing.copy_package_version(
            version_id=version_id, on_sale_from=form.cleaned_data["day"]
        )
        return _("Version %(number)s is drafted.") % {"number": drafted.number}

    title = _("New version")
    return edit(request, form, act, back=address("packages"), title=title, send=_("Draft"), grid="")


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_package(request: HttpRequest, version_id: int) -> HttpResponse:
    """Edit the terms of a draft of a package."""
    found = one(queries.find_package_version(version_id))
    form = forms.PackageVersionForm(sent(request), instance=found)

    def act() -> str:
        editing.save_draft(version=form.save(commit=False))
        return _("The terms are saved.")

    return edit(request, form, act, back=address("packages"), title=_("Terms"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def package_allowance(
    request: HttpRequest, version_id: int, allowance_id: int | None = None
) -> HttpResponse:
    """Add an included volume to a draft of a package, or change one."""
    found = one(queries.find_package_version(version_id))
    row = Allowance(package_version=found)
    if allowance_id is not None:
        row = one(found.allowances.filter(pk=allowance_id).first())
    form = AllowanceForm(sent(request), instance=row)

    def act() -> str:
        editing.save_part(version=found, row=form.save(commit=False))
        return _("What is included is saved.")

    return edit(request, form, act, back=address("packages"), title=_("Included volume"))


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def publish_package(request: HttpRequest, version_id: int) -> HttpResponse:
    """Publish a draft of a package."""
    found = one(queries.find_package_version(version_id))
    form = SureForm(sent(request))

    def act() -> str:
        operations.publish_package(
            version_id=version_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The version is published.")

    return edit(
        request,
        form,
        act,
        back=address("packages"),
        title=_("Publish “%(name)s”") % {"name": words.name_of(found.package)},
        refusals=(tariffs_operations.UnableToPublishPackage,),
        send=_("Publish"),
        lede=_("A published version never changes: what was wrong is put right by the next one."),
        grid="",
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def close_package(request: HttpRequest, version_id: int) -> HttpResponse:
    """Stop selling a version of a package."""
    one(queries.find_package_version(version_id))
    return _close(request, version_id, close=operations.close_package, back=address("packages"))


@require_GET
@door("see_catalogue")
def bundle_list(request: HttpRequest) -> HttpResponse:
    """List bundles with their versions."""
    rows = queries.list_bundles(on=timezone.localdate())
    return page(request, "crm/catalogue/bundles.html", {"rows": rows, "section": "bundles"})


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def new_bundle(request: HttpRequest) -> HttpResponse:
    """Create a bundle with a first draft."""
    form = forms.NewBundleForm(sent(request))

    def act() -> str:
        data = form.cleaned_data
        names = ("code", "name_ru", "name_en")
        operations.draft_bundle(
            names={name: data[name] for name in names},
            on_sale_from=data["on_sale_from"],
            parts=data["parts"],
            price=data["price"],
        )
        return _("The bundle is drafted.")

    return edit(
        request,
        form,
        act,
        back=address("bundles"),
        title=_("New bundle"),
        refusals=(ValidationError,),
        send=_("Create"),
        grid="",
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def publish_bundle(request: HttpRequest, version_id: int) -> HttpResponse:
    """Publish a draft of a bundle."""
    found = one(queries.find_bundle_version(version_id))
    form = SureForm(sent(request))

    def act() -> str:
        operations.publish_bundle(
            version_id=version_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The version is published.")

    return edit(
        request,
        form,
        act,
        back=address("bundles"),
        title=_("Publish “%(name)s”") % {"name": words.name_of(found.bundle)},
        refusals=(tariffs_operations.UnableToPublishBundle,),
        send=_("Publish"),
        lede=_("A published version never changes: what was wrong is put right by the next one."),
        grid="",
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def close_bundle(request: HttpRequest, version_id: int) -> HttpResponse:
    """Stop selling a bundle."""
    one(queries.find_bundle_version(version_id))
    return _close(request, version_id, close=operations.close_bundle, back=address("bundles"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def discard(request: HttpRequest, what: str, version_id: int) -> HttpResponse:
    """Delete a draft of a package or bundle."""
    find = {"package": queries.find_package_version, "bundle": queries.find_bundle_version}[what]
    found = one(find(version_id))
    form = SureForm(sent(request))

    def act() -> str:
        editing.discard_draft(version=found)
        return _("The draft is deleted.")

    title = _("Delete the draft")
    return edit(
        request,
        form,
        act,
        back=address(f"{what}s"),
        title=title,
        send=title,
        is_grave=True,
        grid="",
    )


@require_GET
@door("see_catalogue")
def moves(request: HttpRequest) -> HttpResponse:
    """Show the move matrix of a service."""
    asked = text(request, "service")
    service = asked if asked in Plan.Service.values else Plan.Service.MOBILE.value
    context = {
        "matrix": queries.draw_matrix(service),
        "service": service,
        "services": Plan.Service.choices,
        "default": queries.default_words(),
        "section": "moves",
    }
    return page(request, "crm/catalogue/moves.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_move(request: HttpRequest) -> HttpResponse:
    """Write the rule for a pair of plans."""
    sides = number(request, "from"), number(request, "to")
    present = queries.find_move(*sides)
    blank = MoveRule(from_plan_id=sides[0] or None, to_plan_id=sides[1] or None)
    form = forms.MoveForm(sent(request), instance=present or blank)

    def act() -> str:
        tariffs_operations.set_move_rule(**form.cleaned_data)
        return _("The rule is saved.")

    title = _("Rule of moves")
    return edit(
        request,
        form,
        act,
        back=address("moves"),
        title=title,
        refusals=(ValidationError,),
    )


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def remove_move(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Take a rule away."""
    form = SureForm(sent(request))

    def act() -> str:
        tariffs_operations.remove_move_rule(rule_id=rule_id)
        return _("The rule is taken away.")

    title = _("Take the rule away")
    return edit(
        request, form, act, back=address("moves"), title=title, send=title, is_grave=True, grid=""
    )


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_whom(request: HttpRequest, version_id: int) -> HttpResponse:
    """Say to whom a draft of a plan is sold."""
    found = one(plan_queries.find_version(version_id))
    form = forms.WhomForm(sent(request), instance=found)

    def act() -> str:
        editing.save_draft(version=form.save(commit=False))
        return _("The terms are saved.")

    back = address("plan-version", version_id)
    return edit(request, form, act, back=back, title=_("To whom it is sold"), grid="")


def _close(
    request: HttpRequest, version_id: int, *, close: operations.Closing, back: str
) -> HttpResponse:
    form = DayForm(
        sent(request),
        initial={"day": timezone.localdate()},
        label=_("Not sold from"),
        help_text=_("Those who have it keep it."),
    )

    def act() -> str:
        close(
            version_id=version_id,
            closed_on=form.cleaned_data["day"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The version is closed for sale.")

    return edit(
        request,
        form,
        act,
        back=back,
        title=_("Close for sale"),
        refusals=(tariffs_operations.UnableToCloseOffer,),
        send=_("Close"),
        is_grave=True,
        grid="",
    )
