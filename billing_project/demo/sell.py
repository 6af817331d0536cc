"""
Puts the demo operator's catalogue on sale, through the catalogue's own operations.
"""

from datetime import datetime
from typing import Any

from accounts.models import LegalEntity
from billing_project.demo.catalogue import (
    BEGIN,
    BUNDLE,
    DECKS,
    MOVE_AFTER_DAYS,
    MOVE_DOWN,
    PACKAGES,
    PLANS,
    PRODUCTS,
    SOURCES,
    DemoDeck,
    DemoPackage,
    DemoPlan,
)
from rating.models import UsageSource
from tariffs import operations
from tariffs.domain.drafts import (
    AllowanceDraft,
    BandDraft,
    BundlePartDraft,
    RateDraft,
    TermsDraft,
)
from tariffs.models import PlanVersion, Product, RateDeck

HOUR = 3600
BANDS = (
    BandDraft("day", "Будни, день", "Weekday", (1, 2, 3, 4, 5), 8 * HOUR, 20 * HOUR, "never", 1),
    BandDraft("evening", "Вечер и ночь", "Evening and night"),
    BandDraft("weekend", "Выходные", "Weekend", (6, 7), on_holidays="any", priority=2),
    BandDraft("holiday", "Праздники", "Holidays", on_holidays="only", priority=3),
)


def create_operator() -> LegalEntity:
    """Write down the invented legal entity."""
    return LegalEntity.objects.create(
        name="Ладога Телеком",
        full_name="Общество с ограниченной ответственностью «Ладога Телеком»",
        inn="7830002293",
        kpp="783001001",
        ogrn="1157800000017",
        address="г. Санкт-Петербург, ул. Ладожская, д. 1",
        bank_name="АО «Северный расчётный банк»",
        bank_bic="044030001",
        bank_account="40702810700000000017",
        correspondent_account="30101810000000000001",
        phone="+7 812 600-00-00",
        email="help@ladoga.example",
        director="Ладогина Вера Андреевна",
    )


def put_on_sale(*, now: datetime) -> dict[str, PlanVersion]:
    """Create zones, price lists, plans and usage sources; return plan versions by plan code."""
    operations.ensure_reference_data()
    operations.ensure_world_zones(
        home_region="812,813",
        own_prefixes=("790055",),
        home_mobile_prefixes=("7921", "7911", "7981"),
    )
    decks = {deck.code: _deck(deck, now=now) for deck in DECKS}
    for code, name, form in SOURCES:
        UsageSource.objects.create(code=code, name=name, format=form)
    products = {
        product.code: operations.create_product(
            code=product.code,
            name_ru=product.name_ru,
            name_en=product.name_en,
            kind=product.kind,
            down_kbps=product.speeds[0] if product.speeds else None,
            up_kbps=product.speeds[1] if product.speeds else None,
        )
        for product in PRODUCTS
    }
    versions = {plan.code: _plan(plan, decks, products, now=now) for plan in PLANS}
    for package in PACKAGES:
        _package(package, now=now)
    _bundle(now=now)
    operations.set_move_rule(fee_down=MOVE_DOWN, min_days=MOVE_AFTER_DAYS)
    return versions


def _deck(demo: DemoDeck, *, now: datetime) -> RateDeck:
    deck = operations.create_deck(code=demo.code, name=demo.name, usage_kind=demo.usage_kind)
    version = operations.draft_deck_version(
        deck=deck,
        valid_from=BEGIN,
        bands=BANDS,
        rates=_rates(demo),
        terms=(
            TermsDraft(
                first_increment=demo.first_increment,
                next_increment=demo.next_increment,
                free_units=demo.free_units,
                grace_units=demo.grace_units,
            ),
        ),
    )
    operations.publish_deck_version(version_id=version.pk, now=now)
    return deck


def _rates(demo: DemoDeck) -> list[RateDraft]:
    rates: list[RateDraft] = []
    for price in demo.prices:
        amounts = {
            "day": price.day,
            "evening": price.evening,
            "weekend": price.weekend,
            "holiday": price.weekend,
        }
        rates.extend(
            RateDraft(
                band_code=band,
                price=amount,
                zone_class=price.zone_class,
                unit=demo.unit,
                connection_fee=price.connection,
            )
            for band, amount in amounts.items()
        )
    return rates


def _package(demo: DemoPackage, *, now: datetime) -> None:
    package = operations.create_package(code=demo.code, name_ru=demo.name_ru, name_en=demo.name_en)
    version = operations.draft_package_version(
        package=package,
        fee=demo.fee,
        fee_period=demo.fee_period,
        on_sale_from=BEGIN,
        allowances=[
            AllowanceDraft(
                demo.allowance.usage_kind,
                demo.allowance.amount,
                demo.allowance.zone_classes,
                recurrence="once" if demo.fee_period == "once" else "month",
            )
        ],
        services=list(demo.services),
        validity_days=demo.validity_days,
    )
    operations.publish_package_version(version_id=version.pk, now=now)


def _bundle(*, now: datetime) -> None:
    code, name_ru, name_en, plans, price = BUNDLE
    bundle = operations.create_bundle(code=code, name_ru=name_ru, name_en=name_en)
    version = operations.draft_bundle_version(
        bundle=bundle,
        on_sale_from=BEGIN,
        parts=[BundlePartDraft(plan_code=plan) for plan in plans],
        price=price,
    )
    operations.publish_bundle_version(version_id=version.pk, now=now)


def _plan(
    demo: DemoPlan, decks: dict[str, RateDeck], products: dict[str, Product], *, now: datetime
) -> PlanVersion:
    plan = operations.create_plan(
        code=demo.code,
        name_ru=demo.name_ru,
        name_en=demo.name_en,
        service=demo.service,
        account_kind=demo.account_kind,
        audience=demo.audience,
    )
    terms: dict[str, Any] = {
        "fee_period": demo.fee_period,
        "fee_timing": demo.fee_timing,
        "connection_price": demo.connection_price,
        "tax_included": demo.tax_included,
    }
    if demo.speed_kbps:
        terms |= {"speed_kbps": demo.speed_kbps, "slow_speed_kbps": 512}
    version = operations.draft_plan_version(
        plan=plan,
        fee=demo.fee,
        on_sale_from=BEGIN,
        decks={kind: decks[code] for kind, code in demo.decks},
        allowances=[
            AllowanceDraft(item.usage_kind, item.amount, item.zone_classes)
            for item in demo.allowances
        ],
        products=[products[code] for code in demo.products],
        **terms,
    )
    published = operations.publish_plan_version(version_id=version.pk, now=now)
    if demo.is_archived:
        operations.archive_plan(plan_id=plan.pk)
    return published
