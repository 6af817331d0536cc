"""
What online charging reads: prices kept in the process, its clients, its sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from rating.domain.prices import DeckPrices
from rating.domain.zones import longest_prefix
from rating.models import ChargingClient, ChargingSession
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import NO_ZONE, Allowance, Deck, PlanPricing, UsageKind, Zone
from tariffs.models import Band

#: Changes with everything that prices usage: published versions don't change, they end or are
#: replaced, and numbers get new zones.
STAMP: Final = """
    SELECT concat_ws('|',
        (SELECT concat(count(*), ' ', max(published_at)) FROM tariffs_planversion
          WHERE published_at IS NOT NULL),
        (SELECT concat(count(*), ' ', max(published_at), ' ', max(replaced_at), ' ',
                       sum(valid_to - DATE '2000-01-01'))
           FROM tariffs_ratedeckversion WHERE published_at IS NOT NULL),
        (SELECT concat(count(*), ' ', max(published_at)) FROM tariffs_packageversion
          WHERE published_at IS NOT NULL),
        (SELECT concat(count(*), ' ', max(id)) FROM tariffs_zone),
        (SELECT max(id) FROM tariffs_zoneprefix),
        (SELECT count(*) FROM tariffs_holiday))
"""
LEFT: Final = """
    SELECT c.account_id, c.subscription_id, c.allowance_id, c.period, c.granted + c.carried - c.used
      FROM rating_allowanceuse c
      JOIN unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[])
           AS k (account_id, subscription_id, allowance_id, period)
     USING (account_id, subscription_id, allowance_id, period)
