"""
Money: payments, adjustments, promises, approvals.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def amount_field(label: Any, **options: Any) -> forms.DecimalField:
    """Return a field for an amount of money, as people type it."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, max_digits=10, decimal_places=2, localize=True, widget=widget, **options
    )


class AdjustForm(forms.Form):
    """Plus gives, minus takes; the reason goes to the ledger."""

    amount = amount_field(_("Amount"), help_text=_("Plus gives to the subscriber, minus takes."))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class ReverseForm(forms.Form):
    """Why the payment is taken back; the reason goes to the ledger."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class PromiseForm(forms.Form):
    """A promised payment on the subscriber's word."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))


class DecisionForm(forms.Form):
    """Nothing to fill in: the button is the decision."""


class PeriodForm(forms.Form):
    """From one business day to another, both included."""

    first = forms.DateField(
        label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
