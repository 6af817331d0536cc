"""
Corrections by hand: debts written off, entries taken back, transfers, holds, bonuses.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Pays
from crm.forms.money import amount_field


def day_field(label: Any, **options: Any) -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **options
    )


def reason_field() -> forms.CharField:
    """Return a field for a reason; it goes to the ledger."""
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=_("Reason"), max_length=200, widget=widget)


class RequestForm(forms.Form):
    """What is sent twice is done once."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class WriteOffForm(RequestForm):
    """A debt, or a part of it."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    reason = reason_field()


class TakeBackForm(forms.Form):
    """Why the entry is taken back."""

    reason = reason_field()


class TransferForm(RequestForm):
    """To another account of the customer."""

    to_account = forms.ModelChoiceField(label=_("To account"), queryset=Account.objects.none())
    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))

    def __init__(self, *args: Any, others: QuerySet[Account], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["to_account"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = others


class HoldForm(RequestForm):
    """Money that stays on the account and can't be spent."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    reason = forms.CharField(label=_("What for"), max_length=200)
    last_day = day_field(_("Held until"), help_text=_("That day included."))


class CaptureForm(RequestForm):
    """What is taken of a hold."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    keeps_rest = forms.BooleanField(label=_("Keep holding the rest"), required=False)


class OpeningForm(RequestForm):
    """What the account comes with."""

    amount = amount_field(_("Amount"), help_text=_("Minus for a debt."))
    on = day_field(_("As of"))
    reason = reason_field()


class BonusForm(RequestForm):
    """Bonus money, for what and until when."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    pays = forms.ChoiceField(label=_("Pays"), choices=Pays.choices)
    expires_on = day_field(_("Good until"), required=False, help_text=_("Empty: for ever."))
    reason = reason_field()


class UseBonusForm(RequestForm):
    """How much of the bonuses pays charges."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))


class WriteOffRunForm(RequestForm):
    """Which debts are written off together."""

    closed_before = day_field(_("Account closed before"))
    most = amount_field(
        _("Debt of at most"),
        min_value=Decimal("0.01"),
        required=False,
        help_text=_("Empty: of any size."),
    )
    reason = reason_field()
