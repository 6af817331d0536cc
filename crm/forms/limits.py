"""
Spending guards and groups that share allowances.
"""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms.money import amount_field

MINUTE: Final = 60
GIGABYTE: Final = 1 << 30


class GuardForm(forms.Form):
    """How much usage may cost in a calendar month."""

    amount = amount_field(_("Limit per month"), min_value=Decimal(1))


class MoreForm(forms.Form):
    """How much more may be spent this month."""

    amount = amount_field(_("More this month"), min_value=Decimal("0.01"))


class GroupForm(forms.Form):
    """A name the subscriber knows the group by."""

    name = forms.CharField(label=_("Name"), max_length=80)


class MemberForm(forms.Form):
    """Which service joins, and how much of each allowance it may take."""

    service = forms.TypedChoiceField(label=_("Service"), coerce=int)
    minutes = forms.IntegerField(
        label=_("At most minutes of calls"), min_value=0, max_value=10**6, required=False
    )
    messages = forms.IntegerField(
        label=_("At most messages"), min_value=0, max_value=10**6, required=False
    )
    gigabytes = forms.IntegerField(
        label=_("At most gigabytes"), min_value=0, max_value=10**5, required=False
    )

    def __init__(self, *args: Any, services: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services  # type: ignore[attr-defined]

    def caps(self) -> dict[str, Any]:
        """Return the caps as the operation takes them."""
        typed = self.cleaned_data
        wanted = (
            ("voice", "minutes", MINUTE),
            ("sms", "messages", 1),
            ("data", "gigabytes", GIGABYTE),
        )
        return {
            f"cap_{kind}": None if typed[field] is None else typed[field] * unit
            for kind, field, unit in wanted
        }
