"""
What is sold besides plans: packages, bundles; rules of moves; to whom anything is sold.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Customer
from crm.forms.catalogue.fields import AmountsForm, DayField, DayInput, WordsField
from crm.queries.catalogue import words
from tariffs.domain.drafts import BundlePartDraft
from tariffs.models import (
    Bundle,
    MoveRule,
    Package,
    PackageVersion,
    Plan,
    PlanVersion,
)


def ticks(label: Any, choices: Iterable[Any], **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        choices=choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        **options,
    )


class WhomForm(forms.ModelForm):  # type: ignore[type-arg]
    """To whom a plan version is sold; nothing chosen = everybody."""

    customer_kinds = ticks(gettext_lazy("Kinds of customers"), Customer.Kind.choices)
    account_kinds = ticks(gettext_lazy("Kinds of accounts"), Account.Kind.choices)
    regions = WordsField(
        label=gettext_lazy("Regions"),
        max_length=2000,
        help_text=gettext_lazy("With commas between; none = all."),
    )
    credit_classes = WordsField(
        label=gettext_lazy("Credit classes"),
        max_length=400,
        help_text=gettext_lazy("With commas between; none = all."),
    )

    class Meta:
        model = PlanVersion
        fields = ("whom", "customer_kinds", "account_kinds", "regions", "credit_classes")


class NewPackageForm(forms.ModelForm):  # type: ignore[type-arg]
    """A package with its first version, a draft."""

    fee = forms.DecimalField(
        label=gettext_lazy("Fee"), max_digits=10, decimal_places=2, min_value=0
    )
    on_sale_from = DayField(label=gettext_lazy("On sale from"))

    class Meta:
        model = Package
        fields = ("code", "name_ru", "name_en")


class PackageVersionForm(AmountsForm):
    """The terms of a draft of a package."""

    services = ticks(
        gettext_lazy("Services it fits"),
        Plan.Service.choices,
        help_text=gettext_lazy("None chosen: any."),
    )

    class Meta:
        model = PackageVersion
        fields = (
            *("fee", "fee_period", "fee_timing", "proration", "gives_back", "validity_days"),
            *("services", "tax_category", "tax_included", "on_sale_from", "whom"),
        )
        widgets = {"on_sale_from": DayInput}


class NewBundleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A bundle with its first version: parts by code, with one price or discounts."""

    price = forms.DecimalField(
        label=gettext_lazy("Price of the whole"),
        max_digits=10,
        decimal_places=2,
        min_value=0,
        required=False,
        help_text=gettext_lazy("Empty: each part has its own discount."),
    )
    on_sale_from = DayField(label=gettext_lazy("On sale from"))
    parts = forms.CharField(
        label=gettext_lazy("Parts"),
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text=gettext_lazy("Codes of plans and packages, one a line; a discount as 10% or 50."),
    )

    class Meta:
        model = Bundle
        fields = ("code", "name_ru", "name_en")

    def clean_parts(self) -> list[BundlePartDraft]:
        """Return the parts; an error names its line."""
        plans = set(Plan.objects.values_list("code", flat=True))
        packages = set(Package.objects.values_list("code", flat=True))
        lines = [line.split() for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        return [
            self._part(number, line, plans=plans, packages=packages)
            for number, line in enumerate(lines, 1)
        ]

    @staticmethod
    def _part(
        number: int, line: list[str], *, plans: set[str], packages: set[str]
    ) -> BundlePartDraft:
        code, *discount = line
        if code not in plans | packages:
            message = _("Line %(number)s: there is no plan or package “%(code)s”.")
            raise forms.ValidationError(message % {"number": number, "code": code})
        percent = amount = Decimal(0)
        try:
            if discount and discount[0].endswith("%"):
                percent = Decimal(discount[0].rstrip("%"))
            elif discount:
                amount = Decimal(discount[0])
        except InvalidOperation:
            message = _("Line %(number)s: a discount is written as 10%% or 50.")
            raise forms.ValidationError(message % {"number": number}) from None
        return BundlePartDraft(
            plan_code=code if code in plans else "",
            package_code="" if code in plans else code,
            discount_percent=percent,
            discount_amount=amount,
        )


class MoveForm(AmountsForm):
    """How a subscriber moves from one plan to another; an empty side = any plan."""

    class Meta:
        model = MoveRule
        fields = (
            *("from_plan", "to_plan", "is_allowed", "fee_up", "fee_down"),
            *("timing", "on_date", "min_days"),
        )
        widgets = {"on_date": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in ("from_plan", "to_plan"):
            field = self.fields[side]
            field.queryset = Plan.objects.filter(is_archived=False).order_by("code")  # type: ignore[attr-defined]
            field.label_from_instance = words.name_of  # type: ignore[attr-defined]
            field.empty_label = _("any plan")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A date is for a move on a date; a plan isn't left for itself."""
        cleaned = super().clean() or {}
        is_dated = cleaned.get("timing") == MoveRule.Timing.ON_DATE
        if is_dated != bool(cleaned.get("on_date")) and "on_date" not in self.errors:
            self.add_error("on_date", _("A date, and only for a move on a date."))
        if cleaned.get("from_plan") and cleaned.get("from_plan") == cleaned.get("to_plan"):
            self.add_error("to_plan", _("Versions of one plan need no rule."))
        self._stand_for_the_pair(cleaned)
        return cleaned

    def _stand_for_the_pair(self, cleaned: dict[str, Any]) -> None:
        """A rule that there is for the pair is the one that is written anew."""
        pair = {side: cleaned.get(side) for side in ("from_plan", "to_plan")}
        known = MoveRule.objects.filter(**pair).first()
        if known:
            self.instance.pk, self.instance._state.adding = known.pk, False
