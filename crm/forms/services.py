"""
Services: connecting, changing the plan, terminating.
"""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain.identifiers import format_phone
from accounts.models import PoolNumber
from crm.queries import sales
from tariffs.models import Plan, PlanVersion

#: Which numbers of the pool a service begins with.
KIND_OF_SERVICE: Final = {"mobile": "msisdn", "fixed": "fixed"}
#: What begins with a login; television with one if it has its own.
WITH_LOGIN: Final = {Plan.Service.INTERNET, Plan.Service.IPTV}


class PlanForm(forms.Form):
    """One of the plans on sale."""

    plan_version = forms.ChoiceField(label=_("Plan"))

    def __init__(self, *args: Any, plans: Iterable[PlanVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plans = {version.pk: version for version in plans}
        choices = [(version.pk, sales.plan_label(version)) for version in self.plans.values()]
        self.fields["plan_version"].choices = choices  # type: ignore[attr-defined]

    @property
    def version(self) -> PlanVersion:
        """The plan version chosen; only after is_valid()."""
        return self.plans[int(self.cleaned_data["plan_version"])]


class ConnectForm(PlanForm):
    """A plan, a number out of the pool or a login, an address for what is fixed."""

    number = forms.ChoiceField(
        label=_("Number"), required=False, help_text=_("Free numbers of the pool.")
    )
    login = forms.SlugField(
        label=_("Login"), max_length=32, required=False, help_text=_("For internet.")
    )
    address = forms.CharField(
        label=_("Address"), max_length=250, required=False, help_text=_("For what is fixed.")
    )

    def __init__(self, *args: Any, numbers: Iterable[PoolNumber], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (f"{row.kind}:{row.value}", f"{format_phone(row.value)} · {row.get_kind_display()}")
            for row in numbers
        ]
        self.fields["number"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A telephone service begins with a number of its kind, internet with a login."""
        cleaned = super().clean() or {}
        if "plan_version" not in cleaned:
            return cleaned
        service = self.version.plan.service
        if service not in KIND_OF_SERVICE:
            if service == Plan.Service.INTERNET and not cleaned.get("login"):
                self.add_error("login", _("Internet needs a login."))
        elif not cleaned.get("number"):
            self.add_error("number", _("Choose a number."))
        elif cleaned["number"].partition(":")[0] != KIND_OF_SERVICE[service]:
            self.add_error("number", _("This number is not for this service."))
        return cleaned

    def identifiers(self) -> list[tuple[str, str]]:
        """Return the (kind, value) pair that the service begins with."""
        service = self.version.plan.service
        if service not in KIND_OF_SERVICE:
            login = self.cleaned_data["login"] if service in WITH_LOGIN else ""
            return [("login", login)] if login else []
        kind, _colon, value = self.cleaned_data["number"].partition(":")
        return [(kind, value)]


class ChangePlanForm(PlanForm):
    """The new plan, from a day if one is named; `seen` is the quote that was shown before."""

    wanted = forms.DateField(
        label=_("From which day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: as early as the rules allow."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class TerminateForm(forms.Form):
    """Why, and that the cost was seen."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("moved", _("moves away")),
            ("price", _("too expensive")),
            ("quality", _("not content with quality")),
            ("rival", _("goes to another operator")),
            ("other", _("other")),
        ],
    )
    is_final = forms.BooleanField(
        label=_("If it is the last service: final bill tonight, deposits are returned against it"),
        required=False,
        initial=True,
    )
    is_sure = forms.BooleanField(label=_("The subscriber heard what it costs and wants it"))
