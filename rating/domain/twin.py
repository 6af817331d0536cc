"""
One record, priced exactly: the executable specification of rating, and "why was I charged?".

`engine` does the same for columns and is proven equal to this by property tests. The rules:

1. No length, or one within the grace: nothing is charged, no connection fee either.
2. Free units come off the front; what is left is at least the minimum.
3. It is walked in whole increments from the moment of the start. An increment is priced in the
   band in force when it starts (in the deck's time zone and in real elapsed time; a deck that
   doesn't follow the clock: when the record starts) and in the step of the unit at which it
   starts, covered units counted too.
4. Each increment is taken from the first allowance that has a whole step left, else paid.
5. The connection fee is due once, of the first increment's band, also when all is covered.
6. Surcharges are due if the record, before anything was taken off, is longer than their unit.
7. The exact sum is limited to the maximum cost, then rounded once.
8. Allowances of money pay what they can of the rounded amount.

A rate with a price model prices the quantity as a whole instead of 1 to 4 (no quantity, too, if
the model has a fee for it), alone or as coming after what the month counted before.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from rating.domain.priced import AllowanceLeft, Piece, Priced, Segment, Work
from rating.domain.prices import MOST_UNITS, BandRules, DeckPrices
from rating.domain.usage import FOREVER, Reason
from tariffs.domain.deck import UsageKind

__all__ = ["MOST_UNITS", "AllowanceLeft", "Priced", "Segment", "Use", "price_one"]

#: An amount column is numeric(14,2).
MOST_MONEY: Final = 10**12
NOTHING: Final[Mapping[int, int]] = {}


class Use(NamedTuple):
    """One record: when it started (seconds since 1970), of what kind, and how much."""

    started_at: int
    kind: UsageKind
    quantity: int


def price_one(
    use: Use,
    *,
    prices: DeckPrices,
    zone_id: int,
    allowances: Sequence[AllowanceLeft] = (),
    counted: Mapping[int, int] = NOTHING,
) -> Priced:
    """
    Price one record to a zone of a deck.

    `allowances` are those that cover the zone, in the order of use, and `counted` what monthly
    models counted before; neither is changed, `uses` and `counted` of the answer tell what was
    taken and added. To explain a priced record, hand in what it took as left.
    """
    rules = prices.rules(zone_id)
    if rules is None:
        return Priced(Reason.NO_RATE if zone_id in prices.zones else Reason.NO_ZONE, zone_id)
    if not 0 <= use.quantity <= prices.most_units:
        return Priced(Reason.BAD_QUANTITY, zone_id)
    band, until = rules.times.at(use.started_at)
    rule = rules.bands[band] if band >= 0 else None
    work = Work(prices, rules, rule, use.quantity)
    if rule is not None and rule.charge is not None:
        return _price_whole(zone_id, work, rule, allowances=allowances, counted=counted)
    if rule is None or use.quantity <= rules.spared:
        is_free = use.quantity <= rules.spared
        return Priced(Reason.PRICED if is_free else Reason.NO_RATE, zone_id, work)
    length = max(use.quantity - rules.free, rules.least)
    _, end, increment, price = rule.steps[0]
    is_one_band = not prices.is_timed or until - use.started_at >= length
    if not allowances and is_one_band and length <= end:
        # By far the most: one band, one step, nothing covered.
        units = -(-length // increment) * increment
        pieces = ((0, band, 0, units, -1),)
        work = work._replace(total=rule.fee + units * price, pieces=pieces)
        priced = Priced(Reason.PRICED, zone_id, work)
        priced.billed_units = units
        return _finish(priced, work, allowances)
    return _price_walk(zone_id, work, use, length=length, allowances=allowances)


def _price_whole(
    zone_id: int,
    work: Work,
    rule: BandRules,
    *,
    allowances: Sequence[AllowanceLeft],
    counted: Mapping[int, int],
) -> Priced:
    """Price the quantity as a whole by the model of the rate."""
    charge, model_id = rule.charge, rule.rate.model_id or 0
    if charge is None:
        message = "not a rate with a model"
        raise AssertionError(message)
    if charge.is_monthly:
        parts = charge.price_more(counted.get(model_id, 0), work.quantity)
    else:
        parts = charge.price(work.quantity)
    total = parts.amount * work.rules.scale + rule.fee
    work = work._replace(
        total=int(total) if total.denominator == 1 else total, parts=parts, allowances=allowances
    )
    priced = Priced(Reason.PRICED, zone_id, work)
    priced.billed_units = work.quantity
    if charge.is_monthly and work.quantity:
        priced.counted = ((model_id, work.quantity),)
    return _finish(priced, work, allowances)


def _price_walk(
    zone_id: int, work: Work, use: Use, *, length: int, allowances: Sequence[AllowanceLeft]
) -> Priced:
    work = work._replace(allowances=allowances)
    walk = _Walk(work, use.started_at)
    total = walk.run(length)
    if total is None or work.rule is None:
        return Priced(Reason.NO_RATE, zone_id)
    work = work._replace(total=work.rule.fee + total, pieces=walk.pieces)
    priced = Priced(Reason.PRICED, zone_id, work)
    priced.billed_units = walk.at
    priced.taken = walk.taken()
    return _finish(priced, work, allowances)


def _finish(priced: Priced, work: Work, allowances: Sequence[AllowanceLeft]) -> Priced:
    """Add surcharges, limit and round the sum, and let allowances of money pay."""
    rules, total = work.rules, work.total
    for at_unit, amount in rules.surcharges:
        if work.quantity > at_unit:
            total += amount
    if rules.cap is not None and total > rules.cap:
        total = rules.cap
    if total is not work.total:
        priced.work = work._replace(total=total)
    cost = rules.rounding.minor(total)
    if cost >= MOST_MONEY * work.prices.minor:
        return Priced(Reason.TOO_LARGE, priced.zone_id)
    priced.cost = priced.minor = cost
    for place, item in enumerate(allowances):
        if item.allowance.is_money and priced.minor > 0 and item.left > 0:
            paid = min(item.left, priced.minor)
            priced.minor -= paid
            priced.taken = (*priced.taken, (place, paid))
    return priced


class _Walk:
    """Goes through a record increment by increment, as many at once as are alike."""

    def __init__(self, work: Work, started_at: int) -> None:
        self.rules = work.rules
        self.units = [
            (place, item.allowance)
            for place, item in enumerate(work.allowances)
            if not item.allowance.is_money
        ]
        self.left = [item.left for item in work.allowances]
        self.used = [0] * len(self.left)
        self.started_at = started_at
        self.is_timed = work.prices.is_timed
        self.pieces: list[Piece] = []
        self.at = 0

    def run(self, length: int) -> int | None:
        """Walk the length; return what is paid, None if an increment starts without a rate."""
        at = total = 0
        band, until = self.rules.times.at(self.started_at)
        until = until - self.started_at if self.is_timed else FOREVER
        while at < length:
            if at >= until:
                band, until = self.rules.times.at(self.started_at + at)
                until -= self.started_at
            rule = self.rules.bands[band] if band >= 0 else None
            if rule is None:
                return None
            number, step = _step_at(rule, at)
            # The last point before which nothing changes is that of length, band or step.
            units, place = self._take(min(length, until, step[1]) - at, step[2])
            if place < 0:
                total += units * step[3]
            self._append((at, band, number, units, place))
            at += units
        self.at = at
        return total

    def taken(self) -> tuple[tuple[int, int], ...]:
        """Return what was taken of which allowance."""
        return tuple((place, used) for place, used in enumerate(self.used) if used)

    def _take(self, units: int, increment: int) -> tuple[int, int]:
        """Return the whole steps that start within the units, as far as one payer reaches."""
        for place, allowance in self.units:
            left = self.left[place]
            own = allowance.step or increment
            factor = allowance.factor
            need = own * factor.numerator // factor.denominator
            if 0 < need <= left:
                steps = min(-(-units // own), left // need)
                self.left[place] = left - steps * need
                self.used[place] += steps * need
                return steps * own, place
        return -(-units // increment) * increment, -1

    def _append(self, piece: Piece) -> None:
        if self.pieces:
            at, band, step, units, place = self.pieces[-1]
            if (band, step, place) == (piece[1], piece[2], piece[4]):
                self.pieces[-1] = (at, band, step, units + piece[3], place)
                return
        self.pieces.append(piece)


def _step_at(rule: BandRules, at: int) -> tuple[int, tuple[int, int, int, int]]:
    """Return the step of an elapsed unit, and its number."""
    for number, step in enumerate(rule.steps):
        if step[0] <= at < step[1]:
            return number, step
    message = "the last step has no end"
    raise AssertionError(message)
