"""From the tables to the plain dictionaries that `plain_rating.Description` reads, row by row."""

from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import IdentifierUse, PlanAssignment
from rating.models import UsageSource
from tariffs.models import Holiday, PlanVersion, RateDeck, RateDeckVersion, Zone
from tests.oracle.plain_rating import Description
from tests.oracle.switch_files import Source


def describe_database() -> Description:
    """Return the published catalogue and all subscribers."""
    plans = PlanVersion.objects.filter(published_at__isnull=False)
    return Description(
        {
            "time_zone": settings.TIME_ZONE,
            "zones": [
                {
                    "id": zone.pk,
                    "class": zone.zone_class,
                    "prefixes": [row.prefix for row in zone.prefixes.all()],
                }
                for zone in Zone.objects.prefetch_related("prefixes")
            ],
            "plans": {plan.pk: _plan(plan) for plan in plans},
            "identifiers": [
                {
                    "value": row.value,
                    "subscription": row.subscription_id,
                    "account": row.account_id,
                    "from": _second(row.active_from),
                    "to": _second(row.active_to),
                }
                for row in IdentifierUse.objects.all()
            ],
            "history": [
                {
                    "subscription": row.subscription_id,
                    "plan": row.plan_version_id,
                    "from": _second(row.active_from),
                    "to": _second(row.active_to),
                }
                for row in PlanAssignment.objects.all()
            ],
        }
    )


def plain_sources() -> dict[str, Source]:
    """Return the sources by code, as the plain readers want them."""
    return {
        source.code: Source(
            code=source.code,
            format=source.format,
            time_zone=source.time_zone,
            area_code=source.area_code,
            incoming=frozenset(source.incoming_contexts.split()),
        )
        for source in UsageSource.objects.all()
    }


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp())


def _plan(plan: PlanVersion) -> dict[str, Any]:
    return {
        "decks": {row.usage_kind: _versions(row.deck) for row in plan.decks.select_related("deck")},
        "allowances": [
            {
                "id": row.pk,
                "kind": row.usage_kind,
                "amount": row.amount,
                "classes": row.zone_classes,
                "zones": row.zone_ids,
                "priority": row.priority,
                "step": row.step,
                "factor": str(row.factor),
                "money": row.is_money,
                "recurrence": row.recurrence,
            }
            for row in plan.allowances.all()
        ],
    }


def _versions(deck: RateDeck) -> list[dict[str, Any]]:
    return [
        _version(row) for row in deck.versions.filter(published_at__isnull=False, replaced_at=None)
    ]


def _version(row: RateDeckVersion) -> dict[str, Any]:
    return {
        "id": row.pk,
        "from": row.valid_from.isoformat(),
        "to": row.valid_to.isoformat() if row.valid_to else None,
        "time_zone": row.time_zone,
        "rounding": row.rounding,
        "decimals": row.decimals,
        "follows_clock": row.follows_clock,
        "holidays": [day.isoformat() for day in Holiday.objects.values_list("day", flat=True)],
        "bands": [
            {
                "code": band.code,
                "weekdays": band.weekdays,
                "from": band.from_second,
                "to": band.to_second,
                "holidays": band.on_holidays,
                "priority": band.priority,
                "dates": band.dates,
                "windows": band.windows,
            }
            for band in row.bands.order_by("pk")
        ],
        "rates": [
            {
                "band": rate.band.code,
                "zone": rate.zone_id,
                "class": rate.zone_class,
                "price": str(rate.price),
                "unit": rate.unit,
                "fee": str(rate.connection_fee),
                "steps": [
                    [step.from_unit, str(step.price), step.unit, step.increment]
                    for step in rate.steps.order_by("from_unit")
                ],
            }
            for rate in row.rates.select_related("band").order_by("pk")
        ],
        "terms": [
            {
                "zone": terms.zone_id,
                "first": terms.first_increment,
                "next": terms.next_increment,
                "free": terms.free_units,
                "min": terms.min_units,
                "grace": terms.grace_units,
                "most": str(terms.max_cost)
                if terms.max_cost is not None and terms.on_max_cost == "cap"
                else None,
                "surcharges": [[due.at_unit, str(due.amount)] for due in terms.surcharges.all()],
            }
            for terms in row.terms.order_by("pk")
        ],
    }
