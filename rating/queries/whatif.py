"""
What a comparison of two versions reads: the month's usage as columns, and both catalogues.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Q

from accounts import queries as accounts_queries
from billing_project.kernel import binary_copy
from billing_project.kernel.models import JobRun
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import CompiledCatalogue, CompiledTariffs, join
from rating.domain.subscribers import IdentifierColumns, PlanColumns, compile_subscribers
from rating.domain.usage import FOREVER, Bools, Ints, UsageColumns
from rating.domain.whatif import Fee, FeeColumns, exchange_deck, exchange_plan, seconds_within
from rating.models import Comparison
from tariffs import queries as tariffs_queries
from tariffs.domain.deck import PlanPricing, Zone
from tariffs.models import PlanVersion

#: Runs of comparisons in JobRun; the step is the comparison's id.
JOB: Final = "comparison"

_PLAN_SERVICES: Final = """
    SELECT subscription_id FROM accounts_planassignment
     WHERE plan_version_id = %s AND active_from < %s AND coalesce(active_to, 'infinity') > %s
       AND account_id >= %s AND account_id < %s
"""
_DECK_SERVICES: Final = """
    SELECT subscription_id FROM rating_pricedusage
     WHERE deck_version_id = %s AND started_at < %s AND started_at >= %s
       AND account_id >= %s AND account_id < %s
"""
_USAGE: Final = """
    SELECT account_id, subscription_id, started_at, source_id, record_key, revision, kind,
           other_number, quantity, (amount * 100)::bigint
      FROM rating_pricedusage
     WHERE started_at >= %s AND started_at < %s AND account_id >= %s AND account_id < %s
       AND subscription_id IN ({services})
"""
_USAGE_TYPES: Final = (
    *("bigint", "bigint", "timestamptz", "smallint", "bigint"),
    *("smallint", "smallint", "bigint", "bigint", "bigint"),
)


@dataclass(frozen=True, slots=True, eq=False)
class MonthUsage:
    """A month's records in force of some services, in order of time, with what they were charged."""

    usage: UsageColumns
    account_id: Ints
    stored: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """Who was on which plan version (or offer) when."""

    account_id: Ints
    subscription_id: Ints
    plan_version_id: Ints
    active_from: Ints
    active_to: Ints

    @classmethod
    def of(cls, columns: accounts_queries.PlanColumns) -> "_History":
        """Take the columns out of those of accounts."""
        return cls(*(getattr(columns, name) for name in cls.__slots__))

    def some(self, rows: Bools) -> "_History":
        """Return some of the rows."""
        return _History(*(getattr(self, name)[rows] for name in self.__slots__))

    def of_accounts(self, low: int, high: int) -> "_History":
        """Return the rows of a half-open range of accounts."""
        return self.some((self.account_id >= low) & (self.account_id < high))


@dataclass(frozen=True, slots=True, eq=False)
class BothCatalogues:
    """The tariffs as they were and with the new version in place of the old; plan history; fees."""

    old: CompiledTariffs
    new: CompiledTariffs
    offers: _History
    history: _History
    old_fee: Fee
    new_fee: Fee
    first: int
    end: int

    def of_accounts(self, low: int, high: int) -> tuple[CompiledCatalogue, CompiledCatalogue]:
        """Return both catalogues with the services of a half-open range of accounts."""
        rows = self.offers.of_accounts(low, high)
        services, place = np.unique(rows.subscription_id, return_index=True)
        subscribers = compile_subscribers(
            # Who used it is known: services stand for their own numbers.
            identifiers=IdentifierColumns(
                key=services,
                subscription_id=services,
                account_id=rows.account_id[place],
                active_from=np.full(len(services), -FOREVER, np.int64),
                active_to=np.full(len(services), FOREVER, np.int64),
            ),
            plans=PlanColumns(
                subscription_id=rows.subscription_id,
                plan_version_id=rows.plan_version_id,
                active_from=rows.active_from,
                active_to=rows.active_to,
            ),
        )
        return join(self.old, subscribers), join(self.new, subscribers)

    def fees(self, plan_version_id: int, *, low: int, high: int) -> FeeColumns:
        """Return what services paid for their time on the version, and would pay on the new one."""
        rows = self.history.of_accounts(low, high)
        rows = rows.some(rows.plan_version_id == plan_version_id)
        seconds = seconds_within(rows.active_from, rows.active_to, first=self.first, end=self.end)
        rows, seconds = rows.some(seconds > 0), seconds[seconds > 0]
        length = self.end - self.first
        return FeeColumns(
            account_id=rows.account_id,
            subscription_id=rows.subscription_id,
            old=self.old_fee.of(seconds, month_seconds=length),
            new=self.new_fee.of(seconds, month_seconds=length),
        )


def load_both(comparison: Comparison) -> BothCatalogues:
    """Compile the month's catalogue twice: as it was, and with the versions exchanged."""
    offers = accounts_queries.load_offer_history()
    plans = tariffs_queries.load_offer_pricing(offers.offers, on_or_after=comparison.first)
    zones = tariffs_queries.load_zones()
    old_fee, new_fee = _fees(comparison)
    return BothCatalogues(
        old=_compiled(_as_it_was(plans, comparison), zones),
        new=_compiled(_exchanged(plans, comparison), zones),
        offers=_History.of(offers.plans),
        history=_History.of(accounts_queries.plan_history_columns()),
        old_fee=old_fee,
        new_fee=new_fee,
        first=int(midnight(comparison.first).timestamp()),
        end=int(midnight(comparison.end).timestamp()),
    )


