"""
The columns that pricing answers, filled in by the fast way and the twin.
"""

import numpy as np

from rating.domain.compiled import CompiledCatalogue
from rating.domain.resolving import Resolved
from rating.domain.subscribers import padded
from rating.domain.usage import (
    AllowanceUses,
    Ints,
    PricedColumns,
    Reason,
    RunningTotals,
    UsageColumns,
)
from rating.domain.work import Work
from tariffs.domain.deck import NO_ZONE

#: Row of the usage, owner's account and subscription, what, period, how much.
Line = tuple[Ints, Ints, Ints, Ints, Ints, Ints]


class Answer:
    """Columns over the records of a usage; nothing is priced yet."""

    def __init__(
        self, usage: UsageColumns, catalogue: CompiledCatalogue, resolved: Resolved
    ) -> None:
        self._usage = usage
        self._catalogue = catalogue
        self._resolved = resolved
        self.reason = resolved.reason.copy()
        self.band = np.full(len(usage), -1, np.int64)
        self.billed_units = np.zeros(len(usage), np.int64)
        self.allowance_id = np.zeros(len(usage), np.int64)
        self.allowance_used = np.zeros(len(usage), np.int64)
        self.amount = np.zeros(len(usage), np.int64)
        self._uses: list[Line] = []
        self._totals: list[tuple[Ints, ...]] = []

    def take(self, work: Work, *, rows: Ints, place: Ints, period: Ints, used: Ints) -> None:
        """Note what records took out of an allowance of their own subscription."""
        owner = work.account_id[rows], work.subscription_id[rows]
        self.take_of(owner, of_usage=work.rows[rows], place=place, period=period, used=used)

    def take_of(
        self, owner: tuple[Ints, Ints], *, of_usage: Ints, place: Ints, period: Ints, used: Ints
    ) -> None:
        """Note what records took of an owner's (account, subscription); the first one names them."""
        allowances = self._catalogue.tariffs.allowances
        allowance_id = allowances.allowance_id[place]
        fresh = self.allowance_id[of_usage] == 0
        self.allowance_id[of_usage[fresh]] = allowance_id[fresh]
        units = np.flatnonzero(~allowances.is_money[place])
        self.allowance_used[of_usage[units]] += used[units]
        self._uses.append((of_usage, *owner, allowance_id, period, used))

    def take_in_order(
        self, owner: tuple[Ints, Ints], *, of_usage: Ints, place: Ints, period: Ints, used: Ints
    ) -> None:
        """Note lines of which several may be of one record, in the order of their use."""
        _, first = np.unique(of_usage, return_index=True)
        rank = np.arange(len(of_usage)) - np.repeat(first, np.diff(np.append(first, len(of_usage))))
        for number in range(int(rank.max(initial=-1)) + 1):
            some = np.flatnonzero(rank == number)
            self.take_of(
                (owner[0][some], owner[1][some]),
                of_usage=of_usage[some],
                place=place[some],
                period=period[some],
                used=used[some],
            )

    def count(self, lines: list[tuple[int, ...]]) -> None:
        """Note what is counted on: row of the usage, account, subscription, meter, what, …."""
        if lines:
            self._totals.append(tuple(np.array(lines, np.int64).T))

    def columns(self) -> PricedColumns:
        """Return the columns; ids that were not found are 0."""
        resolved, tariffs = self._resolved, self._catalogue.tariffs
        subscribers, identifier = self._catalogue.subscribers, resolved.identifier
        is_placed = resolved.reason == Reason.PRICED
        return PricedColumns(
            reason=self.reason,
            account_id=_found(subscribers.account_id, identifier),
            subscription_id=_found(subscribers.subscription_id, identifier),
            plan_version_id=_found(tariffs.plan_version_id, resolved.plan),
            deck_version_id=_found(tariffs.decks.version_id, resolved.deck),
            zone_id=np.where(is_placed, tariffs.zone_id[resolved.zone], NO_ZONE),
            band=self.band,
            billed_units=self.billed_units,
            allowance_id=self.allowance_id,
            allowance_used=self.allowance_used,
            amount=self.amount,
            kind=self._usage.kind,
            uses=AllowanceUses(*_in_order(self._uses, width=6)),
            totals=RunningTotals(*_in_order(self._totals, width=7)),
        )


def _in_order(lines: list[tuple[Ints, ...]] | list[Line], *, width: int) -> list[Ints]:
    """Return the columns of all lines, ordered by the row of the usage."""
    empty = np.zeros(0, np.int64)
    columns = [
        np.concatenate([empty, *(line[number] for line in lines)]) for number in range(width)
    ]
    order = np.argsort(columns[0], kind="stable")
    return [column[order] for column in columns]


def _found(ids: Ints, places: Ints) -> Ints:
    """Return the ids at the places, 0 for the place -1."""
    return padded(ids)[places]
