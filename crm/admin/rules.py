"""Rules as data: access, promised payment, gateways, templates, usage sources, number series."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.queries.credit import list_classes
from crm.admin.site import CatalogueAdmin, ReadOnlyAdmin, site
from crm.models import StaffSignIn
from dunning import operations as dunning_operations
from dunning.models import AccessRule
from invoicing.models import DebtPolicy, KeyRate, LateFeeRule, NumberSeries
from notifications.domain.wording import UnableToWord, check_template
from notifications.models import Template
from notifications.operations.templates import change_template
from provisioning.models import Gateway
from rating.formats import FORMATS
from rating.formats.schema import pattern
from rating.models import SuspenseThreshold, UsageSource
from tariffs.models import PauseRule


@admin.register(AccessRule, site=site)
class AccessRuleAdmin(CatalogueAdmin):
    """What services may do at how much money."""

    list_display = (
        "position",
        "service",
        "account_kind",
        "below",
        "or_equal",
        "effect",
        "is_active",
    )
    ordering = ("position",)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """The credit class is one there is, or any."""
        if db_field.name != "credit_class":
            field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
            return field
        choices = [("", _("any class")), *((each.code, each.name) for each in list_classes())]
        return forms.ChoiceField(label=_("Credit class"), choices=choices, required=False)

    def save_model(self, request: HttpRequest, obj: Model, form: object, change: bool) -> None:  # noqa: PLR0917 - Django's signature
        """Save the rule; everybody is decided anew by it."""
        super().save_model(request, obj, form, change)
        dunning_operations.apply_new_rules()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete the rule; everybody is decided anew without it."""
        super().delete_model(request, obj)
        dunning_operations.apply_new_rules()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[AccessRule]") -> None:
        """Delete several rules; everybody is decided anew without them."""
        super().delete_queryset(request, queryset)
        dunning_operations.apply_new_rules()


@admin.register(PauseRule, site=site)
class PauseRuleAdmin(CatalogueAdmin):
    """How services may be paused: how long, for how much."""

    list_display = ("__str__", "is_allowed", "min_days", "max_days", "free_days", "fee")
    list_select_related = ("plan",)


@admin.register(Gateway, site=site)
class GatewayAdmin(CatalogueAdmin):
    """Ways to the network; secrets are in the environment, here are only their names."""

    list_display = ("code", "kind", "url", "is_active")
    edit_right = "crm.set_up"


class TemplateForm(forms.ModelForm[Template]):
    """The wording of a message; what it may name is checked before it is kept."""

    class Meta:
        model = Template
        fields = ("subject", "body")

    def clean(self) -> dict[str, Any]:
        """Refuse a text that uses what its event doesn't have."""
        cleaned = super().clean() or {}
        for field in ("subject", "body"):
            try:
                check_template(cleaned.get(field, ""), event_kind=self.instance.event_kind)
            except UnableToWord as refusal:
                self.add_error(field, str(refusal))
        return cleaned


@admin.register(Template, site=site)
class TemplateAdmin(CatalogueAdmin):
    """Wordings of messages: saving one writes a new version, which becomes the current one."""

    form = TemplateForm
    list_display = ("event_kind", "channel", "language", "version", "subject", "is_current")
    list_filter = ("channel", "language", "is_current")
    search_fields = ("event_kind", "subject", "body")
    ordering = ("event_kind", "channel", "language", "-version")

    def is_frozen(self, obj: Model | None) -> bool:
        """An earlier version is history."""
        return isinstance(obj, Template) and not obj.is_current

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """There is one of each already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What was said stays known."""
        return False

    def save_model(  # noqa: PLR0917 - Django's own signature
        self, request: HttpRequest, obj: Template, form: TemplateForm, change: bool
    ) -> None:
        """Write the next version; the one on the page stays as it was."""
        change_template(
            event_kind=obj.event_kind,
            channel=obj.channel,
            language=obj.language,
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
        )


class UsageSourceForm(forms.ModelForm[UsageSource]):
    """A source; its format says whether it understands the mapping."""

    class Meta:
        model = UsageSource
        fields = (
            *("code", "name", "format", "time_zone", "area_code", "incoming_contexts"),
            *("mapping", "file_number_pattern", "file_number_modulus", "partial_hours"),
        )

    def clean(self) -> dict[str, Any]:
        """Refuse what would have each file of the source refused."""
        cleaned = super().clean() or {}
        known = FORMATS.get(cleaned.get("format", ""))
        if known is None:
            message = _("There are these formats: %s") % ", ".join(FORMATS)
            self.add_error("format", message)
        elif wrong := known.check(cleaned.get("mapping") or {}):
            self.add_error("mapping", [str(sentence) for sentence in wrong])
        if number := cleaned.get("file_number_pattern"):
            for sentence in pattern("seq")(number, number):
                self.add_error("file_number_pattern", sentence)
        if cleaned.get("time_zone") not in available_timezones():
            self.add_error("time_zone", _("There is no such time zone."))
        return cleaned

    def clean_mapping(self) -> dict[str, Any]:
        """Nothing written is an empty document."""
        return self.cleaned_data["mapping"] or {}


@admin.register(UsageSource, site=site)
class UsageSourceAdmin(CatalogueAdmin):
    """Switches that write usage files."""

    form = UsageSourceForm
    list_display = ("code", "name", "format", "time_zone")
    edit_right = "crm.set_up"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its files name it."""
        return False


@admin.register(NumberSeries, site=site)
class NumberSeriesAdmin(ReadOnlyAdmin):
    """Gapless numbers; moved by the bills only."""

    list_display = ("legal_entity", "document", "year", "prefix", "last")
    list_select_related = ("legal_entity",)


@admin.register(StaffSignIn, site=site)
class StaffSignInAdmin(ReadOnlyAdmin):
    """Who tried to sign in, from where."""

    view_right = "crm.manage_staff"
    list_display = ("login", "address", "succeeded", "tried_at")
    list_filter = ("succeeded",)
    search_fields = ("login",)
    ordering = ("-pk",)


@admin.register(SuspenseThreshold, site=site)
class SuspenseThresholdAdmin(CatalogueAdmin):
    """When a reason's share of the records is alarming; without a row: 3 times, 1 %, 10 records."""

    list_display = ("__str__", "times", "least_percent", "least_records")


@admin.register(LateFeeRule, site=site)
class LateFeeRuleAdmin(CatalogueAdmin):
    """What being late costs; days that were counted keep what they came to."""

    list_display = (
        *("position", "way", "percent", "divisor", "amount", "grace_days"),
        *("customer_kind", "credit_class", "active_from", "active_to"),
    )
    ordering = ("position",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Days were counted by it: it is ended by its last day."""
        return False


@admin.register(KeyRate, site=site)
class KeyRateAdmin(CatalogueAdmin):
    """The central bank's key rate, from day to day."""

    list_display = ("valid_from", "percent")


@admin.register(DebtPolicy, site=site)
class DebtPolicyAdmin(CatalogueAdmin):
    """Instalments that are agreed to, and how payments of companies are split."""

    list_display = ("legal_entity", "most_parts", "most_days", "fee", "self_service", "split")
    list_select_related = ("legal_entity",)
