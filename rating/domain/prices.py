"""
A deck made ready for looking up one record: its priced zones, and the band of any moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rating.domain.clock import change_between
from rating.domain.usage import FOREVER
from tariffs.domain.deck import DAY, Band, Deck, Rate, Zone, ZoneTerms


@dataclass(frozen=True, slots=True)
class ZonePrices:
    """What a deck says about one zone; `terms` is None if it forgot them."""

    zone: Zone
    rates: dict[str, Rate]
    terms: ZoneTerms | None


class DeckPrices:
    """The priced zones of a deck by id, and its tariff times."""

    def __init__(self, deck: Deck, *, zones: Iterable[Zone]) -> None:
        self.deck = deck
        self.zones = {
            zone.zone_id: ZonePrices(zone, rates, deck.terms_for(zone))
            for zone, rates in deck.priced_zones(zones)
        }
        self._time_zone = ZoneInfo(deck.timezone)
        self._windows: dict[tuple[frozenset[str], int, bool], list[tuple[int, Band | None]]] = {}

    def band_at(self, codes: Iterable[str], moment: int) -> tuple[Band | None, int]:
        """
        Return the band in force at a moment among those named, and until when that is certain.

        The second value is a moment too: a later one at which the band may be another.
        """
        local = datetime.fromtimestamp(moment, self._time_zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        is_holiday = local.date() in self.deck.holidays
        windows = self._windows_of(frozenset(codes), local.isoweekday(), is_holiday)
        end, band = next(window for window in windows if second < window[0])
        return band, self._changed_clock(moment, moment + end - second)

    def _windows_of(
        self, codes: frozenset[str], weekday: int, is_holiday: bool
    ) -> list[tuple[int, Band | None]]:
        """Return the band of each part of such a day, with the second at which the part ends."""
        key = (codes, weekday, is_holiday)
        if key not in self._windows:
            starts = self.deck.cuts
            ends = [*starts[1:], DAY]
            self._windows[key] = [
                (
                    end,
                    self.deck.band_at(codes, weekday=weekday, is_holiday=is_holiday, second=start),
                )
                for start, end in zip(starts, ends, strict=True)
            ]
        return self._windows[key]

    def _changed_clock(self, moment: int, end: int) -> int:
        """Return `end`, or the moment before it at which the clocks change."""
        zone = self._time_zone
        before = datetime.fromtimestamp(moment, zone).utcoffset()
        if datetime.fromtimestamp(end, zone).utcoffset() == before:
            return end
        return change_between(zone, moment, end)


def month_number(moment: int, time_zone: str) -> int:
    """
    Return the local month of a moment as yyyymm.

    >>> month_number(1767214800, "Europe/Moscow")
    202601
    """
    local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(time_zone))
    return local.year * 100 + local.month


def untimed(moment: int) -> int:
    """Return the end of a band for units that take no time."""
    return moment + FOREVER
