"""
The tariff time in force at a moment, for one record: days are laid out once and kept.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from rating.domain.clock import zone_clock
from rating.domain.usage import FOREVER
from tariffs.domain.deck import DAY, Band, Deck

#: Days kept at most; a batch needs one or two, a month's re-rating a few dozen.
_KEPT_DAYS: Final = 5_000
_EPOCH: Final = date(1970, 1, 1)


class TariffTimes:
    """Those bands of a deck that some rates name, along real time."""

    def __init__(self, deck: Deck, codes: Iterable[str]) -> None:
        self._deck = deck
        self._codes = frozenset(codes)
        self._number = {band.code: number for number, band in enumerate(deck.bands)}
        clock = zone_clock(deck.timezone)
        self._starts: list[int] = clock.starts.tolist()
        self._offsets: list[int] = clock.offsets.tolist()
        self._parts: dict[int, list[tuple[int, int]]] = {}
        self._stretches: dict[int, tuple[list[int], list[int]]] = {}
        #: The one band that always holds, if nothing else can.
        self.always = self._always()

    def at(self, moment: int) -> tuple[int, int]:
        """
        Return the place of the band in force in its deck, -1 for none, and until when that is sure.

        The second value is a moment too: a later one at which the band may be another.
        """
        if self.always is not None:
            return self.always, FOREVER
        ends, bands = self._stretches.get(moment // DAY) or self._lay_out(moment // DAY)
        place = bisect_right(ends, moment)
        return bands[place], ends[place]

    def _always(self) -> int | None:
        named = [band for band in self._deck.bands if band.code in self._codes]
        if len(named) == 1 and named[0] == Band(named[0].code, priority=named[0].priority):
            return self._number[named[0].code]
        return None

    def _lay_out(self, day: int) -> tuple[list[int], list[int]]:
        """Return the bands of a day of UTC, and the moment at which each ends."""
        moment, end = day * DAY, (day + 1) * DAY
        ends: list[int] = []
        bands: list[int] = []
        while moment < end:
            change = bisect_right(self._starts, moment)
            local = moment + self._offsets[change - 1]
            second = local % DAY
            stop, band = next(part for part in self._parts_of(local // DAY) if second < part[0])
            moment = min(moment + stop - second, self._starts[change], end)
            if bands and bands[-1] == band:
                ends[-1] = moment
            else:
                bands.append(band)
                ends.append(moment)
        if len(self._stretches) >= _KEPT_DAYS:
            self._stretches.clear()
        self._stretches[day] = (ends, bands)
        return ends, bands

    def _parts_of(self, day: int) -> list[tuple[int, int]]:
        """Return the parts of a local day: where each ends, and its band."""
        if day not in self._parts:
            if len(self._parts) >= _KEPT_DAYS:
                self._parts.clear()
            self._parts[day] = [
                (end, self._number[band.code] if band else -1)
                for end, band in self._deck.parts_of(self._codes, _EPOCH + timedelta(days=day))
            ]
        return self._parts[day]
