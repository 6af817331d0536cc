"""
Packages of services and prices of companies.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.money import amount_field
from crm.queries import company_prices
from tariffs.models import PlanVersion, RateDeck


class RemovePackageForm(forms.Form):
    """Why the package is taken off."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class _Days(forms.Form):
    """From a day to a day, both included, and why."""

    active_from = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day; empty: until it is ended."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=250, help_text=_("The contract or who agreed to it.")
    )

    def days(self) -> dict[str, Any]:
        """Return the days as the operations take them, the end not included."""
        last = self.cleaned_data["last"]
        return {
            "active_from": self.cleaned_data["active_from"],
            "active_to": last + timedelta(days=1) if last else None,
        }


class CompanyFeeForm(_Days):
    """A fee on a plan version that holds for one company."""

    plan_version = forms.TypedChoiceField(label=_("Plan"), coerce=int)
    fee = amount_field(_("Fee"), min_value=Decimal(0))

    field_order = ("plan_version", "fee", "active_from", "last", "reason")

    def __init__(self, *args: Any, plans: Iterable[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(version.pk, company_prices.version_label(version)) for version in plans]
        self.fields["plan_version"].choices = choices  # type: ignore[attr-defined]


class CompanyDeckForm(_Days):
    """A rate deck that prices a company's usage of its kind in place of the plan's."""

    deck = forms.TypedChoiceField(label=_("Rate deck"), coerce=int)

    field_order = ("deck", "active_from", "last", "reason")

    def __init__(self, *args: Any, decks: Iterable[RateDeck], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decks = {deck.pk: deck for deck in decks}
        choices = [(deck.pk, company_prices.deck_label(deck)) for deck in self.decks.values()]
        self.fields["deck"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen(self) -> RateDeck:
        """The deck chosen; only after is_valid()."""
        return self.decks[self.cleaned_data["deck"]]


class EndPriceForm(forms.Form):
    """The last day on which the price holds."""

    last = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
