"""
Packages, bundles and pauses agreed on the card: what was shown travels with the form.
"""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SeenForm(forms.Form):
    """`seen` is the quote that was shown before."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def agreed(self) -> dict[str, Any]:
        """Return the quote as it was shown; what can't be read agrees with nothing."""
        try:
            agreed = json.loads(self.cleaned_data["seen"])
        except ValueError:
            return {}
        return agreed if isinstance(agreed, dict) else {}


class PauseForm(SeenForm):
    """From when to when a service is paused."""

    starts_on = forms.DateField(
        label=_("From which day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: at once."),
    )
    until = forms.DateField(
        label=_("The service works again from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: until it is ended."),
    )

    def days(self) -> dict[str, Any]:
        """Return from when to when, as the operation takes it."""
        return {key: self.cleaned_data[key] for key in ("starts_on", "until")}


def with_seen(form: SeenForm, quote: Any) -> SeenForm:
    """Return the form with a quote in it, to be agreed on; the faults that it had stay."""
    faults = dict(form.errors) if form.is_bound else {}
    again = type(form)({"seen": json.dumps(quote.as_json())})
    again.is_valid()
    for words in faults.values():
        again.add_error(None, list(words))
    return again
