"""
The billing cycle of an account, and deposits.
"""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import AccountCycle
from crm.forms.ledger import RequestForm, reason_field
from crm.forms.money import amount_field


class CycleForm(forms.Form):
    """On which day cycles begin, and how long they are; `seen` is the offer that was shown."""

    anchor = forms.ChoiceField(label=_("Cycles begin"), choices=AccountCycle.Anchor.choices)
    cycle_day = forms.IntegerField(
        label=_("Cycle day"),
        min_value=1,
        max_value=31,
        help_text=_("In shorter months, their last day. Of no matter for the other ways."),
    )
    months = forms.TypedChoiceField(
        label=_("One cycle is"), choices=[(1, _("one month")), (2, _("two months"))], coerce=int
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class DepositForm(RequestForm):
    """What is taken off the balance and kept."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    reason = reason_field()


class ReturnForm(forms.Form):
    """Why the deposit goes back."""

    reason = reason_field()
