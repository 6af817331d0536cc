"""
Incoming payments: which are shown, whose they are, why they go back; terminals and registries.
"""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import PaymentNotice, Terminal
from crm.forms.money import amount_field

#: What a page may bring.
LARGEST: Final = 100_000_000


class NoticeFilterForm(forms.Form):
    """Which notices are shown; empty shows all."""

    gateway = forms.ChoiceField(label=_("Paid through"), required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *PaymentNotice.State.choices]
    )
    on = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    account = forms.CharField(label=_("Account"), required=False, max_length=12)
    text = forms.CharField(label=_("Payer system's id"), required=False, max_length=80)

    def __init__(self, *args: Any, gateways: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gateway"].choices = [("", _("All")), *gateways]  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Why the money is this account's."""

    note = forms.CharField(
        label=_("How it was found out"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class GiveBackForm(forms.Form):
    """Why the money goes back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class SeenForm(forms.Form):
    """What the sender said about the contradiction."""

    note = forms.CharField(
        label=_("How it was cleared up"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class TerminalForm(forms.ModelForm[Terminal]):
    """A company with terminals."""

    least = amount_field(_("Smallest payment"))
    most = amount_field(_("Largest payment"))

    class Meta:
        model = Terminal
        fields = (
            *("code", "name", "user_name", "networks", "account_by", "least", "most"),
            *("cancel_days", "columns", "keeps_unknown", "takes_missing", "is_active"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("least", "most"):
            self.initial[name] = Decimal(getattr(self.instance, name))
        if self.instance.pk:
            del self.fields["code"]
        else:
            self.fields["user_name"].help_text = _("Empty: the code.")

    def _post_clean(self) -> None:
        """The operation checks the row; here only the form's own fields are."""


class RegistryForm(forms.Form):
    """A terminal's registry of a day."""

    terminal = forms.ModelChoiceField(label=_("Terminal"), queryset=Terminal.objects.none())
    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(
        label=_("Registry"),
        help_text=_("CSV with the columns that the terminal's row names."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terminals = Terminal.objects.order_by("name")
        self.fields["terminal"].queryset = terminals  # type: ignore[attr-defined]

    def clean_file(self) -> "UploadedFile[Any]":
        """A file that a page can take."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is too large for this page."))
        return file
