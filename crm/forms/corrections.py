"""
Notes against bills, disputes: what people type.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.money import amount_field
from crm.queries.bills import LineOnDesk
from crm.queries.history.words import money
from invoicing.domain.notes import CREDIT, SOLD


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": 3}), **options)


class NoteForm(forms.Form):
    """How much of each line is credited or debited; a field per line of the bill."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It stands on the note.")
    )
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, lines: Sequence[LineOnDesk], kind: str, currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.line_ids: list[int] = []
        for line in lines:
            if line.now.kind not in SOLD or (kind == CREDIT and not line.now.creditable):
                continue
            most = line.now.creditable if kind == CREDIT else None
            left = money(line.now.left, currency)
            self.line_ids.append(line.now.line_id)
            self.fields[f"line_{line.now.line_id}"] = amount_field(
                line.title,
                required=False,
                min_value=Decimal("0.01"),
                max_value=most,
                help_text=_("charged now: %(left)s") % {"left": left},
            )
        self.order_fields([f"line_{line_id}" for line_id in self.line_ids])

    @property
    def parts(self) -> list[tuple[int, Decimal]]:
        """The lines with an amount."""
        values = [(line_id, self.cleaned_data.get(f"line_{line_id}")) for line_id in self.line_ids]
        return [(line_id, amount) for line_id, amount in values if amount]


class VoidForm(forms.Form):
    """Why a bill is void, and what the lines of the bill in its place charge."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It stands on the note.")
    )
    is_reissued = forms.BooleanField(
        label=_("Issue another bill in its place, with these amounts:"), required=False
    )

    def __init__(
        self, *args: Any, lines: Sequence[LineOnDesk], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.line_ids: list[int] = []
        for line in lines:
            if line.now.kind not in SOLD or line.now.gross <= 0:
                continue
            self.line_ids.append(line.now.line_id)
            was = money(line.now.gross, currency)
            self.fields[f"line_{line.now.line_id}"] = amount_field(
                line.title,
                required=False,
                min_value=Decimal(0),
                initial=line.now.left,
                help_text=_("was: %(sum)s; empty or 0 leaves it out") % {"sum": was},
            )

    @property
    def amounts(self) -> dict[int, Decimal] | None:
        """What each line charges on the bill in its place; None: there is none."""
        if not self.cleaned_data["is_reissued"]:
            return None
        return {
            line_id: self.cleaned_data.get(f"line_{line_id}") or Decimal(0)
            for line_id in self.line_ids
        }


class ReasonForm(forms.Form):
    """Why, for the subscriber to read."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class DisputeForm(forms.Form):
    """What the subscriber says is wrong, and about how much."""

    amount = amount_field(_("Amount in dispute"), min_value=Decimal("0.01"))
    reason = _text(_("What is wrong, in the subscriber's words"), max_length=2000)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)


class AcceptForm(forms.Form):
    """How much is given back, and what the subscriber is told."""

    amount = amount_field(_("Give back"), min_value=Decimal("0.01"))
    answer = _text(_("Answer to the subscriber"), max_length=200)


class AnswerForm(forms.Form):
    """What the subscriber is told."""

    answer = _text(_("Answer to the subscriber"), max_length=2000)


class MessageForm(forms.Form):
    """A message to the subscriber, or for colleagues."""

    text = _text(_("Message"), max_length=4000)
    is_internal = forms.BooleanField(
        label=_("For colleagues only: the subscriber doesn't see it"), required=False
    )
