"""
Rate decks: names, versions, tariff times, prices with steps, counting rules with surcharges.
"""

from decimal import Decimal
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.catalogue.fields import (
    AmountsForm,
    DayField,
    DayInput,
    HourField,
    LinesField,
    WordsField,
    ZoneField,
    unit_choices,
)
from crm.queries.catalogue import words
from tariffs.models import (
    Band,
    Rate,
    RateDeck,
    RateDeckVersion,
    RateStep,
    Surcharge,
    Zone,
    ZoneTerms,
)

MOST_BYTES: Final = 20 * 1024 * 1024


class DeckForm(forms.ModelForm):  # type: ignore[type-arg]
    """A deck's name and kind of usage."""

    class Meta:
        model = RateDeck
        fields = ("code", "name", "usage_kind")


class NewDeckForm(DeckForm):
    """A deck with its first version, a draft that has one tariff time and one counting rule."""

    valid_from = DayField(label=gettext_lazy("In force from"))


class CopyDeckForm(forms.Form):
    """From when the new version holds, or that it corrects the present one."""

    valid_from = DayField(label=gettext_lazy("In force from"))
    replaces = forms.BooleanField(
        label=gettext_lazy("It corrects this version, for the same days"),
        required=False,
        help_text=gettext_lazy("What the wrong version priced is re-rated after publishing."),
    )


class ImportForm(forms.Form):
    """A file of prices, from when they hold, or which version they correct."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=gettext_lazy("CSV or XLSX, up to 20 MB."),
    )
    valid_from = DayField(label=gettext_lazy("In force from"))
    replaces = forms.TypedChoiceField(
        label=gettext_lazy("Corrects"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=gettext_lazy("A correction holds for the days of the version it corrects."),
    )

    def __init__(self, *args: Any, deck: RateDeck, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        published = deck.versions.filter(published_at__isnull=False, replaced_at__isnull=True)
        self.fields["replaces"].choices = [  # type: ignore[attr-defined]
            ("", _("nothing: it is a new version")),
            *((row.pk, f"{row.valid_from:%d.%m.%Y}") for row in published.order_by("-valid_from")),
        ]

    def clean_file(self) -> Any:
        """A file that is too large would stop the desk for everybody."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB."))
        return file


class DeckVersionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The terms of a draft as a whole."""

    class Meta:
        model = RateDeckVersion
        fields = ("valid_from", "valid_to", "time_zone", "rounding", "decimals", "follows_clock")
        widgets = {"valid_from": DayInput, "valid_to": DayInput}

    def clean_time_zone(self) -> str:
        """Only zones that exist."""
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone, for example Europe/Moscow."))
        return zone

    def clean(self) -> dict[str, Any]:
        """A period has an end after its beginning."""
        cleaned = super().clean() or {}
        first, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if first and end and end <= first:
            self.add_error("valid_to", _("The last day lies before the first."))
        return cleaned


class BandForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tariff time: days of the week, hours, holidays, dates."""

    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekdays"),
        required=False,
        coerce=int,
        choices=list(enumerate(words.WEEKDAYS, 1)),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: every day."),
    )
    from_second = HourField(label=gettext_lazy("From hour"), initial=0)
    to_second = HourField(
        label=gettext_lazy("To hour"),
        initial=86_400,
        help_text=gettext_lazy("Earlier than the beginning: over midnight."),
    )
    dates = WordsField(
        label=gettext_lazy("Dates"),
        max_length=2000,
        help_text=gettext_lazy("12-31 for every year or 2026-12-31, with commas between."),
    )

    class Meta:
        model = Band
        fields = (
            *("code", "name_ru", "name_en", "weekdays", "from_second", "to_second"),
            *("on_holidays", "priority", "dates"),
        )

    def clean_from_second(self) -> int:
        """A tariff time can't begin where the day ends."""
        second: int = self.cleaned_data["from_second"]
        if second >= 86_400:
            raise forms.ValidationError(_("The end of the day is no beginning: write 00:00."))
        return second

    def clean_code(self) -> str:
        """A code names one tariff time of the version."""
        code: str = self.cleaned_data["code"]
        others = Band.objects.filter(deck_version=self.instance.deck_version, code=code)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This version has a tariff time with this code."))
        return code


