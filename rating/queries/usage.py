"""
Priced usage of an account, page by page, and why each record cost what it did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Priced, Segment, Use, price_one
from rating.models import PricedUsage
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import Allowance, UsageKind, Zone
from tariffs.models import Allowance as AllowanceRow
from tariffs.models import Zone as ZoneRow

#: (started_at, source_id, record_key, revision): where a page ended.
Key = tuple[datetime, int, int, int]


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Why a record cost what it did, computed anew from what was stored.

    `segments` are parts at one price; `amount` is what is stored. `agrees` is False if today's
    computation gives another amount: then the segments don't explain it.
    """

    usage: PricedUsage
    segments: tuple[Segment, ...]
    connection_fee: Decimal
    billed_units: int
    amount: Decimal
    agrees: bool


def list_usage(
    *,
    account_id: int,
    subscription_id: int | None = None,
    first: datetime | None = None,
    end: datetime | None = None,
    before: Key | None = None,
    limit: int = 50,
) -> list[PricedUsage]:
    """Return usage that started in [first, end), newest first, before the key of the last page."""
    rows = PricedUsage.objects.filter(account_id=account_id)
    if subscription_id is not None:
        rows = rows.filter(subscription_id=subscription_id)
    if first:
        rows = rows.filter(started_at__gte=first)
    if end:
        rows = rows.filter(started_at__lt=end)
    if before:
        rows = rows.filter(_older_than(before))
    order = ("-started_at", "-source_id", "-record_key", "-revision")
    return list(rows.order_by(*order)[:limit])


def key_of(usage: PricedUsage) -> Key:
    """Return the key after which the next page goes on."""
    return usage.started_at, usage.source_id, usage.record_key, usage.revision


def _older_than(key: Key) -> Q:
    started_at, source_id, record_key, revision = key
    same = Q(started_at=started_at)
    return Q(started_at__lte=started_at) & (
        Q(started_at__lt=started_at)
        | (same & Q(source_id__lt=source_id))
        | (same & Q(source_id=source_id, record_key__lt=record_key))
        | (same & Q(source_id=source_id, record_key=record_key, revision__lt=revision))
    )


def explain_usage(rows: Sequence[PricedUsage]) -> list[Explanation]:
    """
    Explain records through the scalar twin, in their order.

    A record reads what it took of allowances from its own row, so that the state of the counters
    then doesn't matter. If it took of several, all is shown as of the first.
    """
    zones = _zones(row.zone_id for row in rows)
    allowances = _allowances(row.allowance_id for row in rows)
    prices = {
        version_id: DeckPrices(tariffs_queries.load_deck(version_id), zones=zones)
        for version_id in {row.deck_version_id for row in rows}
    }
    return [
        _explain(row, prices[row.deck_version_id], allowances.get(row.allowance_id)) for row in rows
    ]


def _explain(row: PricedUsage, prices: DeckPrices, allowance: Allowance | None) -> Explanation:
    lefts = [AllowanceLeft(allowance, row.allowance_used)] if allowance else []
    use = Use(int(row.started_at.timestamp()), UsageKind(row.kind), row.quantity)
    priced: Priced = price_one(use, prices=prices, zone_id=row.zone_id, allowances=lefts)
    return Explanation(
        usage=row,
        segments=priced.segments,
        connection_fee=priced.connection_fee,
        billed_units=priced.billed_units,
        amount=row.amount,
        agrees=priced.amount == row.amount and priced.billed_units == row.billed,
    )


def _zones(ids: Iterable[int]) -> list[Zone]:
    rows = ZoneRow.objects.filter(pk__in=set(ids)).order_by("pk")
    return [Zone(row.pk, row.zone_class) for row in rows]


def _allowances(ids: Iterable[int]) -> dict[int, Allowance]:
    rows = AllowanceRow.objects.filter(pk__in=set(ids) - {0})
    return {
        row.pk: Allowance(
            allowance_id=row.pk,
            kind=UsageKind.from_code(row.usage_kind),
            amount=row.amount,
            zone_classes=frozenset(row.zone_classes),
            priority=row.priority,
            step=row.step,
        )
        for row in rows
    }
