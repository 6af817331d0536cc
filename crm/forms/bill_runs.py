"""
Bill runs, parked bills, outages: what people type.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.money import amount_field
from invoicing.models import BillingPolicy, OutageRule


def _percent(label: Any, **options: Any) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, max_digits=6, decimal_places=2, localize=True, widget=widget, **options
    )


class RunForm(forms.Form):
    """By which day the cycles closed."""

    business_date = forms.DateField(
        label=_("Cycles that closed by"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("This day excluded: bills of a month are drafted on the first of the next."),
    )


class ApproveRunForm(forms.Form):
    """Nothing to fill in, unless usage waits unpriced."""

    accepts_suspense = forms.BooleanField(
        label=_("I know that usage waits unpriced; it goes on next month's bills"), required=False
    )

    def __init__(self, *args: Any, is_suspended: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_suspended:
            del self.fields["accepts_suspense"]


class PolicyForm(forms.Form):
    """How bills go out, and what is unusual."""

    review = forms.ChoiceField(label=_("Bills"), choices=BillingPolicy.Review.choices)
    percent = _percent(_("Unusual: a change against last month of more than, %"), min_value=0)
    money = amount_field(_("and of more than, in money"), min_value=Decimal(0))
    own_cycle_change = forms.BooleanField(
        label=_("Subscribers may change their cycle day, once a cycle"), required=False
    )


class ReleaseForm(forms.Form):
    """Why the bill is right as it is, or what was put right."""

    reason = forms.CharField(
        label=_("Why it is right, or what was put right"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RuleForm(forms.Form):
    """A rule of compensation."""

    name_ru = forms.CharField(label=_("Name in Russian"), max_length=100)
    name_en = forms.CharField(label=_("Name in English"), max_length=100)
    percent = _percent(_("Percent of the daily fee"), min_value=Decimal("0.01"), max_value=1000)
    unit = forms.ChoiceField(label=_("for each begun"), choices=OutageRule.Unit.choices)
    from_minutes = forms.IntegerField(label=_("From how many minutes on"), min_value=1, initial=60)


class OutageForm(forms.Form):
    """What happened, when, which services had none."""

    title_ru = forms.CharField(label=_("What happened, in Russian"), max_length=120)
    title_en = forms.CharField(label=_("What happened, in English"), max_length=120)
    started_at = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ended_at = forms.DateTimeField(
        label=_("To"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    service = forms.ChoiceField(label=_("Service"), required=False)
    region = forms.CharField(label=_("Region"), max_length=60, required=False)
    address = forms.CharField(
        label=_("Part of the address"),
        max_length=120,
        required=False,
        help_text=_("A street or a house, as it stands in the addresses of services."),
    )
    rule_id = forms.TypedChoiceField(label=_("Rule"), coerce=int)
    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, rules: list[tuple[int, str]], services: list[tuple[str, Any]], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.fields["rule_id"].choices = rules  # type: ignore[attr-defined]
        self.fields["service"].choices = [("", _("all")), *services]  # type: ignore[attr-defined]

    @property
    def selection(self) -> dict[str, str]:
        """What narrows the services."""
        values = {name: self.cleaned_data[name] for name in ("service", "region", "address")}
        return {name: value for name, value in values.items() if value}
