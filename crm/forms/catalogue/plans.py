"""
Plans: names, terms of a version, allowances, decks, days.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms.catalogue.fields import AmountsForm, DayField, DayInput, WordsField
from crm.queries.catalogue import words
from tariffs.models import Allowance, Plan, PlanVersion, RateDeck, Zone
from tariffs.models.decks import UsageKind


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """A plan's names and whom it is for."""

    account_kind = forms.ChoiceField(
        label=gettext_lazy("Accounts"),
        required=False,
        choices=[
            ("", gettext_lazy("prepaid and postpaid")),
            ("prepaid", gettext_lazy("prepaid")),
            ("postpaid", gettext_lazy("postpaid")),
        ],
    )

    class Meta:
        model = Plan
        fields = ("code", "name_ru", "name_en", "service", "account_kind", "audience")


class NewPlanForm(PlanForm):
    """A plan with its first version, a draft."""

    fee = forms.DecimalField(
        label=gettext_lazy("Recurring fee"), max_digits=10, decimal_places=2, min_value=0
    )
    on_sale_from = DayField(label=gettext_lazy("On sale from"))


class RenamePlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may change of a plan that is sold already: its names and whom it is for."""

    class Meta:
        model = Plan
        fields = ("name_ru", "name_en", "audience")


class VersionForm(AmountsForm):
    """The terms of a draft version."""

    class Meta:
        model = PlanVersion
        fields = (
            *("fee", "fee_period", "fee_timing", "proration", "bills_change_day"),
            *("bills_last_day", "minimum", "deposit", "connection_price"),
            *("tax_category", "tax_included", "speed_kbps", "slow_speed_kbps"),
            *("on_sale_from", "effect", "moves_on", "notice_days"),
        )
        widgets = {"on_sale_from": DayInput, "moves_on": DayInput}

    def clean(self) -> dict[str, Any]:
        """A move of subscribers has a date, not before the sale; notice is as long as the law asks."""
        cleaned = super().clean() or {}
        effect, moves_on = cleaned.get("effect"), cleaned.get("moves_on")
        if effect == PlanVersion.Effect.MOVE and not moves_on:
            self.add_error("moves_on", _("Say from which day subscribers are moved."))
        if effect != PlanVersion.Effect.MOVE and moves_on:
            self.add_error("moves_on", _("A date is only for moving subscribers on a date."))
        starts = cleaned.get("on_sale_from")
        if moves_on and starts and moves_on < starts and "moves_on" not in self.errors:
            self.add_error("moves_on", _("Subscribers can't be moved before the version is sold."))
        self._clean_notice(cleaned)
        slow, speed = cleaned.get("slow_speed_kbps"), cleaned.get("speed_kbps")
        if slow and (not speed or slow > speed):
            self.add_error("slow_speed_kbps", _("The reduced speed is above the speed."))
        return cleaned

    def _clean_notice(self, cleaned: dict[str, Any]) -> None:
        least = PlanVersion._meta.get_field("notice_days").default
        days = cleaned.get("notice_days")
        if cleaned.get("effect") != PlanVersion.Effect.KEEP and days is not None and days < least:
            message = _("The law asks for %(days)s days of notice at least.")
            self.add_error("notice_days", message % {"days": least})


class PlanDecksForm(forms.Form):
    """Which deck prices which kind of usage."""

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = dict(version.decks.values_list("usage_kind", "deck"))
        decks = list(RateDeck.objects.order_by("name"))
        for kind, label in UsageKind.choices:
            mine = [(deck.pk, deck.name) for deck in decks if deck.usage_kind == kind]
            self.fields[kind] = forms.TypedChoiceField(
                label=label,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", _("no price")), *mine],
                initial=chosen.get(kind, ""),
            )


class AllowanceForm(forms.ModelForm):  # type: ignore[type-arg]
    """
    An included volume, typed in minutes, messages, megabytes or roubles.
    """

    volume = forms.DecimalField(
        label=gettext_lazy("How much"),
        max_digits=12,
        decimal_places=2,
        min_value=Decimal("0.01"),
        help_text=gettext_lazy("Minutes, messages, megabytes; money in the currency."),
    )
    zone_classes = forms.MultipleChoiceField(
        label=gettext_lazy("Classes of zones"),
        required=False,
        choices=Zone.ZoneClass.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: all but international and free numbers."),
    )
    zone_codes = WordsField(
        label=gettext_lazy("Zones"),
        max_length=1000,
        help_text=gettext_lazy("Codes of single zones, with commas between."),
    )

    class Meta:
        model = Allowance
        fields = (
            *("usage_kind", "volume", "is_money", "recurrence", "zone_classes", "zone_codes"),
            *("priority", "step", "factor", "rollover", "rollover_cap", "rollover_if_paid"),
            *("is_shared", "blocks"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = self.instance
        if present.pk:
            self.initial["volume"] = (
                Decimal(present.amount) / self._unit(present.usage_kind, is_money=present.is_money)
            ).quantize(Decimal("0.01"))
            codes = Zone.objects.filter(pk__in=present.zone_ids).order_by("code")
            self.initial["zone_codes"] = list(codes.values_list("code", flat=True))

    @staticmethod
    def _unit(kind: str, *, is_money: bool) -> int:
        return 100 if is_money else words.UNITS[kind][1]

    def clean_zone_codes(self) -> list[int]:
        """Return the ids of the zones named."""
        codes = self.cleaned_data["zone_codes"]
        found = dict(Zone.objects.filter(scheme=None, code__in=codes).values_list("code", "pk"))
        unknown = [code for code in codes if code not in found]
        if unknown:
            raise forms.ValidationError(_("There is no zone “%(code)s”.") % {"code": unknown[0]})
        return [found[code] for code in codes]

    def clean(self) -> dict[str, Any]:
        """Turn the volume into units; only whole units are counted."""
        cleaned = super().clean() or {}
        kind, typed = cleaned.get("usage_kind"), cleaned.get("volume")
        if kind and typed is not None:
            units = typed * self._unit(kind, is_money=bool(cleaned.get("is_money")))
            if units != units.to_integral_value():
                self.add_error("volume", _("Only whole units are counted."))
            self.instance.amount = int(units)
        self.instance.zone_ids = cleaned.get("zone_codes", [])
        return cleaned


class DayForm(forms.Form):
    """A day from which something holds."""

    day = DayField(label=gettext_lazy("From"))

    def __init__(self, *args: Any, label: object = "", help_text: object = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["day"]
        field.label, field.help_text = str(label) or field.label, str(help_text)


class SureForm(forms.Form):
    """That the consequences were read."""

    is_sure = forms.BooleanField(label=gettext_lazy("I have read what changes, and want it"))
