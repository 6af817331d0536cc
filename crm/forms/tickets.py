"""
Tickets: what people type.
"""

from django import forms
from django.utils.translation import gettext_lazy as _


class TicketForm(forms.Form):
    """What it is about."""

    subject = forms.CharField(label=_("Subject"), max_length=160)
    text = forms.CharField(
        label=_("Message"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
