"""Suspended records."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RecycleForm(forms.Form):
    """The record as the switch wrote it, to be corrected where it is wrong."""

    corrected = forms.CharField(
        label=_("Record"),
        strip=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
        help_text=_("Leave it as it is if something else was mended: a plan, a zone, a number."),
    )


class WriteOffForm(forms.Form):
    """Why it will never be charged."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
