"""
The cash desk, receipts, vouchers.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import DeskOperation
from crm.forms.money import amount_field

#: What goes through the drawer and onto no account.
MOVES: Final = [
    (each.value, each.label) for each in (DeskOperation.Kind.TAKEN_OUT, DeskOperation.Kind.PUT_IN)
]


def day_field(label: Any, **options: Any) -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options
    )


class OpenShiftForm(forms.Form):
    """What lies in the drawer; `opens` tells the form apart where another stands at its address."""

    opening = amount_field(
        _("In the drawer now"), min_value=Decimal(0), help_text=_("Count it, change included.")
    )
    desk = forms.CharField(label=_("Desk"), max_length=60, required=False)
    opens = forms.CharField(initial="1", widget=forms.HiddenInput)


class DeskPaymentForm(forms.Form):
    """A payment at the desk; `request_id` comes with the form, so that it is taken once."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    pays = forms.ChoiceField(label=_("Pays"), required=False)
    method = forms.ChoiceField(
        label=_("Way of paying"),
        choices=DeskOperation.Method.choices,
        initial=DeskOperation.Method.CASH,
    )
    tendered = amount_field(
        _("Given"), required=False, help_text=_("Cash: the receipt shows the change.")
    )
    slip = forms.CharField(
        label=_("Slip number"),
        max_length=40,
        required=False,
        help_text=_("Of the card terminal."),
    )
    comment = forms.CharField(label=_("Comment"), max_length=200, required=False)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, targets: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        # What was paid whole is in no list any more; sent once more it finds what it did.
        sent = str(self.data.get("pays", ""))
        known = {key for key, _words in targets}
        choices = [*targets, *([] if sent in known else [(sent, sent)])]
        pays = self.fields["pays"]
        if isinstance(pays, forms.ChoiceField):
            pays.choices = choices
        if len(choices) < 2:
            del self.fields["pays"]


class MoveCashForm(forms.Form):
    """Change put into the drawer, or money taken to the bank."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=MOVES,
    )
    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    comment = forms.CharField(label=_("Comment"), max_length=200, required=False)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class CloseShiftForm(forms.Form):
    """What was counted; why it differs from what should be there."""

    counted = amount_field(_("Counted in the drawer"), min_value=Decimal(0))
    comment = forms.CharField(
        label=_("Why it differs"),
        max_length=200,
        required=False,
        help_text=_("Needed only if the sum is another than expected."),
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class SureForm(forms.Form):
    """Nothing to fill in: the button is the decision."""


class SeriesForm(forms.Form):
    """A series of vouchers to be made."""

    code = forms.CharField(
        label=_("Series"), max_length=12, help_text=_("Latin letters and digits, for example L26A.")
    )
    nominal = amount_field(_("Nominal"), min_value=Decimal("0.01"))
    count = forms.IntegerField(label=_("Cards"), min_value=1, max_value=100_000)
    valid_from = day_field(_("Usable from"))
    valid_until = day_field(_("Usable before"), help_text=_("From this day on it is not."))
    comment = forms.CharField(label=_("Comment"), max_length=200, required=False)


class CardForm(forms.Form):
    """A card by the number printed on it."""

    serial = forms.IntegerField(label=_("Card number in the series"), min_value=1)
    act = forms.ChoiceField(
        label=_("What"),
        choices=[
            ("block", pgettext_lazy("card", "Block")),
            ("unblock", pgettext_lazy("card", "Put in use again")),
        ],
        initial="block",
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class RedeemForm(forms.Form):
    """The code under the scratched field."""

    code = forms.CharField(
        label=_("Code of the card"),
        max_length=40,
        help_text=_("16 digits; spaces and hyphens don't matter."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
