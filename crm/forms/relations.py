"""
Units of companies, people of households, identity documents.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.domain.households import Role
from accounts.models import (
    Account,
    CompanyUnit,
    Contract,
    Customer,
    HouseholdMember,
    IdentityDocument,
)
from crm.forms.customers import DAY, AccountForm


class UnitForm(forms.Form):
    """A branch or department."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
    name = forms.CharField(label=pgettext_lazy("customer", "name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=CompanyUnit.Kind)
    kpp = forms.RegexField(
        r"^\d{9}$",
        label=_("KPP"),
        required=False,
        error_messages={"invalid": _("A KPP has nine digits.")},
    )
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=40, required=False)
    is_billed_apart = forms.BooleanField(
        label=_("Billed apart"),
        required=False,
        help_text=_("Otherwise the unit stands on the company's consolidated bill."),
    )


class UnitTermsForm(forms.Form):
    """Where a unit hangs, and how it is billed."""

    parent_id = forms.TypedChoiceField(label=_("Beneath"), coerce=int)
    kind = forms.ChoiceField(label=_("Kind"), choices=CompanyUnit.Kind)
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=40, required=False)
    is_billed_apart = forms.BooleanField(label=_("Billed apart"), required=False)

    def __init__(self, *args: Any, places: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent_id"].choices = places  # type: ignore[attr-defined]


class UnitAccountForm(AccountForm):
    """An account of a unit, under a contract of its company."""

    contract = forms.ModelChoiceField(label=_("Contract"), queryset=Contract.objects.none())
    field_order = ("request_id", "contract", "kind", "credit_limit", "cycle_day")

    def __init__(self, *args: Any, contracts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contract"].queryset = contracts  # type: ignore[attr-defined]
        self.fields["kind"].initial = Account.Kind.POSTPAID


class HouseholdForm(forms.Form):
    """A household by its name; the person becomes its owner."""

    request_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
    name = forms.CharField(
        label=pgettext_lazy("customer", "name"),
        max_length=200,
        help_text=_("As the family will know it: «Smirnov family»."),
    )


class MemberOfHouseholdForm(forms.Form):
    """Who joins, found by account number, phone or name."""

    person = forms.CharField(
        label=_("Account number, phone or name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=HouseholdMember.ROLES, initial=Role.USER)

    def __init__(self, *args: Any, people: list[Customer] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people:
            self.fields["person_id"] = forms.TypedChoiceField(
                label=_("Who of them"),
                coerce=int,
                choices=[
                    (each.pk, f"{each.name}, {each.address or each.phone}") for each in people
                ],
            )


class RoleForm(forms.Form):
    """Another role of a member."""

    role = forms.ChoiceField(label=_("Role"), choices=HouseholdMember.ROLES)


class DocumentForm(forms.Form):
    """An identity document as it is written in it."""

    kind = forms.ChoiceField(label=_("Document"), choices=IdentityDocument.KINDS)
    number = forms.CharField(
        label=_("Series and number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    issued_on = forms.DateField(label=_("Date of issue"), widget=DAY, required=False)
    department = forms.CharField(label=_("Code of the office"), max_length=7, required=False)
    issued_by = forms.CharField(
        label=_("Issued by"),
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"place": "wide", "autocomplete": "off"}),
    )
    address = forms.CharField(
        label=_("Registered at"),
        max_length=250,
        required=False,
        widget=forms.TextInput(attrs={"place": "wide", "autocomplete": "off"}),
    )


class SeeDocumentForm(forms.Form):
    """Why somebody has to see what stands in a document."""

    reason = forms.CharField(
        label=_("Why you have to see it"),
        max_length=200,
        help_text=_("The reason is written down with your name."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class RemoveDocumentForm(forms.Form):
    """Why a document is removed."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class Nothing(forms.Form):
    """A form that asks nothing: what is shown is all there is."""
