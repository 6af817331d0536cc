"""
Tariff times along columns of records: the band at a moment, and the price of a walk through them.
"""

from dataclasses import dataclass

import numpy as np

from rating.domain.clock import table_day, zone_clock
from rating.domain.compiled import CompiledTariffs
from rating.domain.usage import Bools, Ints
from tariffs.domain.deck import DAY


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """
    Records to be priced from `covered` up to `end` units after their start; one length.

    `cell` and `deck` are places in the compiled tariffs. Only timed records can meet another band.
    """

    start: Ints
    is_timed: Bools
    deck: Ints
    cell: Ints
    first_increment: Ints
    next_increment: Ints
    covered: Ints
    end: Ints

    def some(self, rows: Ints) -> "Walks":
        """Return the walks of some rows."""
        return Walks(*(getattr(self, name)[rows] for name in self.__slots__))


def read_bands(
    tariffs: CompiledTariffs, *, deck: Ints, cell: Ints, moments: Ints
) -> tuple[Ints, Ints]:
    """Return the band in force, and the moment until which it certainly stays so."""
    zones = tariffs.decks.time_zones
    if len(zones) == 1:
        return _read_in_zone(tariffs, zones[0], rows=(deck, cell, moments))
    band, until = np.zeros_like(moments), np.zeros_like(moments)
    of_row = tariffs.decks.time_zone[deck]
    for number, name in enumerate(zones):
        rows = np.flatnonzero(of_row == number)
        part = (deck[rows], cell[rows], moments[rows])
        band[rows], until[rows] = _read_in_zone(tariffs, name, rows=part)
    return band, until


def _read_in_zone(
    tariffs: CompiledTariffs, name: str, *, rows: tuple[Ints, Ints, Ints]
) -> tuple[Ints, Ints]:
    deck, cell, moments = rows
    local, clock_change = zone_clock(name).read(moments)
    second = local % DAY
    day = table_day(local)
    if len(tariffs.decks.day_type) == 1:
        day_type = tariffs.decks.day_type[0][day]
    else:
        day_type = tariffs.decks.day_type[tariffs.decks.calendar[deck], day]
    band, end = tariffs.bands.read(tariffs.cells.pattern[cell], day_type, second)
    return band, np.minimum(moments + (end - second), clock_change)


def sum_prices(walks: Walks, tariffs: CompiledTariffs) -> tuple[Ints, Ints]:
    """
    Return the band at each start, and the sum of prices in millionths times the cell's unit.
    """
    band, until = read_bands(tariffs, deck=walks.deck, cell=walks.cell, moments=walks.start)
    total: Ints = tariffs.cells.price[walks.cell, band] * (walks.end - walks.covered)
    crosses = walks.is_timed & (walks.start + walks.end > until) & (walks.covered < walks.end)
    rows = np.flatnonzero(crosses)
    if len(rows):
        total[rows] = _sum_across(walks.some(rows), tariffs)
    return band, total


def _sum_across(walks: Walks, tariffs: CompiledTariffs) -> Ints:
    """Sum walks that meet a change of band or of the clocks, one stretch at a time."""
    total = np.zeros(len(walks.start), np.int64)
    rows = np.arange(len(walks.start))
    at = walks.covered
    while len(rows):
        moments = walks.start + at
        band, until = read_bands(tariffs, deck=walks.deck, cell=walks.cell, moments=moments)
        stop: Ints = np.minimum(walks.end, step_from(walks, at, until - walks.start))
        stretch: Ints = tariffs.cells.price[walks.cell, band] * (stop - at)
        total[rows] += stretch
        goes_on = np.flatnonzero(stop < walks.end)
        rows, at, walks = rows[goes_on], stop[goes_on], walks.some(goes_on)
    return total


def step_from(walks: Walks, at: Ints, goal: Ints) -> Ints:
    """Return where the first increment that starts at or after `goal` starts; `at` starts one."""
    once = at + np.where(at < walks.first_increment, walks.first_increment, walks.next_increment)
    later = -(-np.maximum(goal - once, 0) // walks.next_increment)
    goal_step: Ints = once + later * walks.next_increment
    return goal_step
