"""
Outages: recorded, looked at, approved; rules of what is given for them.
"""

import secrets
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Subscription
from crm.forms import bill_runs as forms
from crm.forms.money import DecisionForm
from crm.queries import staff as staff_queries
from crm.queries.history.words import money as written
from crm.views.doors import carry_out, door, go, is_sent, page, show_form, staff_of
from crm.views.suspense import number
from invoicing.models import Outage
from invoicing.operations import compensation as operations
from invoicing.operations.compensation import OutageRecord, UnableToCompensate
from invoicing.queries import compensation as queries


@require_GET
@door("compensate")
def outage_list(request: HttpRequest) -> HttpResponse:
    """Outages, newest first, and the rules in use."""
    found = queries.list_outages(before=number(request, "before") or 0)
    context = {
        "outages": found,
        "rules": queries.list_rules(),
        "next": found[-1].pk if len(found) == 50 else None,
    }
    return page(request, "crm/outages.html", context)


@require_http_methods(["GET", "POST"])
@door("compensate")
def new_rule(request: HttpRequest) -> HttpResponse:
    """Write a rule."""
    form = forms.RuleForm(request.POST or None)

    def act() -> str:
        operations.save_rule(**form.cleaned_data)
        return _("The rule is saved.")

    back = reverse("crm:outages")
    if is_sent(request, form) and carry_out(request, form, act, refusals=(UnableToCompensate,)):
        return go(request, back)
    return show_form(request, form, title=_("Rule of compensation"), back=back)


@require_http_methods(["GET", "POST"])
@door("compensate")
def new_outage(request: HttpRequest) -> HttpResponse:
    """Record an outage; nothing is given before it is approved."""
    is_english = (get_language() or "ru").startswith("en")
    rules = [
        (each.pk, each.name_en if is_english else each.name_ru) for each in queries.list_rules()
    ]
    form = forms.OutageForm(
        request.POST or None,
        rules=rules,
        services=Subscription.Service.choices,
        initial={"request_id": secrets.token_hex(16)},
    )
    made: list[Outage] = []

    def act() -> str:
        values = {key: form.cleaned_data[key] for key in ("title_ru", "title_en", "started_at")}
        record = OutageRecord(
            **values,
            ended_at=form.cleaned_data["ended_at"],
            selection=form.selection,
            rule_id=form.cleaned_data["rule_id"],
            request_id=form.cleaned_data["request_id"],
        )
        made.append(
            operations.record_outage(
                record=record, now=timezone.now(), actor=staff_of(request).actor
            )
        )
        return _("The outage is recorded.")

    if is_sent(request, form) and carry_out(request, form, act, refusals=(UnableToCompensate,)):
        return go(request, "crm:outage", made[0].pk)
    lede = "" if rules else _("Write a rule of compensation first.")
    back = reverse("crm:outages")
    return show_form(
        request, form, title=_("Outage"), back=back, lede=lede, is_impossible=not rules
    )


@require_GET
@door("compensate")
def outage(request: HttpRequest, outage_id: int) -> HttpResponse:
    """One outage: what it costs, whom it touched."""
    found = _outage(outage_id)
    names = staff_queries.names_of({found.recorded_by, found.approved_by})
    context = {
        "outage": found,
        "preview": queries.preview(found),
        "touched": _touched(found),
        "given": found.compensations.count(),
        "recorded_by": names.get(found.recorded_by, found.recorded_by),
        "approved_by": names.get(found.approved_by, found.approved_by),
    }
    return page(request, "crm/outage.html", context)


def _touched(outage: Outage) -> list[str]:
    """Return in words what narrows it: the service, the region, the address."""
    named = {key: str(outage.selection.get(key) or "") for key in ("service", "region", "address")}
    if named["service"]:
        named["service"] = str(Subscription.Service(named["service"]).label)
    return [words for words in named.values() if words]


@require_http_methods(["GET", "POST"])
@door("compensate")
def approve(request: HttpRequest, outage_id: int) -> HttpResponse:
    """Let it be given; a task does it."""
    found = _outage(outage_id)
    cost = written(queries.preview(found).amount, "RUB")

    def act() -> str:
        now = timezone.now()
        user = staff_of(request)
        operations.approve_outage(
            outage_id=outage_id,
            limit=staff_queries.adjustment_limit(user),
            business_date=timezone.localdate(now),
            now=now,
            actor=user.actor,
        )
        return _("Compensation is being given.")

    lede = _("It costs %(sum)s in all.") % {"sum": cost}
    return _decide(request, outage_id, act, title=_("Give compensation"), lede=lede)


@require_http_methods(["GET", "POST"])
@door("compensate")
def cancel(request: HttpRequest, outage_id: int) -> HttpResponse:
    """Give nothing for it."""
    _outage(outage_id)

    def act() -> str:
        operations.cancel_outage(
            outage_id=outage_id, now=timezone.now(), actor=staff_of(request).actor
        )
        return _("Nothing is given for it.")

    return _decide(request, outage_id, act, title=_("Give nothing"), lede="")


def _decide(
    request: HttpRequest, outage_id: int, act: Callable[[], str], *, title: str, lede: str
) -> HttpResponse:
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if is_sent(request, form) and carry_out(request, form, act, refusals=(UnableToCompensate,)):
        return go(request, "crm:outage", outage_id)
    back = reverse("crm:outage", args=[outage_id])
    return show_form(request, form, title=title, back=back, send=title, lede=lede)


def _outage(outage_id: int) -> Outage:
    found: Outage | None = Outage.objects.filter(pk=outage_id).first()
    if found is None:
        raise Http404
    return found
