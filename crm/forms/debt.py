"""
Debt: instalment plans, what a payment is for.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.ledger import RequestForm, day_field, reason_field
from crm.forms.money import amount_field


class InstalmentsForm(RequestForm):
    """A debt in monthly parts."""

    amount = amount_field(_("Debt to pay in parts"), min_value=Decimal("0.01"))
    parts = forms.IntegerField(label=_("Parts"), min_value=1, max_value=60, initial=3)
    first_on = day_field(_("First part until"))
    first = amount_field(
        _("First part"),
        required=False,
        min_value=Decimal("0.01"),
        help_text=_("Empty: all parts alike."),
    )

    def clean(self) -> dict[str, Any]:
        """Leave something for the other parts."""
        cleaned = super().clean() or {}
        first, amount = cleaned.get("first"), cleaned.get("amount")
        if first is not None and amount is not None and first >= amount:
            self.add_error("first", _("The first part is less than the debt."))
        return cleaned


class CancelPlanForm(forms.Form):
    """Why a plan ends."""

    reason = reason_field()


class SplitForm(forms.Form):
    """Which consolidated bill a payment is for."""

    consolidated_id = forms.TypedChoiceField(label=_("Consolidated bill"), coerce=int)

    def __init__(self, *args: Any, papers: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["consolidated_id"]
        if isinstance(field, forms.TypedChoiceField):
            field.choices = papers