def _compiled(plans: Iterable[PlanPricing], zones: Iterable[Zone]) -> CompiledTariffs:
    return compile_tariffs(plans, zones=zones, time_zone=settings.TIME_ZONE)


def _as_it_was(plans: list[PlanPricing], comparison: Comparison) -> list[PlanPricing]:
    """Return the plans; a deck version that was replaced since is put back on its days."""
    if comparison.kind == Comparison.Kind.PLAN:
        return plans
    old = tariffs_queries.load_deck(comparison.old_version_id)
    known = {deck.version_id for plan in plans for decks in plan.decks.values() for deck in decks}
    if old.version_id in known:
        return plans
    replacement = tariffs_queries.find_replacement(old.version_id)
    return exchange_deck(plans, old_id=replacement, new=old) if replacement else plans


def _exchanged(plans: list[PlanPricing], comparison: Comparison) -> list[PlanPricing]:
    if comparison.kind == Comparison.Kind.PLAN:
        return exchange_plan(
            plans,
            old_id=comparison.old_version_id,
            new=tariffs_queries.load_version_pricing(comparison.new_version_id),
            first=comparison.first,
            end=comparison.end,
        )
    return exchange_deck(
        _as_it_was(plans, comparison),
        old_id=comparison.old_version_id,
        new=tariffs_queries.load_deck(comparison.new_version_id),
    )


def _fees(comparison: Comparison) -> tuple[Fee, Fee]:
    if comparison.kind == Comparison.Kind.DECK:
        return Fee(0), Fee(0)
    ids = (comparison.old_version_id, comparison.new_version_id)
    rows = PlanVersion.objects.in_bulk(ids)
    old, new = (
        Fee(int(rows[pk].fee * 100), rows[pk].fee_period == PlanVersion.FeePeriod.DAY) for pk in ids
    )
    return old, new


def read_month(comparison: Comparison, *, low: int, high: int) -> MonthUsage:
    """Read all usage of the month of services that used the old version, in a range of accounts."""
    start, stop = midnight(comparison.first), midnight(comparison.end)
    is_plan = comparison.kind == Comparison.Kind.PLAN
    chosen = [comparison.old_version_id, stop, start, low, high]
    columns = binary_copy.copy_out(
        sql=_USAGE.format(services=_PLAN_SERVICES if is_plan else _DECK_SERVICES),
        params=[start, stop, low, high, *chosen],
        types=_USAGE_TYPES,
    )
    return _in_order(columns)


def _in_order(columns: Sequence[Ints]) -> MonthUsage:
    """Keep the price in force of each record (its highest revision, unless odd), by time."""
    account, subscription, started, source, key, revision, kind, other, quantity, stored = columns
    order = np.lexsort((revision, key, source, started))
    last = np.ones(len(order), np.bool_)
    if len(order) > 1 and revision.any():
        after, now = order[1:], order[:-1]
        last[:-1] = ((key[after] != key[now]) | (source[after] != source[now])) | (
            (started[after] != started[now]) | (account[after] != account[now])
        )
    rows = order[last & (revision[order] % 2 == 0)]
    rows = rows[np.lexsort((key[rows], started[rows]))]
    number = other[rows]
    usage = UsageColumns(
        record_key=key[rows],
        source_id=source[rows],
        subscriber_key=subscription[rows],
        started_at=started[rows],
        kind=kind[rows],
        number_b=number,
        number_b_length=_digits(number),
        quantity=quantity[rows],
    )
    return MonthUsage(usage, account[rows], stored[rows])


def _digits(number: Ints) -> Ints:
    """Return how many decimal digits each number has, none for 0."""
    powers = 10 ** np.arange(18, dtype=np.int64)
    return np.searchsorted(powers, number, side="right").astype(np.int64)


def midnight(day: date) -> datetime:
    """Return when the day begins for the operator."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.TIME_ZONE))


def count_month(kind: str, version_id: int, *, first: date, end: date) -> int:
    """Return how many accounts there are to be looked at (not all of them need have usage)."""
    start, stop = midnight(first), midnight(end)
    services = _PLAN_SERVICES if kind == Comparison.Kind.PLAN else _DECK_SERVICES
    [count] = binary_copy.copy_out(
        sql=f"SELECT count(DISTINCT subscription_id) FROM ({services}) AS s",
        params=[version_id, stop, start, 0, 2**62],
        types=["bigint"],
    )
    return int(count[0])


def list_unfinished() -> list[Comparison]:
    """Return comparisons that wait or run, the oldest first."""
    return list(Comparison.objects.filter(finished_at__isnull=True).order_by("pk"))


def list_comparisons(
    *, kind: str = "", version_id: int | None = None, before: int | None = None, limit: int = 30
) -> list[Comparison]:
    """Return comparisons, the newest first; of a version as the old or the new one."""
    rows = Comparison.objects.order_by("-pk")
    if kind:
        rows = rows.filter(kind=kind)
    if version_id:
        rows = rows.filter(Q(old_version_id=version_id) | Q(new_version_id=version_id))
    if before:
        rows = rows.filter(pk__lt=before)
    return list(rows[:limit])


def find_run(comparison: Comparison) -> JobRun | None:
    """Return the run of a comparison: its state, progress and error."""
    return JobRun.objects.filter(job=JOB, step=str(comparison.pk)).order_by("-pk").first()
