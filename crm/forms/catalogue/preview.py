"""
A typed-in call or month for a preview.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.catalogue.fields import ZoneField
from crm.queries.catalogue import words
from crm.queries.catalogue.preview import MOST_CALLS, TypedCall, TypedUse
from crm.queries.catalogue.zones import digits_of
from tariffs.domain.deck import UsageKind
from tariffs.models import Allowance

_LINES = 4


class CallForm(forms.Form):
    """One call, message or session; what is used of the allowances before it."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of usage"))
    number = forms.CharField(
        label=gettext_lazy("Number"), max_length=30, required=False, initial="+7 921 555-01-00"
    )
    started_at = forms.DateTimeField(
        label=gettext_lazy("Start"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    length = forms.DecimalField(
        label=gettext_lazy("Length"),
        min_value=0,
        max_digits=12,
        decimal_places=3,
        help_text=gettext_lazy("Seconds, messages or megabytes."),
    )

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[UsageKind],
        allowances: Iterable[Allowance] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.allowances = list(allowances)
        self.fields["kind"].choices = [(kind.code, words.KINDS[kind.code]) for kind in kinds]  # type: ignore[attr-defined]
        for row in self.allowances:
            self.fields[f"used_{row.pk}"] = forms.DecimalField(
                label=_("Used before of %(volume)s (%(kind)s)")
                % {"volume": words.volume(row), "kind": words.KINDS[row.usage_kind]},
                required=False,
                min_value=0,
                max_digits=12,
                decimal_places=2,
            )

    def clean(self) -> dict[str, Any]:
        """A call has a number."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") in {"voice", "sms"} and not digits_of(cleaned.get("number", "")):
            self.add_error("number", _("Write the number in digits."))
        return cleaned

    def typed(self) -> TypedCall:
        """Return what was typed in; only after is_valid()."""
        data = self.cleaned_data
        kind = UsageKind.from_code(data["kind"])
        started: datetime = data["started_at"]
        size = words.MEBIBYTE if kind in {UsageKind.DATA, UsageKind.SESSION} else 1
        return TypedCall(
            kind=kind,
            number=digits_of(data["number"]) if kind in {UsageKind.VOICE, UsageKind.SMS} else "",
            started_at=started,
            quantity=int(data["length"] * size),
            used={row.pk: self._used(row) for row in self.allowances},
        )

    def _used(self, row: Allowance) -> int:
        typed = self.cleaned_data.get(f"used_{row.pk}") or Decimal(0)
        unit = 100 if row.is_money else words.UNITS[row.usage_kind][1]
        return int(typed * unit)


class MonthForm(forms.Form):
    """A month: minutes by zone in calls of a length, messages, gigabytes."""

    month = forms.DateField(
        label=gettext_lazy("Month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )
    hour = forms.IntegerField(
        label=gettext_lazy("At what hour"), min_value=0, max_value=23, initial=14
    )
    length = forms.IntegerField(
        label=gettext_lazy("Length of a call, seconds"), min_value=1, max_value=86_400, initial=150
    )
    sms = forms.IntegerField(
        label=gettext_lazy("Messages"), min_value=0, max_value=MOST_CALLS, required=False
    )
    gigabytes = forms.DecimalField(
        label=gettext_lazy("Mobile data, GB"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in range(1, _LINES + 1):
            self.fields[f"zone_{line}"] = ZoneField(
                required=False,
                label=_("Calls to (%(n)s)") % {"n": line},
                help_text=_("Code, name, or a number that leads to it.") if line == 1 else "",
            )
            self.fields[f"minutes_{line}"] = forms.IntegerField(
                label=_("minutes (%(n)s)") % {"n": line},
                min_value=0,
                max_value=44_640,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """Minutes go somewhere, and there are not too many calls."""
        cleaned = super().clean() or {}
        length = cleaned.get("length") or 60
        for line in range(1, _LINES + 1):
            minutes = cleaned.get(f"minutes_{line}")
            if minutes and not cleaned.get(f"zone_{line}") and f"zone_{line}" not in self.errors:
                self.add_error(f"zone_{line}", _("Where do these minutes go?"))
            if minutes and minutes * 60 / length > MOST_CALLS:
                self.add_error("length", _("Too many calls: make them longer."))
        return cleaned

    def uses(self) -> list[TypedUse]:
        """Return the usage typed in; only after is_valid()."""
        data = self.cleaned_data
        calls = [
            TypedUse(
                UsageKind.VOICE,
                data[f"zone_{line}"].pk,
                max(1, round(data[f"minutes_{line}"] * 60 / data["length"])),
                data["length"],
            )
            for line in range(1, _LINES + 1)
            if data.get(f"minutes_{line}")
        ]
        home = next((use.zone_id for use in calls), 0)
        if data.get("sms"):
            calls.append(TypedUse(UsageKind.SMS, home, data["sms"], 1))
        if data.get("gigabytes"):
            # A day's use a record, so that a deck's steps are met as in life.
            size = int(data["gigabytes"] * words.GIBIBYTE) // 28
            calls.append(TypedUse(UsageKind.DATA, 0, 28, size))
        return calls

    def first(self) -> date:
        """Return the month's first day; only after is_valid()."""
        found: date = self.cleaned_data["month"]
        return found.replace(day=1)
