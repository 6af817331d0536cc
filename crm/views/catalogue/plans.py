"""
Plans: the lists, a plan's versions, drafting, editing, publishing, closing, archiving.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from django.db import models
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.forms.catalogue import plans as forms
from crm.operations import catalogue as operations
from crm.queries.catalogue import plans as queries
from crm.queries.catalogue import words
from crm.views.catalogue.asking import sent
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from tariffs import operations as tariffs_operations
from tariffs.models import Allowance, Plan, PlanVersion
from tariffs.operations import editing

Row = TypeVar("Row", bound=models.Model)
EDIT = (editing.UnableToEdit,)


@require_GET
@door("see_catalogue")
def plan_list(request: HttpRequest) -> HttpResponse:
    """List plans: on sale, drafts, archived."""
    today = timezone.localdate()
    asked = request.GET.get("shown", queries.ON_SALE)
    lists = (queries.ON_SALE, queries.DRAFTS, queries.ARCHIVED)
    chosen = queries.PlanFilter(
        shown=asked if asked in lists else queries.ON_SALE,
        text=request.GET.get("text", "").replace("\0", "").strip(),
        service=request.GET.get("service", ""),
        audience=request.GET.get("audience", ""),
        after=request.GET.get("after", "").replace("\0", ""),
    )
    rows = queries.list_plans(chosen=chosen, on=today)
    context = {
        "rows": rows,
        "chosen": chosen,
        "counts": queries.count_plans(on=today),
        "services": Plan.Service.choices,
        "audiences": Plan.Audience.choices,
        "next": rows[-1].plan.code if len(rows) == queries.PAGE else "",
        "section": "plans",
    }
    return page(request, "crm/catalogue/plans.html", context)


@require_GET
@door("see_catalogue")
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Show a plan with its versions as a time line."""
    found = _plan(plan_id)
    versions = queries.list_versions(plan_id, on=timezone.localdate())
    context = {"plan": found, "versions": versions, "section": "plans"}
    return page(request, "crm/catalogue/plan.html", context)


