"""
Money by card at the desk: a link to pay, refunds, disputes by letter, standing orders.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.acquiring import Outcome
from accounts.domain.autopay import Terms
from accounts.models import Refund, SavedCard
from crm.forms.money import amount_field


class LinkForm(forms.Form):
    """A link by which anybody may pay so much to the account."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    email = forms.EmailField(label=_("E-mail for the receipt"), required=False, max_length=120)
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)


class RefundForm(forms.Form):
    """Part or all of a payment given back; by hand only with a document."""

    amount = amount_field(_("Amount"), min_value=Decimal("0.01"))
    way = forms.ChoiceField(label=_("How"), choices=Refund.Way.choices)
    document = forms.CharField(
        label=_("Document"),
        max_length=60,
        required=False,
        help_text=_("Its number, if the money is paid out by hand."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=250, widget=forms.Textarea(attrs={"rows": 2})
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, ways: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["way"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(way, name) for way, name in Refund.Way.choices if way in ways]


class ChargebackForm(forms.Form):
    """A dispute the bank wrote of: its number, its amount, how it stands."""

    external_id = forms.CharField(label=_("The bank's number of the dispute"), max_length=80)
    claimed = amount_field(_("Amount"), min_value=Decimal("0.01"))
    outcome = forms.ChoiceField(
        label=_("How it stands"),
        choices=[
            (Outcome.PENDING.value, _("open")),
            (Outcome.FAILED.value, _("lost")),
            (Outcome.SUCCEEDED.value, _("won")),
        ],
    )
    reason = forms.CharField(label=_("Reason"), max_length=120, required=False)


class AutopayForm(forms.Form):
    """A standing order: one of threshold and day, an amount, at most so much a month."""

    card_id = forms.ChoiceField(label=_("Card"))
    amount = amount_field(_("Amount of a charge"), min_value=Decimal("0.01"))
    trigger = forms.ChoiceField(
        label=_("When"),
        choices=[("threshold", _("when little is left")), ("day", _("on a day of the month"))],
    )
    threshold = amount_field(_("Less than this is left"), required=False, min_value=Decimal(0))
    day = forms.IntegerField(label=_("Day of the month"), required=False)
    monthly_cap = amount_field(_("At most a month"), min_value=Decimal("0.01"))

    def __init__(self, *args: Any, cards: list[SavedCard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["card_id"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(card.pk, f"{card.title} ·· {card.last4}") for card in cards]

    def terms(self) -> Terms:
        """Return what was ordered; the trigger chosen says which of the two fields counts."""
        given = self.cleaned_data
        by_day = given["trigger"] == "day"
        return Terms(
            amount=given["amount"],
            monthly_cap=given["monthly_cap"],
            threshold=None if by_day else given["threshold"],
            day=given["day"] if by_day else None,
        )