"""
#: How long what is kept in the process is believed without asking.
BELIEVED_FOR: Final = timedelta(seconds=1)
#: Sessions may have begun so long ago.
OLDEST_SESSION: Final = timedelta(days=40)


def held_for(account_id: int, subscription_id: int) -> Decimal:
    """Return what the sessions of a service hold that are not in the ledger yet."""
    sessions = ChargingSession.objects.filter(
        account_id=account_id, subscription_id=subscription_id, booked_at__isnull=True
    )
    total: Decimal | None = sessions.aggregate(total=Sum("held"))["total"]
    return total or Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Client:
    """A ChargingClient as values, with the format and area code of its source."""

    id: int
    code: str
    source_id: int
    format: str
    area_code: str
    voice_slice: int
    data_slice: int
    validity: int
    grace: int
    record_wait: int

    @classmethod
    def of(cls, row: ChargingClient) -> "Client":
        """Return the values of a row with its source."""
        source = row.source
        return cls(
            id=row.pk,
            code=row.code,
            source_id=row.source_id,
            format=source.format,
            area_code=source.area_code if source.area_code.isdecimal() else "",
            voice_slice=row.voice_slice,
            data_slice=row.data_slice,
            validity=row.validity,
            grace=row.grace,
            record_wait=row.record_wait,
        )

    def slice_of(self, kind: UsageKind) -> int:
        """Return how many units are reserved at once unless the client wants fewer or more."""
        if kind is UsageKind.VOICE:
            return self.voice_slice
        return 1 if kind is UsageKind.SMS else self.data_slice


class Reference:
    """Everything that prices usage, as it was when `stamp` was read; never changed."""

    def __init__(
        self,
        *,
        stamp: str,
        plans: Sequence[PlanPricing],
        decks: Mapping[int, tuple[Deck, ...]],
        packages: Mapping[int, tuple[Allowance, ...]],
        zones: Sequence[Zone],
        bands: Mapping[tuple[int, str], int],
    ) -> None:
        self.stamp = stamp
        self.plans = {plan.plan_version_id: plan for plan in plans}
        self.decks = decks
        self.packages = packages
        self.bands = bands
        self.allowances = {
            allowance.allowance_id: allowance
            for found in (*(plan.allowances for plan in plans), *packages.values())
            for allowance in found
        }
        self.classes = {zone.zone_id: zone for zone in zones}
        self._tables: dict[int, dict[str, int]] = {}
        for zone in zones:
            table = self._tables.setdefault(zone.scheme_id, {})
            table.update((prefix, zone.zone_id) for prefix in zone.prefixes)
        #: No prefix is longer.
        self._longest = max(
            (len(one) for table in self._tables.values() for one in table), default=0
        )
        # Those of no plan too: a company's own deck may be any.
        by_version = {deck.version_id: deck for versions in decks.values() for deck in versions}
        self.prices = {
            version: DeckPrices(deck, zones=zones) for version, deck in by_version.items()
        }

    def deck_at(
        self, plan_version_id: int, kind: UsageKind, moment: int, *, own: int | None = None
    ) -> Deck | None:
        """
        Return the deck version in force for a kind of usage at a moment.

        `own` is the company's own deck; one without versions brings nothing, as in the night.
        """
        versions = self.plans[plan_version_id].decks.get(kind, ())
        for deck in self.decks.get(own or 0, versions):
            day = datetime.fromtimestamp(moment, ZoneInfo(deck.timezone)).date()
            if deck.valid_from <= day and (deck.valid_to is None or day < deck.valid_to):
                return deck
        return None

    def zone_of(self, prices: DeckPrices, number: str) -> int:
        """Return the zone of the longest prefix that the deck prices, 0 if there is none."""
        table = self._tables.get(prices.deck.scheme_id, {})
        return longest_prefix(table, number[: self._longest], among=prices.zones) or NO_ZONE

    def allowances_of(
        self, plan_version_id: int, packages: Sequence[int], kind: UsageKind
    ) -> list[Allowance]:
        """Return the allowances of a plan with its packages, in the order of their use."""
        plan = self.plans[plan_version_id]
        found = [*plan.allowances, *(a for pk in packages for a in self.packages.get(pk, ()))]
        mine = [allowance for allowance in found if allowance.kind == kind]
        return sorted(mine, key=lambda allowance: (-allowance.priority, allowance.allowance_id))


def load_reference(*, on: date) -> Reference:
    """Load all that prices sessions which began in the weeks before a day, or later."""
    # The stamp first: what changes while the rest is read is read again.
    stamp = _read_stamp()
    decks = tariffs_queries.load_decks(on_or_after=on - OLDEST_SESSION)
    bands = Band.objects.values_list("deck_version_id", "code", "id")
    return Reference(
        stamp=stamp,
        plans=tariffs_queries.load_plan_pricing(decks=decks),
        decks=decks,
        packages={
            package.package_version_id: tuple(package.allowances)
            for package in tariffs_queries.load_package_pricing()
        },
        zones=tariffs_queries.load_zones(),
        bands={(version, code): pk for version, code, pk in bands},
    )


def _read_stamp() -> str:
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        return str(cursor.fetchone()[0])


def load_clients() -> dict[str, Client]:
    """Return the clients in use by the hash of their token."""
    rows = ChargingClient.objects.filter(is_active=True).select_related("source")
    return {row.token_hash: Client.of(row) for row in rows}


def get_session(session_id: int) -> ChargingSession:
    """Return a session with its client and source. Raises ChargingSession.DoesNotExist."""
    return ChargingSession.objects.select_related("client__source").get(pk=session_id)


def list_expired(*, now: datetime, limit: int) -> list[ChargingSession]:
    """List running sessions whose time is over, with client and source, oldest first."""
    running = ChargingSession.objects.filter(ended_at__isnull=True, expires_at__lt=now)
    return list(running.select_related("client__source").order_by("pk")[:limit])


def list_bookable(*, now: datetime, limit: int) -> list[ChargingSession]:
    """List ended sessions that are to be booked now, oldest first."""
    ended = ChargingSession.objects.filter(
        ended_at__isnull=False, booked_at__isnull=True, bookable_at__lte=now
    )
    return list(ended.order_by("bookable_at", "pk")[:limit])


def list_client_sources() -> list[int]:
    """List the sources that clients speak for, in the order in which they are locked."""
    sources = ChargingClient.objects.order_by("source_id")
    return list(sources.values_list("source_id", flat=True).distinct())


def free_units(
    keys: Sequence[tuple[int, int, int, int]], reference: Reference
) -> dict[tuple[int, int, int, int], int]:
    """Return what is left of counters: (owner's account, owner, allowance, period)."""
    free = {key: reference.allowances[key[2]].amount for key in keys}
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(LEFT, [list(column) for column in zip(*keys, strict=True)])
            free |= {tuple(row[:4]): row[4] for row in cursor.fetchall()}
    return free


def list_sessions(
    *, account_ids: Sequence[int] | None = None, before: int | None = None, limit: int = 50
) -> list[ChargingSession]:
    """List sessions that hold money or run, newest first, of some accounts or of all."""
    found = ChargingSession.objects.filter(booked_at__isnull=True)
    if account_ids is not None:
        found = found.filter(account_id__in=account_ids)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.select_related("client").order_by("-pk")[:limit])


class Memory:
    """
    What a process keeps: prices and clients, asked anew at most once a second whether they changed.

    While one thread reads them anew the others go on with what there is.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._reference: Reference | None = None
        self._clients: dict[str, Client] = {}
        self._asked_at = datetime.min.replace(tzinfo=UTC)

    def get(self, now: datetime) -> tuple[Reference, dict[str, Client]]:
        """Return prices, and clients by the hash of their token."""
        reference = self._reference
        if reference is not None and abs(now - self._asked_at) < BELIEVED_FOR:
            return reference, self._clients
        if not self._lock.acquire(blocking=reference is None):
            # Another thread is at it.
            return reference or load_reference(on=_day(now)), self._clients
        try:
            self._reference = self._fresh(now)
            self._clients = load_clients()
            self._asked_at = now
            return self._reference, self._clients
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Have everything read anew."""
        self._reference = None

    def _fresh(self, now: datetime) -> Reference:
        known = self._reference
        is_fresh = known is not None and known.stamp == _read_stamp()
        return known if known is not None and is_fresh else load_reference(on=_day(now))


def _day(now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


MEMORY: Final = Memory()