class RateForm(AmountsForm):
    """A price: to where, when, how much; its steps in the units of usage."""

    zone = ZoneField(required=False)
    unit = forms.TypedChoiceField(label=gettext_lazy("Per"), coerce=int)
    steps = LinesField(
        label=gettext_lazy("Steps"),
        columns=(gettext_lazy("from"), gettext_lazy("price"), gettext_lazy("increment")),
        help_text=gettext_lazy(
            "One a line: from unit, price, increment; the first begins at 0. In the place of the price."
        ),
    )

    class Meta:
        model = Rate
        fields = ("zone", "zone_class", "band", "price", "unit", "connection_fee", "steps")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.instance.deck_version
        self.fields["zone"].scheme = version.scheme  # type: ignore[attr-defined]
        bands = self.fields["band"]
        bands.queryset = Band.objects.filter(deck_version=version).order_by("pk")  # type: ignore[attr-defined]
        bands.label_from_instance = words.name_of  # type: ignore[attr-defined]
        units = unit_choices(version.deck.usage_kind)
        if self.instance.pk:
            self._show(units)
        self.fields["unit"].choices = units  # type: ignore[attr-defined]

    def _show(self, units: list[tuple[int, str]]) -> None:
        rate = self.instance
        self.initial["zone"] = rate.zone
        steps = rate.steps.order_by("from_unit")
        self.initial["steps"] = [
            (Decimal(step.from_unit), step.price, Decimal(step.increment)) for step in steps
        ]
        if rate.unit not in dict(units):
            units.append((rate.unit, str(rate.unit)))

    def clean_steps(self) -> list[tuple[Decimal, ...]]:
        """The first step begins at nothing, each later one further on; increments are whole."""
        steps: list[tuple[Decimal, ...]] = self.cleaned_data["steps"]
        starts = [step[0] for step in steps]
        if steps and (starts[0] != 0 or starts != sorted(set(starts))):
            raise forms.ValidationError(_("Steps begin at 0 and go up."))
        if any(figure % 1 or figure < least for step in steps for figure, least in _wholes(step)):
            raise forms.ValidationError(
                _("Units and increments are whole, an increment is 1 or more.")
            )
        return steps

    def clean(self) -> dict[str, Any]:
        """One price for a zone, or a class, in a tariff time."""
        cleaned = super().clean() or {}
        if cleaned.get("zone") and cleaned.get("zone_class"):
            self.add_error("zone_class", _("Choose a zone or a class, not both."))
        others = Rate.objects.filter(
            deck_version=self.instance.deck_version,
            zone=cleaned.get("zone"),
            zone_class=cleaned.get("zone_class", ""),
            band=cleaned.get("band"),
        ).exclude(pk=self.instance.pk)
        if cleaned.get("band") and others.exists():
            self.add_error("band", _("There is a price for this already."))
        return cleaned

    def step_rows(self) -> list[RateStep]:
        """Return the steps typed in; only after is_valid()."""
        unit = self.cleaned_data["unit"]
        return [
            RateStep(from_unit=int(start), price=price, unit=unit, increment=int(increment))
            for start, price, increment in self.cleaned_data["steps"]
        ]


def _wholes(step: tuple[Decimal, ...]) -> tuple[tuple[Decimal, int], tuple[Decimal, int]]:
    return (step[0], 0), (step[2], 1)


class TermsForm(AmountsForm):
    """A counting rule: increments, grace, free units, minimum, cap, surcharges."""

    zone = ZoneField(
        required=False, help_text=gettext_lazy("Empty: all zones without a rule of their own.")
    )
    surcharges = LinesField(
        label=gettext_lazy("Surcharges"),
        columns=(gettext_lazy("after units"), gettext_lazy("amount")),
        help_text=gettext_lazy("One a line: after how many units, and how much."),
    )

    class Meta:
        model = ZoneTerms
        fields = (
            *("zone", "first_increment", "next_increment", "grace_units", "free_units"),
            *("min_units", "max_cost", "on_max_cost", "surcharges"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].scheme = self.instance.deck_version.scheme  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["zone"] = self.instance.zone
            rows = self.instance.surcharges.order_by("at_unit")
            self.initial["surcharges"] = [(Decimal(row.at_unit), row.amount) for row in rows]

    def clean_zone(self) -> Zone | None:
        """A zone has one rule."""
        zone: Zone | None = self.cleaned_data["zone"]
        others = ZoneTerms.objects.filter(deck_version=self.instance.deck_version, zone=zone)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a rule for this already."))
        return zone

    def clean_first_increment(self) -> int:
        """An increment holds at least one unit."""
        return self._at_least_one("first_increment")

    def clean_next_increment(self) -> int:
        """An increment holds at least one unit."""
        return self._at_least_one("next_increment")

    def _at_least_one(self, name: str) -> int:
        units: int = self.cleaned_data[name]
        if units < 1:
            raise forms.ValidationError(_("At least 1."))
        return units

    def clean_surcharges(self) -> list[tuple[Decimal, ...]]:
        """Each is due once, after a whole number of units."""
        rows: list[tuple[Decimal, ...]] = self.cleaned_data["surcharges"]
        starts = [row[0] for row in rows]
        if any(start % 1 for start in starts) or len(set(starts)) < len(starts):
            raise forms.ValidationError(_("Units are whole, and each surcharge has its own."))
        return rows

    def surcharge_rows(self) -> list[Surcharge]:
        """Return the surcharges typed in; only after is_valid()."""
        return [
            Surcharge(at_unit=int(start), amount=amount)
            for start, amount in self.cleaned_data["surcharges"]
        ]
