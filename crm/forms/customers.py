"""
People, companies, contracts, accounts, notes.
"""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import UnreadablePhone, read_phone
from accounts.models import Account, Customer, LegalEntity
from crm.models import Interaction

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _wide(**attributes: object) -> forms.TextInput:
    return forms.TextInput(attrs={"place": "wide", **attributes})


def _request_id() -> forms.CharField:
    """Return the field by which a form sent twice is known."""
    return forms.CharField(max_length=40, widget=forms.HiddenInput)


class ContactForm(forms.ModelForm[Customer]):
    """How to reach a customer."""

    # Longer than stored: people write it with brackets and dashes.
    phone = forms.CharField(
        label=_("Contact phone"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )

    class Meta:
        model = Customer
        fields = ("phone", "email", "address", "language")
        widgets = {
            "address": _wide(),
            "language": forms.Select(choices=[("ru", _("Russian")), ("en", _("English"))]),
        }

    def clean_phone(self) -> str:
        """Any notation; kept as digits."""
        text: str = self.cleaned_data["phone"].strip()
        try:
            return read_phone(text) if text else ""
        except UnreadablePhone as error:
            message = _("“%(text)s” is no telephone number: write it as +7 921 555-01-01.")
            raise forms.ValidationError(message, params={"text": text}) from error


class PersonForm(ContactForm):
    """A private person."""

    request_id = _request_id()

    class Meta(ContactForm.Meta):
        fields = (  # type: ignore[assignment]
            *("last_name", "first_name", "middle_name", "birth_date", "inn"),
            *ContactForm.Meta.fields,
        )
        widgets = {**ContactForm.Meta.widgets, "birth_date": DAY}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["last_name"].required = self.fields["first_name"].required = True


class CompanyForm(ContactForm):
    """A company or sole trader."""

    request_id = _request_id()

    class Meta(ContactForm.Meta):
        fields = ("name", "inn", "kpp", *ContactForm.Meta.fields)  # type: ignore[assignment]
        widgets = {**ContactForm.Meta.widgets, "name": _wide()}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["inn"].required = True


class ContractForm(forms.Form):
    """Who signs for the operator, and when it was signed."""

    request_id = _request_id()
    legal_entity = forms.ModelChoiceField(
        label=_("Legal entity"), queryset=LegalEntity.objects.order_by("-is_default", "pk")
    )
    signed_on = forms.DateField(label=_("Signed on"), widget=DAY)


class AccountForm(forms.Form):
    """Prepaid or postpaid, and from which day its cycle runs."""

    request_id = _request_id()
    kind = forms.ChoiceField(label=_("Kind"), choices=Account.Kind)
    credit_limit = forms.DecimalField(
        label=_("Credit limit"),
        min_value=Decimal(0),
        max_digits=10,
        decimal_places=2,
        initial=0,
    )
    cycle_day = forms.IntegerField(
        label=_("Day of the month on which the cycle begins"),
        min_value=1,
        max_value=31,
        initial=1,
    )


class NoteForm(forms.Form):
    """What was said or done."""

    request_id = _request_id()
    kind = forms.ChoiceField(label=_("Kind"), choices=Interaction.Kind, initial="call_in")
    text = forms.CharField(
        label=_("What was said"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
    )
