"""
Bank statements: the file, and which lines of it are looked at.
"""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import BankStatementLine

#: What a page may bring; larger ones by the command.
LARGEST: Final = 100_000_000


class UploadForm(forms.Form):
    """The file as the bank's client wrote it."""

    file = forms.FileField(
        label=_("Bank statement"),
        help_text=_("1CClientBankExchange, as client banks write it for 1C (kl_to_1c.txt)."),
        widget=forms.FileInput(attrs={"accept": ".txt,text/plain"}),
    )

    def clean_file(self) -> Any:
        """A file that a page can take."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(_("The file is too large for this page."))
        return file


class LineFilterForm(forms.Form):
    """Which lines are shown; empty shows all."""

    fate = forms.ChoiceField(
        label=_("What becomes of it"),
        required=False,
        choices=[("", _("All")), *BankStatementLine.Fate.choices],
    )
    why = forms.ChoiceField(label=_("Rule or reason"), required=False)
    text = forms.CharField(
        label=_("Payer, INN, purpose, account"), required=False, max_length=80, strip=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*BankStatementLine.Rule.choices, *BankStatementLine.Doubt.choices]
        self.fields["why"].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]
