"""
Tariff times along columns of records: the band at a moment, and the price of a walk through them.
"""

from dataclasses import dataclass

import numpy as np

from rating.domain.clock import table_day, zone_clock
from rating.domain.compiled import CompiledTariffs
from rating.domain.usage import FOREVER, Bools, Ints
from tariffs.domain.deck import DAY


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """
    Records to be priced from `covered` units after their start on, until `length` is reached.

    `cell` and `deck` are places in the compiled tariffs. `end` is where the last increment ends;
    records that aren't `is_regular` learn it from the walk. Only timed ones can meet another band.
    """

    start: Ints
    is_timed: Bools
    is_regular: Bools
    deck: Ints
    cell: Ints
    covered: Ints
    length: Ints
    end: Ints

    def some(self, rows: Ints) -> "Walks":
        """Return the walks of some rows."""
        return Walks(*(getattr(self, name)[rows] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """The band at each start, the sum of prices over the cell's scale, and the end of each walk."""

    band: Ints
    total: Ints
    end: Ints


def read_bands(
    tariffs: CompiledTariffs, *, deck: Ints, cell: Ints, moments: Ints
) -> tuple[Ints, Ints]:
    """Return the band in force, and the moment until which it certainly stays so."""
    zones = tariffs.decks.time_zones
    if len(zones) == 1:
        return _read_in_zone(tariffs, zones[0], cell=cell, moments=moments)
    band, until = np.zeros_like(moments), np.zeros_like(moments)
    of_row = tariffs.decks.time_zone[deck]
    for number, name in enumerate(zones):
        rows = np.flatnonzero(of_row == number)
        if len(rows):
            band[rows], until[rows] = _read_in_zone(
                tariffs, name, cell=cell[rows], moments=moments[rows]
            )
    return band, until


def _read_in_zone(
    tariffs: CompiledTariffs, name: str, *, cell: Ints, moments: Ints
) -> tuple[Ints, Ints]:
    local, clock_change = zone_clock(name).read(moments)
    second = local % DAY
    band, end = tariffs.bands.read(tariffs.cells.pattern[cell], table_day(local), second)
    return band, np.minimum(moments + (end - second), clock_change)


def walk(walks: Walks, tariffs: CompiledTariffs) -> Walked:
    """Price walks; those within one band and at one price need no walking."""
    band, until = read_bands(tariffs, deck=walks.deck, cell=walks.cell, moments=walks.start)
    price = tariffs.schedules.one_price[tariffs.cells.schedule[walks.cell, band]]
    total: Ints = price * (walks.end - walks.covered)
    is_long = walks.is_timed & (walks.start + walks.end > until)
    has_more = is_long | (price < 0) | ~walks.is_regular
    rows = np.flatnonzero(has_more & (walks.covered < walks.length))
    end = walks.end
    if len(rows):
        end = end.copy()
        total[rows], end[rows] = _walk_on(walks.some(rows), tariffs, band=band[rows])
    # Where nothing is paid there is no price either, not even that of "several".
    total[walks.covered >= walks.length] = 0
    return Walked(band, total, end)


def _walk_on(walks: Walks, tariffs: CompiledTariffs, *, band: Ints) -> tuple[Ints, Ints]:
    """Walk through bands and steps, one stretch of increments alike at a time."""
    schedules = tariffs.schedules
    total, end = np.zeros(len(walks.start), np.int64), walks.covered.copy()
    rows, at = np.arange(len(walks.start)), walks.covered
    while len(rows):
        until = np.full(len(rows), FOREVER, np.int64)
        moving = np.flatnonzero(walks.is_timed)
        if len(moving):
            moments = walks.start[moving] + at[moving]
            now, sure = read_bands(
                tariffs, deck=walks.deck[moving], cell=walks.cell[moving], moments=moments
            )
            band = band.copy()
            band[moving], until[moving] = now, sure - walks.start[moving]
        step = schedules.step_at(tariffs.cells.schedule[walks.cell, band], at)
        goal = np.minimum(np.minimum(walks.length, until), schedules.end[step])
        increment = schedules.increment[step]
        stop: Ints = at - (at - goal) // increment * increment
        total[rows] += schedules.price[step] * (stop - at)
        end[rows] = stop
        goes_on = np.flatnonzero(stop < walks.length)
        rows, at, band = rows[goes_on], stop[goes_on], band[goes_on]
        walks = walks.some(goes_on)
    return total, end


def end_of_steps(covered: Ints, length: Ints, *, first: Ints, later: Ints) -> Ints:
    """Return where the last increment ends that starts before the length; `covered` starts one."""
    once = covered + np.where(covered < first, first, later)
    rest = -(-np.maximum(length - once, 0) // later)
    return np.where(covered < length, once + rest * later, covered)
