"""
Priced usage of an account, page by page, and why each record cost what it did.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from rating.domain.prices import DeckPrices
from rating.domain.twin import AllowanceLeft, Priced, Segment, Use, price_one
from rating.models import PricedUsage, UsageCover
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import Allowance, Deck, UsageKind, Zone
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
    priced: Priced
    deck: Deck


def list_usage(
    *,
    account_id: int,
    subscription_id: int | None = None,
    first: datetime | None = None,
    end: datetime | None = None,
    before: Key | None = None,
    limit: int = 50,
) -> list[PricedUsage]:
    """
    Return usage that started in [first, end), newest first, before the key of the last page: each
    record once, with its price in force.
    """
    rows = in_force(PricedUsage.objects.filter(account_id=account_id))
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


def in_force(rows: QuerySet[PricedUsage]) -> QuerySet[PricedUsage]:
    """Return the rows that are the prices in force of their records."""
    newer = PricedUsage.objects.filter(
        account_id=OuterRef("account_id"),
        started_at=OuterRef("started_at"),
        source_id=OuterRef("source_id"),
        record_key=OuterRef("record_key"),
        revision__gt=OuterRef("revision"),
    )
    return rows.annotate(odd=F("revision") % 2).filter(~Exists(newer), odd=0)


def list_revisions(usage: PricedUsage) -> list[PricedUsage]:
    """Return all rows of a record where it is now, the newest first: its prices and reversals."""
    rows = PricedUsage.objects.filter(
        account_id=usage.account_id,
        started_at=usage.started_at,
        source_id=usage.source_id,
        record_key=usage.record_key,
    )
    return list(rows.order_by("-revision"))


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

    A record reads what it took of allowances from its own row and covers, so that the state of the
    counters then doesn't matter.
    """
    zones = _zones(row.zone_id for row in rows)
    taken = _taken(rows)
    allowances = _allowances(allowance_id for used in taken for allowance_id in used)
    prices = {
        version_id: DeckPrices(tariffs_queries.load_deck(version_id), zones=zones)
        for version_id in {row.deck_version_id for row in rows}
    }
    return [
        _explain(row, prices[row.deck_version_id], _lefts(used, allowances))
        for row, used in zip(rows, taken, strict=True)
    ]


def _taken(rows: Sequence[PricedUsage]) -> list[dict[int, int]]:
    """Return what each record took of which allowance: of its row, or of its covers if it has any."""
    covers: dict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    found = UsageCover.objects.filter(
        account_id__in={row.account_id for row in rows},
        started_at__in={row.started_at for row in rows},
        record_key__in={row.record_key for row in rows},
    )
    for cover in found:
        covers[_identity(cover)][cover.allowance_id] = cover.used
    return [
        covers.get(_identity(row))
        or ({row.allowance_id: row.allowance_used} if row.allowance_id else {})
        for row in rows
    ]


def _identity(row: PricedUsage | UsageCover) -> tuple[object, ...]:
    return row.account_id, row.started_at, row.source_id, row.record_key, row.revision


def _lefts(used: Mapping[int, int], allowances: Mapping[int, Allowance]) -> list[AllowanceLeft]:
    known = [allowances[allowance_id] for allowance_id in used if allowance_id in allowances]
    ordered = sorted(known, key=lambda one: (-one.priority, one.allowance_id))
    return [AllowanceLeft(one, used[one.allowance_id]) for one in ordered]


def _explain(row: PricedUsage, prices: DeckPrices, lefts: list[AllowanceLeft]) -> Explanation:
    use = Use(int(row.started_at.timestamp()), UsageKind(row.kind), row.quantity)
    priced = price_one(use, prices=prices, zone_id=row.zone_id, allowances=lefts)
    return Explanation(
        usage=row,
        segments=priced.segments,
        connection_fee=priced.connection_fee,
        billed_units=priced.billed_units,
        amount=row.amount,
        agrees=priced.amount == row.amount and priced.billed_units == row.billed,
        priced=priced,
        deck=prices.deck,
    )


def _zones(ids: Iterable[int]) -> list[Zone]:
    rows = ZoneRow.objects.filter(pk__in=set(ids)).order_by("pk")
    return [Zone(row.pk, row.zone_class) for row in rows]


def _allowances(ids: Iterable[int]) -> dict[int, Allowance]:
    rows = AllowanceRow.objects.filter(pk__in=set(ids) - {0})
    return {row.pk: tariffs_queries.allowance_value(row) for row in rows}
