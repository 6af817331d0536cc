"""Closing an online session by hand."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CloseSessionForm(forms.Form):
    """Why it is closed."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
