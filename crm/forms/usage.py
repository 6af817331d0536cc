"""Suspended records and usage: filters, corrections, reasons, periods."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rating.domain.corrections import Action, Rule
from rating.domain.selections import Selection
from rating.models import REASON_LABELS, SuspenseRecord

ANY = [("", _("any"))]


class SuspenseFilterForm(forms.Form):
    """Which records are shown; everything is optional."""

    state = forms.ChoiceField(
        label=_("State"), choices=SuspenseRecord.State.choices, required=False
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[*ANY, *((reason.value, label) for reason, label in REASON_LABELS.items())],
        required=False,
    )
    source = forms.TypedChoiceField(label=_("Source"), coerce=int, required=False, choices=ANY)
    file = forms.IntegerField(
        widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62
    )
    day = forms.DateField(
        label=_("Suspended on"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    text = forms.CharField(
        label=_("Number or text in the record"), max_length=60, required=False, strip=True
    )

    def __init__(self, *args: Any, sources: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        source = self.fields["source"]
        if isinstance(source, forms.ChoiceField):
            source.choices = [*ANY, *sources]

    def selection(self) -> Selection:
        """Return what is asked for; a filter that is none is left out."""
        self.is_valid()
        given = self.cleaned_data
        return Selection(
            state=given.get("state") or SuspenseRecord.State.WAITING.value,
            reason=given.get("reason") or "",
            source_id=given.get("source") or 0,
            file_id=given.get("file") or 0,
            day=given.get("day"),
            text=given.get("text") or "",
        )


class RecycleForm(forms.Form):
    """The record as the switch wrote it, to be corrected where it is wrong."""

    corrected = forms.CharField(
        label=_("Record"),
        strip=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
        help_text=_("Leave it as it is if something else was mended: a plan, a zone, a number."),
    )


class ReasonForm(forms.Form):
    """Why it is done; it stays with the records."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class WriteOffForm(ReasonForm):
    """Why it will never be charged; a form sent twice is one order."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class OrderForm(forms.Form):
    """Nothing to fill in; a form sent twice is one order."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class CorrectionForm(forms.Form):
    """A rule for many records: one field, and what becomes of its text."""

    action = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            (Action.REPLACE.value, _("replace what is found")),
            (Action.SET.value, _("set the value")),
            (Action.PREFIX.value, _("put before the value")),
        ],
    )
    column = forms.CharField(
        label=_("Field"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "columns", "autocomplete": "off", "class": "mono"}),
        help_text=_("Its name, or its number from 1. Empty: the whole record."),
    )
    pattern = forms.CharField(
        label=_("What to find"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}
        ),
        help_text=_("A regular expression, only for replacing: ^8(\\d{10})$"),
    )
    value = forms.CharField(
        label=_("New text"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}
        ),
        help_text=_("${1} stands for the first bracket of the expression."),
    )
    note = forms.CharField(
        label=_("Why"), max_length=200, required=False, help_text=_("It stays with the records.")
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def rule(self) -> Rule:
        """Return the rule that is typed in."""
        given = self.cleaned_data
        return Rule(
            action=Action(given["action"]),
            column=given["column"].strip(),
            pattern=given["pattern"] if given["action"] == Action.REPLACE else "",
            value=given["value"],
        )
