"""
Rules of the promised payment and credit classes, as staff write them.
"""

from typing import Any, Final

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, CreditClass, Customer
from accounts.queries.credit import list_classes
from crm.forms.catalogue.fields import AmountsForm, DayInput, WordsField
from crm.forms.catalogue.offers import ticks
from dunning.models import PromiseRule

#: What stands together on the page.
GROUPS: Final[tuple[tuple[Promise, tuple[str, ...]], ...]] = (
    (
        _("Rule"),
        ("name_ru", "name_en", "position", "is_active", "valid_from", "valid_to"),
    ),
    (_("Whom it is for"), ("customer_kinds", "account_kinds", "credit_classes", "regions")),
    (_("What is given"), ("amount_is", "max_amount", "fee_percent", "days", "price")),
    (_("How often"), ("days_between", "times", "times_in", "times_days")),
    (
        _("On which conditions"),
        (
            *("min_months", "min_payments", "min_paid", "history_days", "unbroken_months"),
            *("min_debt", "max_debt", "after_kept"),
        ),
    ),
)


class PromiseRuleForm(AmountsForm):
    """A rule of the promised payment; nothing chosen of whom = everybody."""

    customer_kinds = ticks(_("Kinds of customers"), Customer.Kind.choices)
    account_kinds = ticks(_("Kinds of accounts"), Account.Kind.choices)
    credit_classes = ticks(_("Credit classes"), ())
    regions = WordsField(
        label=_("Regions"), max_length=2000, help_text=_("With commas between; none = all.")
    )

    class Meta:
        model = PromiseRule
        fields = tuple(name for _title, names in GROUPS for name in names)
        widgets = {"valid_from": DayInput, "valid_to": DayInput}
        help_texts = {
            "position": _("The first rule that is for the account and whose conditions hold."),
            "valid_to": _("The first day without it."),
            "max_amount": _("The price is a part of it: it is charged at once."),
            "fee_percent": _("Only where the amount is a share of the monthly fee."),
            "days_between": _("0: no matter."),
            "times": _("0: no matter."),
            "times_days": _("Only where times are counted in days."),
            "min_months": _("0: no matter."),
            "min_payments": _("0: no matter."),
            "min_paid": _("0: no matter."),
            "unbroken_months": _("0: no matter."),
            "min_debt": _("The debt is what is below zero beyond the credit limit."),
            "max_debt": _("Empty: no matter."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.code, each.name) for each in list_classes()]
        self.fields["credit_classes"].choices = choices  # type: ignore[attr-defined]

    def groups(self) -> list[tuple[Promise, list[BoundField]]]:
        """Return the fields as they stand together."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS]


class CreditClassForm(AmountsForm):
    """What the accounts of a class may do; the code of a class stays."""

    class Meta:
        model = CreditClass
        fields = (
            *("code", "name_ru", "name_en", "position", "largest_own_limit"),
            *("dispute_cap", "may_promise", "deposit_percent", "is_active"),
        )
        help_texts = {
            "largest_own_limit": _("0: the subscriber chooses none."),
            "dispute_cap": _(
                "So much of open disputes lets money go below zero. Empty: all of it; 0: nothing."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["code"].disabled = True
