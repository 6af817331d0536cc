"""
Comparisons: asking for one, watching it, reading what came out.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing_project.kernel.periods import add_months
from crm.forms.catalogue.comparisons import CompareForm
from crm.queries.catalogue import comparisons as queries
from crm.queries.catalogue import deck_versions as version_queries
from crm.queries.catalogue import plans as plan_queries
from crm.views.catalogue.asking import number, one, sent
from crm.views.doors import door, page, staff_of
from rating.models import Comparison
from rating.operations import whatif
from rating.queries import whatif as rating_queries
from tariffs.models import PlanVersion, RateDeckVersion

KINDS = tuple(Comparison.Kind.values)


@require_GET
@door("compare_catalogue")
def comparison_list(request: HttpRequest) -> HttpResponse:
    """List comparisons that were made."""
    rows = queries.list_comparisons(before=number(request, "before") or None)
    context = {
        "rows": rows,
        "next": rows[-1].comparison.pk if len(rows) == queries.PAGE else None,
        "section": "comparisons",
    }
    return page(request, "crm/catalogue/comparisons.html", context)


@require_GET
@door("compare_catalogue")
def comparison(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """Show a comparison: its progress, then its figures."""
    view = one_view(comparison_id)
    template = "crm/catalogue/comparison.html"
    if request.headers.get("HX-Target") == "result":
        template = "crm/catalogue/comparison_result.html"
    return page(request, template, {"view": view, "section": "comparisons"})


@require_http_methods(["GET", "POST"])
@door("compare_catalogue")
def compare(request: HttpRequest) -> HttpResponse:
    """Ask for a comparison; a small one is done at once."""
    kind = request.GET.get("kind", "plan")
    kind = kind if kind in KINDS else "plan"
    new = number(request, "new")
    form = CompareForm(
        sent(request),
        versions=_versions(kind, new),
        months=queries.list_months(timezone.localdate()),
        initial={"new_version": new or None, "old_version": _old(kind, request)},
    )
    if request.method == "POST" and form.is_valid():
        asked = _ask(request, form, kind)
        if asked is not None:
            return redirect("crm:catalogue-comparison", asked.pk)
    context = {"form": form, "kind": kind, "section": "comparisons"}
    return page(request, "crm/catalogue/compare.html", context)


@require_POST
@door("compare_catalogue")
def retry(request: HttpRequest, comparison_id: int) -> HttpResponse:
    """Do a comparison again that failed."""
    one_view(comparison_id)
    whatif.retry_comparison(comparison_id=comparison_id)
    messages.success(request, _("The workers were asked to compare again."))
    return redirect("crm:catalogue-comparison", comparison_id)


def _ask(request: HttpRequest, form: CompareForm, kind: str) -> Comparison | None:
    first, now = form.first(), timezone.now()
    end = add_months(first, 1)
    old_version = form.cleaned_data["old_version"]
    try:
        asked = whatif.request_comparison(
            kind=kind,
            old_version_id=old_version,
            new_version_id=form.cleaned_data["new_version"],
            first=first,
            end=end,
            actor=staff_of(request).actor,
            now=now,
        )
    except whatif.UnableToCompare as refusal:
        form.add_error(refusal.field or None, str(refusal))
        return None
    services = rating_queries.count_month(kind, old_version, first=first, end=end)
    if services <= whatif.FEW_SERVICES:
        whatif.compare_now(comparison_id=asked.pk, worker="crm", now=now)
    return asked


def _versions(kind: str, new: int) -> queries.Versions:
    if kind == Comparison.Kind.PLAN:
        version: PlanVersion | None = plan_queries.find_version(new)
        return queries.list_plan_versions(version.plan.service if version else "")
    deck_version: RateDeckVersion | None = version_queries.find_version(new)
    return queries.list_deck_versions(deck_version.deck.usage_kind if deck_version else "")


def _old(kind: str, request: HttpRequest) -> int | None:
    """Return the version named, else the one published before the new one."""
    asked, new = number(request, "old"), number(request, "new")
    if asked:
        return asked
    if kind == Comparison.Kind.PLAN:
        return plan_queries.find_previous_id(new)
    version = version_queries.find_version(new)
    previous = version_queries.find_previous(version) if version else None
    return previous.pk if previous else None


def one_view(comparison_id: int) -> queries.ComparisonView:
    """Return a comparison, or answer that there is none."""
    return one(queries.find_comparison(comparison_id))
