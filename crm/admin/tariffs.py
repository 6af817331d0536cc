"""The catalogue: plans, decks, zones, holidays, tax. What is published can only be read."""

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.admin.site import CatalogueAdmin, CatalogueInline, site
from tariffs import models
from tariffs import operations as tariffs_operations


def _is_published(obj: Model | None) -> bool:
    return getattr(obj, "published_at", None) is not None


class _PublishedInline(CatalogueInline):
    def is_frozen(self, obj: Model | None) -> bool:
        """Inlines are asked about the row they are inside of."""
        return _is_published(obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is added to what is published."""
        return super().has_add_permission(request, obj) and not self.is_frozen(obj)


class PlanDeckInline(_PublishedInline):
    """Which deck prices what."""

    model = models.PlanDeck
    autocomplete_fields = ("deck",)


class AllowanceInline(_PublishedInline):
    """Included volumes."""

    model = models.Allowance


@admin.register(models.Plan, site=site)
class PlanAdmin(CatalogueAdmin):
    """Plans by name."""

    list_display = ("code", "name_ru", "service", "account_kind", "audience", "is_archived")
    list_filter = ("service", "audience", "is_archived")
    search_fields = ("code", "name_ru", "name_en")
    ordering = ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A plan is archived, not deleted."""
        return False


@admin.register(models.PlanVersion, site=site)
class PlanVersionAdmin(CatalogueAdmin):
    """Versions of plans; a published one is read only."""

    list_display = ("plan", "number", "fee", "fee_period", "on_sale_from", "published_at")
    list_filter = ("plan__service",)
    list_select_related = ("plan",)
    search_fields = ("plan__code", "plan__name_ru")
    readonly_fields = ("published_at",)
    ordering = ("plan__code", "-number")
    inlines = (PlanDeckInline, AllowanceInline)
    actions = ("publish",)

    def is_frozen(self, obj: Model | None) -> bool:
        """Published for good."""
        return _is_published(obj)

    @admin.action(description=_("Publish the chosen versions"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: "QuerySet[models.PlanVersion]") -> None:
        """Publish each; say which could not be and why."""
        for version in queryset.select_related("plan"):
            try:
                tariffs_operations.publish_plan_version(version_id=version.pk, now=timezone.now())
            except tariffs_operations.UnableToPublishPlan as refusal:
                messages.error(request, f"{version.plan.code} v{version.number}: {refusal}")
            else:
                messages.success(request, f"{version.plan.code} v{version.number}")


@admin.register(models.RateDeck, site=site)
class RateDeckAdmin(CatalogueAdmin):
    """Price lists by name."""

    list_display = ("code", "name", "usage_kind")
    search_fields = ("code", "name")
    ordering = ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A deck stays."""
        return False


class BandInline(_PublishedInline):
    """Tariff times."""

    model = models.Band


class ZoneTermsInline(_PublishedInline):
    """Counting rules."""

    model = models.ZoneTerms
    autocomplete_fields = ("zone",)


class RateInline(_PublishedInline):
    """Prices."""

    model = models.Rate
    autocomplete_fields = ("zone",)
    fk_name = "deck_version"


@admin.register(models.RateDeckVersion, site=site)
class RateDeckVersionAdmin(CatalogueAdmin):
    """Versions of decks; a published one is read only."""

    list_display = ("deck", "valid_from", "valid_to", "published_at")
    list_select_related = ("deck",)
    list_filter = ("deck__usage_kind",)
    search_fields = ("deck__code",)
    readonly_fields = ("published_at",)
    ordering = ("deck__code", "-valid_from")
    inlines = (BandInline, ZoneTermsInline, RateInline)
    actions = ("publish",)

    def is_frozen(self, obj: Model | None) -> bool:
        """Published for good."""
        return _is_published(obj)

    @admin.action(description=_("Publish the chosen versions"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: "QuerySet[models.RateDeckVersion]") -> None:
        """Publish each; say which could not be and why."""
        for version in queryset.select_related("deck"):
            try:
                tariffs_operations.publish_deck_version(version_id=version.pk, now=timezone.now())
            except tariffs_operations.UnableToPublishDeck as refusal:
                messages.error(request, f"{version.deck.code} {version.valid_from}: {refusal}")
            else:
                messages.success(request, f"{version.deck.code} {version.valid_from}")


@admin.register(models.Zone, site=site)
class ZoneAdmin(CatalogueAdmin):
    """Destinations."""

    list_display = ("code", "name_ru", "name_en", "zone_class", "country")
    list_filter = ("zone_class",)
    search_fields = ("code", "name_ru", "name_en")
    ordering = ("code",)


@admin.register(models.ZonePrefix, site=site)
class ZonePrefixAdmin(CatalogueAdmin):
    """Prefixes of destinations."""

    list_display = ("prefix", "zone")
    list_select_related = ("zone",)
    search_fields = ("prefix", "zone__name_ru", "zone__code")
    autocomplete_fields = ("zone",)
    ordering = ("prefix",)


@admin.register(models.Holiday, site=site)
class HolidayAdmin(CatalogueAdmin):
    """Days with holiday prices."""

    list_display = ("day", "name")
    search_fields = ("name",)
    ordering = ("-day",)


@admin.register(models.TaxRate, site=site)
class TaxRateAdmin(CatalogueAdmin):
    """Percents of tax, dated."""

    list_display = ("category", "percent", "valid_from", "valid_to")
    ordering = ("category", "-valid_from")
