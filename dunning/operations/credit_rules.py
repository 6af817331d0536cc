"""
Rules of the promised payment and credit classes as staff write them; who wrote what is kept.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import CreditClass
from accounts.operations import credit
from accounts.queries.credit import list_classes
from dunning.models import CreditRuleChange, PromiseRule
from dunning.operations.deciding import mend_floors

#: Greater than any account's id.
LAST_ACCOUNT: Final = 2**62
What = CreditRuleChange.What


class UnableToWriteRule(Exception):
    """The rule makes no sense; `field` names what was typed wrongly."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def save_promise_rule(*, rule: PromiseRule, now: datetime, actor: str) -> PromiseRule:
    """
    Write a rule, new or changed; promises given by it before stay as they are.

    A rule is never deleted, only not offered any more. Raises UnableToWriteRule.
    """
    _check(rule)
    before = _before(PromiseRule, rule.pk)
    rule.save()
    _note(What.PROMISE_RULE, before=before, after=rule, now=now, actor=actor)
    return rule


def save_credit_class(*, credit_class: CreditClass, now: datetime, actor: str) -> CreditClass:
    """
    Write a credit class, new or changed; limits chosen before stay until they are chosen anew.

    Where the cap of disputes changed, floors and access follow, at once or, if this is cut short,
    by the next audit. Outside a transaction of the caller's. Raises UnableToChangeCredit.
    """
    with transaction.atomic():
        before = _before(CreditClass, credit_class.pk)
        credit.save_class(credit_class)
        _note(What.CREDIT_CLASS, before=before, after=credit_class, now=now, actor=actor)
    if before is not None and before.dispute_cap != credit_class.dispute_cap:
        mend_floors(account_from=0, account_to=LAST_ACCOUNT, now=now, actor=actor)
    return credit_class


def _check(rule: PromiseRule) -> None:
    wrong = {
        "days": (rule.days < 1, _("A promise has a day or more.")),
        "price": (
            rule.price >= rule.max_amount,
            _("The price has to be less than the amount."),
        ),
        "valid_to": (
            bool(rule.valid_from and rule.valid_to and rule.valid_to <= rule.valid_from),
            _("The rule would never be offered."),
        ),
        "times_days": (rule.times > 0 and rule.times_days < 1, _("It takes a day or more.")),
        "history_days": (
            bool(rule.min_payments or rule.min_paid) and rule.history_days < 1,
            _("It takes a day or more."),
        ),
        "max_debt": (
            rule.max_debt is not None and rule.max_debt < rule.min_debt,
            _("No debt is both at least and at most that."),
        ),
        "credit_classes": (
            not set(rule.credit_classes) <= {each.code for each in list_classes()},
            _("There is no such credit class."),
        ),
    }
    for field, (is_wrong, message) in wrong.items():
        if is_wrong:
            raise UnableToWriteRule(message, field=field)


def _before(model: type[Any], pk: int | None) -> Any:
    """Lock the row as it stands, so that two who edit it follow each other; None for a new one."""
    if pk is None:
        return None
    return model.objects.select_for_update(no_key=True).get(pk=pk)


def _note(
    what: CreditRuleChange.What,
    *,
    before: models.Model | None,
    after: models.Model,
    now: datetime,
    actor: str,
) -> None:
    old = _told(before) if before is not None else {}
    # As the database keeps it: 500 typed is 500.00 written.
    after.refresh_from_db()
    changes = {
        name: [old.get(name), value]
        for name, value in _told(after).items()
        if old.get(name) != value
    }
    if changes:
        CreditRuleChange.objects.create(
            what=what, object_id=after.pk, changes=changes, changed_at=now, actor=actor
        )


def _told(row: models.Model) -> dict[str, str]:
    """Return the columns as text, the id left out."""
    fields: Iterable[models.Field[Any, Any]] = row._meta.fields
    return {
        field.name: _text(field.to_python(getattr(row, field.attname)))
        for field in fields
        if not field.primary_key
    }


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
