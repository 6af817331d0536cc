"""
Fields that the forms of the catalogue share: days, hours, zones by code or number, lines of figures.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.queries.catalogue import words
from crm.queries.catalogue.zones import digits_of, match_number
from tariffs.models import Zone, ZoneScheme


class AmountsForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a row of the catalogue: no amount in it is below zero."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DecimalField) and field.min_value is None:
                field.min_value = 0
                field.validators.append(MinValueValidator(0))
                field.widget.attrs["min"] = 0


class DayInput(forms.DateInput):
    """A day, picked in the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day."""

    widget = DayInput


class HourField(forms.CharField):
    """An hour of the day as HH:MM, 24:00 included; its value is seconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=5, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Seconds are shown as an hour."""
        return words.clock(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        """Return seconds since midnight."""
        hours, _colon, minutes = str(super().clean(value)).partition(":")
        if hours.isdigit() and (minutes or "0").isdigit():
            seconds = int(hours) * 3600 + int(minutes or 0) * 60
            if int(minutes or 0) < 60 and seconds <= 86_400:
                return seconds
        raise forms.ValidationError(_("Write the hour as 08:00; the end of the day is 24:00."))


class ZoneField(forms.CharField):
    """A zone by its code, its name or a number that leads to it; empty = None."""

    def __init__(self, *, scheme: ZoneScheme | None = None, **kwargs: Any) -> None:
        self.scheme = scheme
        kwargs.setdefault("label", gettext_lazy("Zone"))
        kwargs.setdefault("help_text", gettext_lazy("Code, name, or a number that leads to it."))
        super().__init__(max_length=120, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A zone is shown by its code."""
        return value.code if isinstance(value, Zone) else value

    def clean(self, value: Any) -> Any:
        """Return the zone."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        found = self._by_name(text) or self._by_number(text)
        if found is None:
            raise forms.ValidationError(_("There is no such zone."))
        return found

    def _by_name(self, text: str) -> Zone | None:
        zones = Zone.objects.filter(scheme=self.scheme)
        for column in ("code", "name_ru", "name_en"):
            found = list(zones.filter(**{f"{column}__iexact": text})[:2])
            if len(found) == 1:
                return found[0]
        return None

    def _by_number(self, text: str) -> Zone | None:
        digits = digits_of(text)
        if not digits or any(char.isalpha() for char in text):
            return None
        found = [match.zone for match in match_number(digits)]
        wanted = self.scheme.pk if self.scheme else None
        return next((zone for zone in found if zone.scheme_id == wanted), None)


class LinesField(forms.CharField):
    """Lines of figures apart by spaces; its value is a list of tuples of Decimals."""

    widget = forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"})

    def __init__(self, *, columns: Sequence[object], **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(required=False, max_length=4000, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Rows are shown one a line."""
        if isinstance(value, list):
            return "\n".join(" ".join(f"{figure.normalize():f}" for figure in row) for row in value)
        return value

    def clean(self, value: Any) -> Any:
        """Return the rows; an error names its line."""
        lines = str(super().clean(value)).splitlines()
        return [self._row(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def _row(self, number: int, line: str) -> tuple[Decimal, ...]:
        try:
            row = tuple(Decimal(part.replace(",", ".")) for part in line.split())
        except InvalidOperation:
            row = ()
        if len(row) != len(self.columns) or not all(part.is_finite() and part >= 0 for part in row):
            wanted = " ".join(str(column) for column in self.columns)
            message = _("Line %(number)s: expected “%(wanted)s”.")
            raise forms.ValidationError(message % {"number": number, "wanted": wanted})
        return row


class WordsField(forms.CharField):
    """Words apart by commas; its value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A list is shown with commas."""
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the words."""
        return [word.strip() for word in str(super().clean(value)).split(",") if word.strip()]


def unit_choices(kind: str) -> list[tuple[int, str]]:
    """Return the units in which a kind of usage is priced."""
    if kind == "voice":
        units = [60, 1, 3600]
    elif kind == "sms":
        units = [1]
    else:
        units = [words.MEBIBYTE, words.GIBIBYTE, 1024]
    if kind == "session":
        # Sessions may be priced by time or by size: the deck's author knows.
        units += [60, 1]
    return [(unit, words.quantity(kind, unit)) for unit in units]
