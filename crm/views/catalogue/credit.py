"""
Rules of the promised payment and credit classes: seen, written, tried on those they are for.
"""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import CreditClass
from crm.forms.catalogue.credit import CreditClassForm, PromiseRuleForm
from crm.queries.catalogue import credit as queries
from crm.views.catalogue.asking import address, edit, one, sent
from crm.views.doors import carry_out, door, go, page, staff_of
from dunning.models import CreditRuleChange, PromiseRule
from dunning.operations import UnableToChangeCredit
from dunning.operations import credit_rules as operations
from dunning.queries import promise_rules as rule_queries


@require_GET
@door("see_catalogue")
def overview(request: HttpRequest) -> HttpResponse:
    """Show the rules, the classes, and who wrote what of late."""
    context = {
        "section": "credit",
        "rules": queries.list_rules(on=timezone.localdate()),
        "classes": queries.list_classes_on_page(),
        "changes": queries.list_changes(),
    }
    return page(request, "crm/catalogue/credit.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def promise_rule(request: HttpRequest, rule_id: int | None = None) -> HttpResponse:
    """Write a rule; «whom does it match» tries it as it is typed, without saving."""
    row = (
        PromiseRule(name_ru="", name_en="") if rule_id is None else one(queries.find_rule(rule_id))
    )
    form = PromiseRuleForm(sent(request), instance=row)
    is_typed = request.method == "POST" and form.is_valid()

    def act() -> str:
        operations.save_promise_rule(
            rule=form.save(commit=False), now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The rule is saved.")

    is_saving = is_typed and "preview" not in request.POST
    if is_saving and carry_out(request, form, act, refusals=(operations.UnableToWriteRule,)):
        return go(request, "crm:catalogue-credit")
    context = {
        "section": "credit",
        "form": form,
        "rule": row,
        "preview": _preview(row, is_shown=is_typed or (rule_id is not None and not form.is_bound)),
        "changes": _changes(row),
    }
    return page(request, "crm/catalogue/promise_rule.html", context)


@require_http_methods(["GET", "POST"])
@door("edit_catalogue")
def credit_class(request: HttpRequest, class_id: int | None = None) -> HttpResponse:
    """Write a credit class."""
    row = CreditClass() if class_id is None else one(queries.find_class(class_id))
    form = CreditClassForm(sent(request), instance=row)

    def act() -> str:
        operations.save_credit_class(
            credit_class=form.save(commit=False), now=timezone.now(), actor=staff_of(request).actor
        )
        return _("The class is saved.")

    title = _("Credit class") if row.pk else _("New credit class")
    refusals = (UnableToChangeCredit,)
    return edit(request, form, act, back=address("credit"), title=title, refusals=refusals)


def _preview(row: PromiseRule, *, is_shown: bool) -> rule_queries.Preview | None:
    return rule_queries.preview(row, now=timezone.now()) if is_shown else None


def _changes(row: PromiseRule) -> list[queries.ChangeOnPage]:
    if row.pk is None:
        return []
    return queries.list_changes(what=CreditRuleChange.What.PROMISE_RULE, object_id=row.pk)
