"""
What reports of bills are asked for: month, legal entity.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, LegalEntity


class DebtForm(forms.Form):
    """Whose debt."""

    kind = forms.ChoiceField(
        label=_("Whose"), required=False, choices=[("", _("All")), *Customer.Kind.choices]
    )


class RegisterForm(forms.Form):
    """A month of a legal entity."""

    month = forms.CharField(label=_("Month"), widget=forms.DateInput(attrs={"type": "month"}))
    entity = forms.ChoiceField(label=_("Legal entity"))
    companies_only = forms.BooleanField(label=_("Companies only"), required=False)

    def __init__(self, *args: Any, entities: Sequence[LegalEntity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(entity.pk), entity.name) for entity in entities]
        self.fields["entity"].choices = choices  # type: ignore[attr-defined]

    def clean_month(self) -> date:
        """The first day of the month, as browsers send it: 2026-11."""
        try:
            return datetime.strptime(self.cleaned_data["month"], "%Y-%m").date()  # noqa: DTZ007
        except ValueError:
            raise forms.ValidationError(_("Write the month as 2026-11.")) from None
