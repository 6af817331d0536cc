"""
Credit of an account: its limit, granted or of the subscriber's choice, and its class.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditClass
from crm.forms.money import amount_field


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class OwnLimitForm(forms.Form):
    """The limit the subscriber asks for."""

    limit = amount_field(_("Credit limit"), min_value=Decimal(0))


class GrantLimitForm(OwnLimitForm):
    """The limit the operator grants, whatever the class allows."""

    reason = _reason()


class ClassForm(forms.Form):
    """The class an account is moved to."""

    credit_class = forms.ChoiceField(label=_("Credit class"))
    reason = _reason()

    def __init__(self, *args: Any, classes: list[CreditClass], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.code, each.name) for each in classes]
        self.fields["credit_class"].choices = choices  # type: ignore[attr-defined]
