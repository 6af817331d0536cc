"""
What prices usage: the catalogue and the subscribers, compiled for the core.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.conf import settings

from accounts import queries as accounts_queries
from billing_project.kernel import binary_copy
from rating.domain.allowances import AllowanceCounters, counters_of
from rating.domain.compilation import compile_tariffs
from rating.domain.compiled import CompiledCatalogue, CompiledTariffs, join
from rating.domain.counters import Totals, totals_of
from rating.domain.periods import periods_between
from rating.domain.subscribers import (
    CompiledSubscribers,
    IdentifierColumns,
    PlanColumns,
    compile_subscribers,
)
from rating.domain.usage import Ints
from rating.queries.groups import group_columns
from tariffs import queries as tariffs_queries
from tariffs.models import Band


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """
    The compiled catalogue, and the rows of tariff times in it.

    `band_id` is over (place of the deck version, band number); its last column is for "no band".
    """

    compiled: CompiledCatalogue
    band_id: Ints

    @property
    def granted(self) -> dict[int, int]:
        """The size of every allowance by its id."""
        allowances = self.compiled.tariffs.allowances
        return dict(zip(allowances.allowance_id.tolist(), allowances.amount.tolist(), strict=True))

    def band_ids(self, deck_version_id: Ints, band: Ints) -> Ints:
        """Return the ids of tariff times of priced columns, 0 where there is none."""
        if not len(self.band_id):
            return np.zeros_like(band)
        place = np.searchsorted(self.compiled.tariffs.decks.version_id, deck_version_id)
        return self.band_id[np.minimum(place, len(self.band_id) - 1), band]


def load_catalogue(
    *, on_or_after: date, subscribers: CompiledSubscribers | None = None
) -> Catalogue:
    """Return everything that prices usage from that day on; subscribers loaded before may be given."""
    subscribers = subscribers or load_subscribers()
    tariffs = compile_tariffs(
        tariffs_queries.load_offer_pricing(subscribers.offers, on_or_after=on_or_after),
        zones=tariffs_queries.load_zones(),
        time_zone=settings.TIME_ZONE,
    )
    return Catalogue(join(tariffs, subscribers), _band_ids(tariffs))


def load_subscribers() -> CompiledSubscribers:
    """Return whose numbers and logins were in use when, and on which plans with what packages."""
    identifiers = accounts_queries.identifier_columns()
    history = accounts_queries.load_offer_history()
    plans = history.plans
    compiled = compile_subscribers(
        identifiers=IdentifierColumns(
            key=identifiers.key,
            subscription_id=identifiers.subscription_id,
            account_id=identifiers.account_id,
            active_from=identifiers.active_from,
            active_to=identifiers.active_to,
        ),
        plans=PlanColumns(
            subscription_id=plans.subscription_id,
            plan_version_id=plans.plan_version_id,
            active_from=plans.active_from,
            active_to=plans.active_to,
        ),
        groups=group_columns(),
    )
    return replace(compiled, offers=history.offers)


def _band_ids(tariffs: CompiledTariffs) -> Ints:
    number = {code: place for place, code in enumerate(tariffs.band_codes)}
    deck = {int(version): place for place, version in enumerate(tariffs.decks.version_id)}
    found = np.zeros((len(deck), len(number) + 1), np.int64)
    rows = Band.objects.filter(deck_version_id__in=list(deck))
    for band_id, version, code in rows.values_list("id", "deck_version_id", "code"):
        found[deck[version], number[code]] = band_id
    return found


def load_counters(*, first: date, last: date) -> AllowanceCounters:
    """Return what was counted in the periods that usage from day to day falls into."""
    periods = periods_between(first, last)
    account, subscription, allowance, period, used, carried = binary_copy.copy_out(
        sql="""
            SELECT account_id, subscription_id, allowance_id, period, used, carried
              FROM rating_allowanceuse WHERE period = ANY(%s)
        """,
        params=[periods],
        types=["bigint", "bigint", "integer", "integer", "bigint", "bigint"],
    )
    return counters_of(
        account_id=account,
        subscription_id=subscription,
        allowance_id=allowance,
        period=period,
        used=used,
        carried=carried,
        totals=_load_totals(periods),
    )


def _load_totals(periods: list[int]) -> Totals:
    account, subscription, meter, number, period, quantity = binary_copy.copy_out(
        sql="""
            SELECT account_id, subscription_id, meter, number, period, quantity
              FROM rating_runningtotal WHERE period = ANY(%s)
        """,
        params=[periods],
        types=["bigint", "bigint", "smallint", "integer", "integer", "bigint"],
    )
    return totals_of(
        account_id=account,
        subscription_id=subscription,
        meter=meter,
        number=number,
        period=period,
        quantity=quantity,
    )