@require_GET
@door("see_catalogue")
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show a version: its terms, allowances and decks, to be edited while it is a draft."""
    found = _version(version_id)
    zones = queries.zone_names([found])
    context = {
        "version": found,
        "plan": found.plan,
        "state": queries.state_of(found, timezone.localdate()),
        "terms": queries.describe(found, zones=zones),
        "changes": queries.compare_with_previous(found),
        "subscribers": queries.count_subscribers([version_id]).get(version_id, 0),
        "allowances": [
            (row, words.KINDS[row.usage_kind], words.volume(row), words.where(row, zones))
            for row in sorted(
                found.allowances.all(), key=lambda row: (row.usage_kind, -row.priority, row.pk)
            )
        ],
        "decks": sorted(found.decks.all(), key=lambda row: row.usage_kind),
        "section": "plans",
    }
    return page(request, "crm/catalogue/plan_version.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def new_plan(request: HttpRequest) -> HttpResponse:
    """Create a plan with a first draft."""
    form = forms.NewPlanForm(sent(request))
    back = reverse("crm:catalogue-plans")
    if is_sent(request, form):
        data = form.cleaned_data
        names = ("code", "name_ru", "name_en", "service", "account_kind", "audience")
        created = tariffs_operations.create_plan(**{name: data[name] for name in names})
        drafted = tariffs_operations.draft_plan_version(
            plan=created, fee=data["fee"], on_sale_from=data["on_sale_from"]
        )
        return go(request, "crm:catalogue-plan-version", drafted.pk)
    return show_form(request, form, title=_("New plan"), back=back, send=_("Create"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def rename_plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Change a plan's names and audience."""
    found = _plan(plan_id)
    form = forms.RenamePlanForm(sent(request), instance=found)
    if is_sent(request, form):
        form.save()
        return go(request, "crm:catalogue-plan", plan_id)
    return show_form(request, form, title=_("Names of the plan"), back=_at("plan", plan_id))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def draft_version(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Draft the next version, with everything the last one has."""
    found = _plan(plan_id)
    last = found.versions.order_by("-number").first()
    tomorrow = timezone.localdate() + timedelta(days=1)
    form = forms.DayForm(
        sent(request),
        initial={"day": tomorrow},
        label=_("On sale from"),
        help_text=_("The draft begins with all that the last version has."),
    )
    made: list[PlanVersion] = []

    def act() -> str:
        day = form.cleaned_data["day"]
        if last is None:
            drafted = tariffs_operations.draft_plan_version(
                plan=found, fee=Decimal(0), on_sale_from=day
            )
        else:
            drafted = editing.copy_plan_version(version_id=last.pk, on_sale_from=day)
        made.append(drafted)
        return _("Version %(number)s is drafted.") % {"number": drafted.number}

    if is_sent(request, form) and carry_out(request, form, act, refusals=EDIT):
        return go(request, "crm:catalogue-plan-version", made[0].pk)
    title = _("New version of “%(name)s”") % {"name": words.name_of(found)}
    return show_form(request, form, title=title, back=_at("plan", plan_id), send=_("Draft"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Edit the terms of a draft."""
    found = _version(version_id)
    form = forms.VersionForm(sent(request), instance=found)

    def act() -> str:
        editing.save_draft(version=form.save(commit=False))
        return _("The terms are saved.")

    return _edit(request, form, act, version=found, title=_("Terms"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_decks(request: HttpRequest, version_id: int) -> HttpResponse:
    """Choose the decks of a draft."""
    found = _version(version_id)
    form = forms.PlanDecksForm(sent(request), version=found)

    def act() -> str:
        editing.set_plan_decks(version=found, decks=form.cleaned_data)
        return _("The decks are chosen.")

    return _edit(request, form, act, version=found, title=_("Prices of usage"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def edit_allowance(
    request: HttpRequest, version_id: int, allowance_id: int | None = None
) -> HttpResponse:
    """Add an included volume to a draft, or change one."""
    found = _version(version_id)
    row = Allowance(plan_version=found)
    if allowance_id is not None:
        row = _part(found.allowances.filter(pk=allowance_id))
    form = forms.AllowanceForm(sent(request), instance=row)

    def act() -> str:
        editing.save_part(version=found, row=form.save(commit=False))
        return _("What is included is saved.")

    return _edit(request, form, act, version=found, title=_("Included volume"))


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def remove_allowance(request: HttpRequest, version_id: int, allowance_id: int) -> HttpResponse:
    """Take an included volume out of a draft."""
    found = _version(version_id)
    row: Allowance = _part(found.allowances.filter(pk=allowance_id))
    form = forms.SureForm(sent(request))

    def act() -> str:
        editing.remove_part(version=found, row=row)
        return _("It is taken out.")

    title = _("Take out: %(what)s") % {"what": words.volume(row)}
    return _edit(request, form, act, version=found, title=title, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def discard(request: HttpRequest, version_id: int) -> HttpResponse:
    """Delete a draft."""
    found = _version(version_id)
    form = forms.SureForm(sent(request))

    def act() -> str:
        editing.discard_draft(version=found)
        return _("The draft is deleted.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=EDIT):
        return go(request, "crm:catalogue-plan", found.plan_id)
    back = _at("plan-version", version_id)
    title = _("Delete the draft")
    return show_form(request, form, title=title, back=back, send=title, is_grave=True)


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def publish(request: HttpRequest, version_id: int) -> HttpResponse:
    """Publish a draft, after a look at what it changes and whom it concerns."""
    found = _version(version_id)
    form = forms.SureForm(sent(request))

    def act() -> str:
        operations.publish_plan(
            version_id=version_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The version is published.")

    refusals = (tariffs_operations.UnableToPublishPlan,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:catalogue-plan-version", version_id)
    previous = [row.pk for row in found.plan.versions.exclude(pk=version_id)]
    return show_form(
        request,
        form,
        title=_("Publish version %(number)s") % {"number": found.number},
        back=_at("plan-version", version_id),
        send=_("Publish"),
        outcome="crm/catalogue/publish_plan.html",
        version=found,
        changes=queries.compare_with_previous(found),
        concerned=sum(queries.count_subscribers(previous).values()),
        lede=_("A published version never changes: what was wrong is put right by the next one."),
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def close(request: HttpRequest, version_id: int) -> HttpResponse:
    """Stop selling a version."""
    found = _version(version_id)
    form = forms.DayForm(
        sent(request),
        initial={"day": timezone.localdate()},
        label=_("Not sold from"),
        help_text=_("Those who have it keep it."),
    )

    def act() -> str:
        operations.close_plan(
            version_id=version_id,
            closed_on=form.cleaned_data["day"],
            now=timezone.now(),
            actor=staff_of(request).actor,
        )
        return _("The version is closed for sale.")

    refusals = (tariffs_operations.UnableToClosePlanVersion,)
    if is_sent(request, form) and carry_out(request, form, act, refusals=refusals):
        return go(request, "crm:catalogue-plan", found.plan_id)
    back = _at("plan-version", version_id)
    return show_form(
        request, form, title=_("Close for sale"), back=back, send=_("Close"), is_grave=True
    )


@require_http_methods(["GET", "POST"])
@door("publish_catalogue")
def archive(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Take a plan off sale as a whole."""
    found = _plan(plan_id)
    form = forms.SureForm(sent(request))

    def act() -> str:
        operations.archive_plan(plan_id=plan_id, now=timezone.now(), actor=staff_of(request).actor)
        return _("The plan is archived.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=EDIT):
        return go(request, "crm:catalogue-plan", plan_id)
    counts = queries.count_subscribers([row.pk for row in found.versions.all()])
    return show_form(
        request,
        form,
        title=_("Archive “%(name)s”") % {"name": words.name_of(found)},
        back=_at("plan", plan_id),
        send=_("Archive"),
        lede=_("It is no longer sold. %(services)s services keep it.")
        % {"services": sum(counts.values())},
        is_grave=True,
    )


def _edit(
    request: HttpRequest,
    form: BaseForm,
    act: Callable[[], str],
    *,
    version: PlanVersion,
    title: str,
    is_grave: bool = False,
) -> HttpResponse:
    """Show a form of a draft and carry it out, then back to the version."""
    if is_sent(request, form) and carry_out(request, form, act, refusals=EDIT):
        return go(request, "crm:catalogue-plan-version", version.pk)
    back = _at("plan-version", version.pk)
    send = _("Take out") if is_grave else _("Save")
    return show_form(
        request, form, title=title, back=back, send=send, is_grave=is_grave, grid="grid"
    )


def _at(name: str, pk: int) -> str:
    return reverse(f"crm:catalogue-{name}", args=[pk])


def _plan(plan_id: int) -> Plan:
    found = queries.find_plan(plan_id)
    if found is None:
        raise Http404
    return found


def _version(version_id: int) -> PlanVersion:
    found = queries.find_version(version_id)
    if found is None:
        raise Http404
    return found


def _part(rows: "models.QuerySet[Row]") -> Row:
    found = rows.first()
    if found is None:
        raise Http404
    return found
