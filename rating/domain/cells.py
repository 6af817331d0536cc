"""
The cells of compiled tariffs: the rules of each deck's zones, laid out as arrays.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from rating.domain.compiled import Cells, Schedules, Surcharges
from rating.domain.day_classes import DayClasses
from rating.domain.prices import BandRules, DeckPrices, ZoneRules
from rating.domain.usage import FOREVER, Ints
from tariffs.domain.deck import INT64_SAFE

#: In the order of the columns that `_row` fills.
COLUMNS: Final = (
    *("zone", "pattern", "spared", "free_units", "min_units", "first_increment"),
    *("next_increment", "longest_increment", "is_regular", "divisor", "round_up_by", "quantum"),
    *("cap", "surcharges", "by_twin", "most", "room"),
)
#: Sums above this go to the twin: int64 has room for them, and for what is added.
SAFE_SUM: Final = 5 * 10**17
#: So do amounts of the currency that an amount column might have no room for.
SAFE_AMOUNT: Final = 10**11
_FLAGS: Final = ("is_regular", "by_twin")

Steps = tuple[tuple[int, int, int, int], ...]


class CellBuilder:
    """Takes decks one after the other; cells of zones that share their rules share a row."""

    def __init__(self, place: Mapping[int, int]) -> None:
        self.patterns = DayClasses()
        self._place = place
        self._rows: list[tuple[int, ...]] = []
        self._of_band: list[tuple[Sequence[int], Sequence[int]]] = []
        self._schedules: dict[Steps, int] = {}
        self._surcharges: dict[tuple[tuple[int, int], ...], int] = {(): 0}

    def __len__(self) -> int:
        return len(self._rows)

    def add_deck(self, prices: DeckPrices, zone_ids: Sequence[int]) -> None:
        """Add a cell for each zone that the deck prices, in this order."""
        made: dict[int, tuple[tuple[int, ...], tuple[list[int], list[int]]]] = {}
        for zone_id in zone_ids:
            rules = prices.rules(zone_id)
            if id(rules) not in made:
                made[id(rules)] = self._row(prices, rules)
            row, of_band = made[id(rules)]
            self._rows.append((self._place[zone_id], *row))
            self._of_band.append(of_band)

    def cells(self) -> Cells:
        """Return all cells as arrays."""
        table = np.array(self._rows, np.int64).reshape(-1, len(COLUMNS)).T.copy()
        columns: dict[str, Ints] = dict(zip(COLUMNS, table, strict=True))
        flags = {name: columns.pop(name).astype(np.bool_) for name in _FLAGS}
        widest = max((len(numbers) for numbers, _ in self._of_band), default=1)
        schedule = _filled([numbers for numbers, _ in self._of_band], widest, rest=-1)
        fee = _filled([fees for _, fees in self._of_band], widest, rest=0)
        return Cells(
            **columns,
            is_regular=flags["is_regular"],
            by_twin=flags["by_twin"],
            schedule=schedule,
            fee=fee,
        )

    def schedules(self) -> Schedules:
        """Return the different schedules of steps as arrays."""
        found: list[Steps] = list(self._schedules) or [((0, FOREVER, 1, 0),)]
        widest = max(len(steps) for steps in found)
        table = np.zeros((len(found), widest, 4), np.int64)
        table[:, :, 0:2] = FOREVER
        table[:, :, 2] = 1
        for row, steps in enumerate(found):
            table[row, : len(steps)] = steps
        prices = [{step[3] for step in steps} for steps in found]
        start, end, increment, price = (table[:, :, column].ravel() for column in range(4))
        return Schedules(
            start=start,
            end=end,
            increment=increment,
            price=price,
            one_price=np.array([min(few) if len(few) == 1 else -1 for few in prices], np.int64),
            steps=widest,
        )

    def surcharges(self) -> Surcharges:
        """Return the different sets of surcharges as arrays."""
        found = list(self._surcharges)
        widest = max(len(due) for due in found) or 1
        at_unit = np.full((len(found), widest), FOREVER, np.int64)
        amount = np.zeros((len(found), widest), np.int64)
        for row, due in enumerate(found):
            for column, (at, how_much) in enumerate(due):
                at_unit[row, column], amount[row, column] = at, how_much
        return Surcharges(at_unit, amount)

    def _row(
        self, prices: DeckPrices, rules: ZoneRules | None
    ) -> tuple[tuple[int, ...], tuple[list[int], list[int]]]:
        """Return the columns after the zone, and schedule and fee of each band."""
        if rules is None or not _fits(rules):
            pattern = -1 if rules is None else self._pattern(prices, rules)
            return (pattern, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, -1, 0, 1, 0, 0), ([], [])
        used = [band for band in rules.bands if band is not None]
        first, later, is_regular = _increments(used)
        has_model = any(band.charge is not None for band in used)
        row = (
            *(self._pattern(prices, rules), rules.spared, rules.free, rules.least, first, later),
            max(step[2] for band in used for step in band.steps),
            is_regular,
            *(rules.rounding.divisor, rules.rounding.add, rules.rounding.quantum),
            -1 if rules.cap is None else rules.cap,
            self._surcharges.setdefault(rules.surcharges, len(self._surcharges)),
            has_model,
            *(_most_price(rules), _room(rules, minor=prices.minor)),
        )
        return row, (
            [self._schedule(band) for band in rules.bands],
            [0 if band is None else band.fee for band in rules.bands],
        )

    def _pattern(self, prices: DeckPrices, rules: ZoneRules) -> int:
        codes = frozenset(band.rate.band_code for band in rules.bands if band is not None)
        return self.patterns.number(prices.deck, codes, times=rules.times)

    def _schedule(self, band: BandRules | None) -> int:
        if band is None:
            return -1
        return self._schedules.setdefault(band.steps, len(self._schedules))


def _filled(rows: Sequence[Sequence[int]], width: int, *, rest: int) -> Ints:
    padded = [[*row, *[rest] * (width - len(row))] for row in rows]
    return np.array(padded, np.int64).reshape(len(rows), width)


def _increments(bands: Sequence[BandRules]) -> tuple[int, int, bool]:
    """Return first and next increment, and whether they hold in every band."""
    found = {_first_and_next(band.steps) for band in bands}
    if len(found) > 1 or None in found:
        return 1, 1, False
    first, later = found.pop() or (1, 1)
    return first, later, True


def _first_and_next(steps: Sequence[tuple[int, int, int, int]]) -> tuple[int, int] | None:
    """Return the size of the first increment and of all others, None if it isn't that simple."""
    first = steps[0][2]
    # Steps of an allowance's own may lead to any unit, so that every one of them counts.
    until_first = {step[2] for step in steps if step[0] < first}
    later = {step[2] for step in steps if step[1] > first}
    return (first, later.pop()) if len(until_first) == len(later) == 1 else None


def _most_price(rules: ZoneRules) -> int:
    return max(step[3] for band in rules.bands if band is not None for step in band.steps)


def _most_extra(rules: ZoneRules) -> int:
    fee = max(band.fee for band in rules.bands if band is not None)
    return fee + sum(amount for _, amount in rules.surcharges)


def _room(rules: ZoneRules, *, minor: int) -> int:
    """Return how large a sum of prices may be for neither int64 nor an amount to overflow."""
    rounding = rules.rounding
    amount = min(SAFE_AMOUNT * minor, SAFE_SUM) // rounding.quantum * rounding.divisor
    return max(min(SAFE_SUM, amount) - _most_extra(rules), 0)


def _fits(rules: ZoneRules) -> bool:
    """Whether every number of the rules has room in int64."""
    used = [band for band in rules.bands if band is not None]
    if not used:
        return False
    numbers = [_most_price(rules), _most_extra(rules), rules.rounding.divisor, rules.cap or 0]
    numbers += [step[2] for band in used for step in band.steps]
    return max(*numbers, rules.rounding.quantum) < INT64_SAFE
