"""A small catalogue for tests: one voice deck and one plan on it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tariffs import operations
from tariffs.domain.drafts import AllowanceDraft, BandDraft, RateDraft, TermsDraft
from tariffs.models import (
    Package,
    PackageVersion,
    Plan,
    PlanVersion,
    RateDeck,
    RateDeckVersion,
    Zone,
    ZonePrefix,
)

NOW = datetime(2026, 1, 10, 9, tzinfo=UTC)
JANUARY = date(2026, 1, 1)
DAY_BAND = BandDraft("day", "День", "Day", from_second=8 * 3600, to_second=20 * 3600, priority=1)
ANY_BAND = BandDraft("any", "Всегда", "Always")


def make_zone(code: str = "DE", *, zone_class: str = "international", prefix: str = "49") -> Zone:
    zone = Zone.objects.create(code=code, name_ru=code, name_en=code, zone_class=zone_class)
    ZonePrefix.objects.create(zone=zone, prefix=prefix)
    return zone


def make_deck(code: str = "voice", *, kind: str = "voice") -> RateDeck:
    return operations.create_deck(code=code, name=code, usage_kind=kind)


def draft_version(deck: RateDeck, **changes: object) -> RateDeckVersion:
    draft: dict[str, object] = {
        "deck": deck,
        "valid_from": JANUARY,
        "bands": [ANY_BAND, DAY_BAND],
        "rates": [
            RateDraft("any", Decimal("1.50")),
            RateDraft("day", Decimal("2.50")),
            RateDraft("any", Decimal(20), zone_class="international"),
        ],
        "terms": [TermsDraft(grace_units=3)],
        **changes,
    }
    return operations.draft_deck_version(**draft)


def make_published_deck(code: str = "voice") -> RateDeck:
    deck = make_deck(code)
    operations.publish_deck_version(version_id=draft_version(deck).pk, now=NOW)
    return deck


def make_plan(code: str = "city", **changes: str) -> Plan:
    words = {"name_ru": "Город", "name_en": "City", "service": "mobile", **changes}
    return operations.create_plan(code=code, **words)


def make_published_version(plan: Plan, **changes: object) -> PlanVersion:
    draft: dict[str, object] = {
        "plan": plan,
        "fee": Decimal("300.00"),
        "on_sale_from": JANUARY,
        "allowances": [AllowanceDraft("voice", 6000, ("local",))],
        **changes,
    }
    version = operations.draft_plan_version(**draft)
    return operations.publish_plan_version(version_id=version.pk, now=NOW)


def make_published_package(code: str = "more", **changes: object) -> PackageVersion:
    """A package of a gigabyte; its names are `code` unless the package is there already."""
    names = {"name_ru": code, "name_en": code}
    package, _ = Package.objects.get_or_create(code=code, defaults=names)
    draft: dict[str, object] = {
        "package": package,
        "fee": Decimal("100.00"),
        "on_sale_from": JANUARY,
        "allowances": [AllowanceDraft("data", 2**30)],
        **changes,
    }
    version = operations.draft_package_version(**draft)
    return operations.publish_package_version(version_id=version.pk, now=NOW)
