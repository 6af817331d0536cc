"""
Rules of the promised payment and credit classes in words; who wrote what.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import BooleanField, DecimalField, Field
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Account, CreditClass, Customer
from accounts.queries.credit import list_classes
from crm.queries.history.words import money, written_day
from crm.queries.staff import names_of
from dunning.domain.promises import concerns
from dunning.models import CreditRuleChange, PromiseRule
from dunning.queries.limits import count_by_class
from dunning.queries.promise_rules import list_promise_rules, list_rule_changes, to_rule

CURRENCY: Final = "RUB"
MODELS: Final[Mapping[str, type[PromiseRule | CreditClass]]] = {
    CreditRuleChange.What.PROMISE_RULE: PromiseRule,
    CreditRuleChange.What.CREDIT_CLASS: CreditClass,
}


@dataclass(frozen=True, slots=True)
class RuleOnPage:
    """A rule with its state (offered, off, later, over) and what it says, in words."""

    rule: PromiseRule
    state: str
    whom: tuple[str, ...]
    offer: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassOnPage:
    """A credit class with how many open accounts are of it."""

    credit_class: CreditClass
    accounts: int


@dataclass(frozen=True, slots=True)
class ChangeOnPage:
    """Who wrote a rule or class, when, and what became what: (field, before, after)."""

    what: str
    name: str
    at: datetime
    actor: str
    is_new: bool
    changes: tuple[tuple[str, str, str], ...]


def find_rule(rule_id: int) -> PromiseRule | None:
    """Return the rule, or None."""
    return PromiseRule.objects.filter(pk=rule_id).first()


def find_class(class_id: int) -> CreditClass | None:
    """Return the class, or None."""
    return CreditClass.objects.filter(pk=class_id).first()


def list_rules(*, on: date) -> list[RuleOnPage]:
    """List the rules in their order."""
    names = {each.code: each.name for each in list_classes()}
    return [
        RuleOnPage(
            rule=rule,
            state=_state(rule, on=on),
            whom=tuple(_whom(rule, names)),
            offer=tuple(_offer(rule)),
            conditions=tuple(_conditions(rule)),
        )
        for rule in list_promise_rules()
    ]


def list_classes_on_page() -> list[ClassOnPage]:
    """List the classes in their order."""
    counts = count_by_class()
    return [ClassOnPage(each, counts.get(each.code, 0)) for each in list_classes()]


def list_changes(*, what: str = "", object_id: int = 0, limit: int = 20) -> list[ChangeOnPage]:
    """List who wrote what, newest first."""
    rows = list_rule_changes(what=what, object_id=object_id, limit=limit)
    people = names_of(row.actor for row in rows)
    names = _names(rows)
    return [
        ChangeOnPage(
            what=str(row.get_what_display()),
            name=names.get((row.what, row.object_id), ""),
            at=row.changed_at,
            actor=people.get(row.actor, row.actor),
            is_new=all(before is None for before, _after in row.changes.values()),
            changes=tuple(_changes(row)),
        )
        for row in rows
    ]


def _names(rows: Iterable[CreditRuleChange]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for what, model in MODELS.items():
        ids = {row.object_id for row in rows if row.what == what}
        known = model._default_manager.in_bulk(ids) if ids else {}
        found |= {(str(what), pk): row.name for pk, row in known.items()}
    return found


def _changes(row: CreditRuleChange) -> Iterator[tuple[str, str, str]]:
    model = MODELS[row.what]
    for name, (before, after) in row.changes.items():
        field = model._meta.get_field(name)
        if before is None and after == _default(field):
            continue
        label = str(getattr(field, "verbose_name", name))
        yield label, _value(field, before or ""), _value(field, after)


def _default(field: Any) -> str:
    """Return what a new row has in the field if nobody types anything, as changes are written."""
    default = field.get_default() if isinstance(field, Field) else ""
    if isinstance(field, DecimalField) and default is not None:
        return f"{default:.{field.decimal_places}f}"
    return "" if default in (None, []) else str(default)


def _value(field: Any, value: str) -> str:
    if isinstance(field, BooleanField) and value:
        return _("yes") if value == "True" else _("no")
    if isinstance(field, DecimalField) and value:
        return number_format(Decimal(value), decimal_pos=2, force_grouping=True)
    choices = dict(field.flatchoices) if isinstance(field, Field) else {}
    return str(choices.get(value, value))


def _state(rule: PromiseRule, *, on: date) -> str:
    if not rule.is_active:
        return "off"
    if concerns(to_rule(rule), on=on):
        return "offered"
    return "later" if rule.valid_from and rule.valid_from > on else "over"


def _whom(rule: PromiseRule, names: Mapping[str, str]) -> Iterator[str]:
    kinds = dict(Customer.Kind.choices)
    yield from (str(kinds.get(each, each)) for each in rule.customer_kinds)
    kinds = dict(Account.Kind.choices)
    yield from (str(kinds.get(each, each)) for each in rule.account_kinds)
    yield from (names.get(code, code) for code in rule.credit_classes)
    yield from rule.regions


def _offer(rule: PromiseRule) -> Iterator[str]:
    most = money(rule.max_amount, CURRENCY)
    yield {
        "up_to": _("up to %(most)s"),
        "fixed": _("%(most)s"),
        "missing": _("what is missing, up to %(most)s"),
        "fee_share": _("%(percent)s%% of the monthly fee, up to %(most)s"),
    }[rule.amount_is] % {"most": most, "percent": f"{rule.fee_percent.normalize():f}"}
    yield _("for %(days)s days") % {"days": rule.days}
    yield (
        _("for %(price)s") % {"price": money(rule.price, CURRENCY)}
        if rule.price
        else _("at no price")
    )
    if rule.valid_from:
        yield _("from %(day)s") % {"day": written_day(rule.valid_from)}
    if rule.valid_to:
        yield _("before %(day)s") % {"day": written_day(rule.valid_to)}


def _conditions(rule: PromiseRule) -> Iterator[str]:
    if rule.days_between:
        yield _("%(days)s days after the one before") % {"days": rule.days_between}
    if rule.times and rule.times_in == PromiseRule.TimesIn.MONTH:
        yield _("%(times)s a calendar month at most") % {"times": rule.times}
    elif rule.times:
        yield _("%(times)s in %(days)s days at most") % {
            "times": rule.times,
            "days": rule.times_days,
        }
    yield from _history(rule)
    if rule.min_debt:
        yield _("a debt of %(sum)s or more") % {"sum": money(rule.min_debt, CURRENCY)}
    if rule.max_debt is not None:
        yield _("a debt of at most %(sum)s") % {"sum": money(rule.max_debt, CURRENCY)}


def _history(rule: PromiseRule) -> Iterator[str]:
    if rule.min_months:
        yield _("a subscriber for %(months)s months") % {"months": rule.min_months}
    if rule.min_payments:
        yield _("%(count)s payments in %(days)s days") % {
            "count": rule.min_payments,
            "days": rule.history_days,
        }
    if rule.min_paid:
        yield _("%(sum)s paid in %(days)s days") % {
            "sum": money(rule.min_paid, CURRENCY),
            "days": rule.history_days,
        }
    if rule.unbroken_months:
        yield _("no promise broken in %(months)s months") % {"months": rule.unbroken_months}
    if rule.after_kept:
        yield _("the last one was honoured")
