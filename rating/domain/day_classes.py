"""
Tariff times as tables: the days of a deck's bands fall into classes of days that are alike.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import numpy as np

from rating.domain.clock import DAYS, FIRST_DAY, day_types
from rating.domain.compiled import BandTables
from rating.domain.tariff_times import TariffTimes
from rating.domain.usage import Ints
from tariffs.domain.deck import DAY, Band, Deck

#: The end of a part of a day, and the place of the band in force in it.
Part = tuple[int, int]


@dataclass(slots=True)
class DayClasses:
    """Numbers the patterns of bands that zones price, and lays out their days."""

    _by_times: dict[int, int] = field(default_factory=dict)
    _times: list[TariffTimes] = field(default_factory=list)
    _by_meaning: dict[Hashable, int] = field(default_factory=dict)
    _patterns: list[tuple[Deck, frozenset[str]]] = field(default_factory=list)

    def number(self, deck: Deck, codes: frozenset[str], *, times: TariffTimes) -> int:
        """Return the number of the pattern of a zone's rates; `times` stand for deck and codes."""
        known = self._by_times.get(id(times))
        if known is None:
            meaning = (deck.bands, codes, deck.holidays)
            known = self._by_meaning.setdefault(meaning, len(self._patterns))
            if known == len(self._patterns):
                self._patterns.append((deck, codes))
            self._by_times[id(times)] = known
            # Kept, so that the id stays its own.
            self._times.append(times)
        return known

    def tables(self) -> BandTables:
        """Lay out every pattern over classes of days and parts of a day."""
        calendars: dict[Hashable, int] = {}
        rows: list[Ints] = []
        examples: list[list[date]] = []
        chosen: list[int] = []
        for deck, codes in self._patterns:
            dated = [band for band in deck.bands if band.code in codes and band.is_dated]
            key = (deck.holidays, tuple((band.dates, band.windows) for band in dated))
            if key not in calendars:
                calendars[key] = len(rows)
                of_day, alike = _classes(deck, dated)
                rows.append(of_day)
                examples.append(alike)
            chosen.append(calendars[key])
        days = [
            _parts(deck, codes, day)
            for (deck, codes), calendar in zip(self._patterns, chosen, strict=True)
            for day in examples[calendar]
        ]
        counts = [len(examples[calendar]) for calendar in chosen]
        return _tables(rows, days, chosen=chosen, counts=counts)


def _parts(deck: Deck, codes: frozenset[str], day: date) -> list[Part]:
    places = {band.code: place for place, band in enumerate(deck.bands)}
    return [(end, places[band.code] if band else -1) for end, band in deck.parts_of(codes, day)]


def _classes(deck: Deck, dated: list[Band]) -> tuple[Ints, list[date]]:
    """Return the class of each day of the tables, and a day of each class."""
    traits = [day_types(deck.holidays), *(trait for band in dated for trait in _traits(band))]
    _, first, of_day = np.unique(np.stack(traits), axis=1, return_index=True, return_inverse=True)
    return of_day.ravel(), [FIRST_DAY + timedelta(days=day) for day in first.tolist()]


def _traits(band: Band) -> list[Ints]:
    """Return what tells days apart for a band: its dates, and how its windows lie in the day."""
    on_dates = np.zeros(DAYS, np.int64)
    days = np.arange(DAYS) + np.datetime64(FIRST_DAY)
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    numbers = month * 100 + (days - months).astype(np.int64) + 1
    for text in band.dates:
        if text.count("-") == 1:
            on_dates[numbers == int(text.replace("-", ""))] = 1
        else:
            on_dates[days == np.datetime64(text)] = 1
    in_windows = np.zeros(DAYS, np.int64)
    for start, end in band.windows:
        whole = _table_day(start + timedelta(days=1) - timedelta(microseconds=1))
        in_windows[whole : _table_day(end)] = 1
    for bound in (moment for window in band.windows for moment in window):
        day = _table_day(bound)
        if bound.time() != time() and day < DAYS:
            # A day in which a window begins or ends is like no other.
            in_windows[day] = 2 + day
    return [on_dates, in_windows]


def _table_day(moment: datetime) -> int:
    return min(max((moment.date() - FIRST_DAY).days, 0), DAYS)


def _tables(
    rows: list[Ints], days: list[list[Part]], *, chosen: list[int], counts: list[int]
) -> BandTables:
    cuts = sorted({0, *(end for parts in days for end, _ in parts)} - {DAY})
    band = np.full((len(days), len(cuts)), -1, np.int64)
    ends = np.full((len(days), len(cuts)), DAY, np.int64)
    for row, parts in enumerate(days):
        of_part = np.searchsorted([end for end, _ in parts], cuts, side="right")
        band[row] = np.array([place for _, place in parts])[of_part]
        ends[row] = np.array([end for end, _ in parts])[of_part]
    first = np.cumsum([0, *counts])[:-1] if counts else np.zeros(0, np.int64)
    gaps = [
        bool(np.any(band[start : start + count] < 0))
        for start, count in zip(first, counts, strict=True)
    ]
    return BandTables(
        part_of_second=np.searchsorted(cuts, np.arange(DAY), side="right") - 1,
        calendar=np.array(chosen, np.int64),
        first_class=np.array(first, np.int64),
        day_class=np.stack(rows) if rows else np.zeros((1, DAYS), np.int64),
        band=band.ravel(),
        end=ends.ravel(),
        has_gap=np.array([*gaps, True], np.bool_),
        parts=len(cuts),
    )
