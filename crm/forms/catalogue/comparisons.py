"""
Which two versions are compared, over which month.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tariffs.models import PlanVersion, RateDeckVersion

Versions = Sequence[tuple[PlanVersion | RateDeckVersion, str]]


class CompareForm(forms.Form):
    """The old version (it has usage), the new one (mostly a draft), and a whole month."""

    old_version = forms.TypedChoiceField(
        label=gettext_lazy("In the place of"),
        coerce=int,
        help_text=gettext_lazy("The published version that was used in the month."),
    )
    new_version = forms.TypedChoiceField(label=gettext_lazy("This version"), coerce=int)
    month = forms.ChoiceField(label=gettext_lazy("Over the usage of"))

    def __init__(
        self, *args: Any, versions: Versions, months: Sequence[date], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        published = [(row.pk, label) for row, label in versions if row.published_at]
        everything = [
            (row.pk, label if row.published_at else _("%(label)s — draft") % {"label": label})
            for row, label in versions
        ]
        self.fields["old_version"].choices = published  # type: ignore[attr-defined]
        self.fields["new_version"].choices = everything  # type: ignore[attr-defined]
        self.fields["month"].choices = [  # type: ignore[attr-defined]
            (month.isoformat(), f"{MONTHS[month.month]} {month.year}") for month in months
        ]

    def first(self) -> date:
        """Return the month's first day; only after is_valid()."""
        return date.fromisoformat(self.cleaned_data["month"])
