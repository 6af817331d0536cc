"""
Usage priced the plain way: Decimal, dictionaries, one record after the other.

Knows nothing of the product and imports nothing of it; written from the rules of rating alone, to
be compared with the product's sums. Everything it needs is a description of plain values, see
`Description`; the records come from `switch_files`.

The rules: the zone is that of the longest prefix among the zones the deck prices. Nothing is due
for no length, or one within the grace. Free units come off the front, then the minimum holds. The
rest is walked in whole increments from the start: the first of its own size, or as the steps of the
rate in force say, by the elapsed unit. Each is priced in the band in force when it starts, in the
deck's time zone, or, where the deck doesn't follow the clock, when the record starts; an increment
without a band leaves the record without a price. Allowances cover whole steps, the higher priority
first, and give factor units for each. The connection fee of the first increment's band is due once,
surcharges if the record is longer than their unit; the maximum holds; one rounding at the end, to
the deck's decimals. Then allowances of money pay.

Price models and groups are left to other tests.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal, getcontext
from typing import Any
from zoneinfo import ZoneInfo

getcontext().prec = 50
ROUNDING = {"half_up": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_DOWN}
HOUR = 3600
NEVER = 2**62


@dataclass(slots=True)
class Record:
    """Who (E.164 digits or a login), when (seconds since 1970), voice | sms | data | session."""

    subscriber: str
    at: int
    kind: str
    number: str
    quantity: int


@dataclass(slots=True)
class Answer:
    """What came of a record: `refused` is empty if it was priced."""

    refused: str
    account: int = 0
    zone: int = 0
    billed: int = 0
    covered: Decimal = Decimal(0)
    amount: Decimal = Decimal("0.00")


class Description:
    """
    The catalogue and the subscribers, out of plain dictionaries.

    time_zone: the operator's; zones: [{id, class, prefixes}];
    plans: {id: {decks: {kind: [deck]}, allowances: [{id, kind, amount, classes, zones, priority,
    step, factor, money, recurrence: day | week | month | once}]}};
    deck: {id, from, to, time_zone, rounding, decimals, follows_clock, holidays, bands: [{code,
    weekdays, from, to, holidays: any | only | never, priority, dates, windows: [[from, to]]}],
    rates: [{band, zone, class, price, unit, fee, steps: [[from unit, price, unit, increment]]}],
    terms: [{zone, first, next, free, min, grace, most, surcharges: [[at unit, amount]]}]};
    days and moments are ISO texts, prices and factors texts, no maximum is None.
    identifiers: [{value, subscription, account, from, to}]; history: [{subscription, plan, from,
    to}], with seconds since 1970 or None.
    """

    def __init__(self, plain: dict[str, Any]) -> None:
        self.time_zone = ZoneInfo(plain["time_zone"])
        self.zone_class = {zone["id"]: zone["class"] for zone in plain["zones"]} | {0: ""}
        self.prefixes = {p: zone["id"] for zone in plain["zones"] for p in zone["prefixes"]}
        self.plans = {
            int(number): Plan(plan, zone_class=self.zone_class)
            for number, plan in plain["plans"].items()
        }
        self.owners: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in plain["identifiers"]:
            self.owners[row["value"].lower()].append(row)
        self.history: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in plain["history"]:
            self.history[row["subscription"]].append(row)
        self.days: dict[int, date] = {}

    def day(self, at: int) -> date:
        """Return the operator's day of a moment; clocks never change inside an hour's quarter."""
        quarter = at // 900
        if quarter not in self.days:
            self.days[quarter] = datetime.fromtimestamp(at, self.time_zone).date()
        return self.days[quarter]


class Plan:
    """A plan version: decks by kind, allowances in the order of use."""

    def __init__(self, plain: dict[str, Any], *, zone_class: dict[int, str]) -> None:
        self.decks = {
            kind: [PlainDeck(deck, zone_class=zone_class) for deck in decks]
            for kind, decks in plain["decks"].items()
        }
        ordered = sorted(plain["allowances"], key=lambda a: (-a["priority"], a["id"]))
        self.allowances: dict[tuple[str, int], list[dict[str, Any]]] = {
            (kind, zone): [a for a in ordered if a["kind"] == kind and _reaches(a, zone, of_class)]
            for kind in self.decks
            for zone, of_class in zone_class.items()
        }


def _reaches(allowance: dict[str, Any], zone: int, zone_class: str) -> bool:
    if zone in allowance["zones"]:
        return True
    if allowance["zones"] and not allowance["classes"]:
        return False
    if allowance["classes"]:
        return zone_class in allowance["classes"]
    return zone_class not in ("international", "free")


class PlainDeck:
    """One version of a deck, with what it says of each zone."""

    def __init__(self, plain: dict[str, Any], *, zone_class: dict[int, str]) -> None:
        self.number = plain["id"]
        self.time_zone = ZoneInfo(plain["time_zone"])
        self.start = self._midnight(plain["from"])
        self.end = self._midnight(plain["to"]) if plain["to"] else None
        self.rounding = ROUNDING[plain["rounding"]]
        self.quantum = Decimal(1).scaleb(-plain["decimals"])
        self.follows_clock = plain["follows_clock"]
        self.holidays = {date.fromisoformat(day) for day in plain["holidays"]}
        self.bands = plain["bands"]
        self.terms = {terms["zone"]: terms for terms in plain["terms"]}
        exact = [
            rate
            | {"price": Decimal(rate["price"]), "fee": Decimal(rate["fee"])}
            | {"steps": [(start, Decimal(p), *rest) for start, p, *rest in rate["steps"]]}
            for rate in plain["rates"]
        ]
        self.rates = {zone: self._rates(exact, zone, c) for zone, c in zone_class.items()}
        self.rates = {zone: rates for zone, rates in self.rates.items() if rates}
        self.codes = {zone: tuple(sorted(rates)) for zone, rates in self.rates.items()}
        self.hours: dict[tuple[tuple[str, ...], int], tuple[list[int], list[str]]] = {}

    def _midnight(self, day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=self.time_zone).timestamp())

    @staticmethod
    def _rates(rates: list[dict[str, Any]], zone: int, zone_class: str) -> dict[str, Any]:
        own = {r["band"]: r for r in rates if r["zone"] is not None and r["zone"] == zone}
        of_class = {
            r["band"]: r
            for r in rates
            if r["zone"] is None and r["class"] and r["class"] == zone_class
        }
        rest = {r["band"]: r for r in rates if r["zone"] is None and not r["class"]}
        return own or of_class or rest

    def band_at(self, codes: tuple[str, ...], at: int) -> str:
        """Return the band in force at a second, by reading the clock."""
        local = datetime.fromtimestamp(at, self.time_zone)
        second = local.hour * HOUR + local.minute * 60 + local.second
        holding = [b for b in self.bands if b["code"] in codes and self._holds(b, local, second)]
        return max(holding, key=lambda b: b["priority"])["code"] if holding else ""

    def _holds(self, band: dict[str, Any], local: datetime, second: int) -> bool:
        if band["weekdays"] and local.isoweekday() not in band["weekdays"]:
            return False
        is_holiday = local.date() in self.holidays
        if is_holiday and band["holidays"] == "never":
            return False
        if not is_holiday and band["holidays"] == "only":
            return False
        if not _is_dated(band, local):
            return False
        if band["from"] < band["to"]:
            return bool(band["from"] <= second < band["to"])
        return bool(second >= band["from"] or second < band["to"])

    def hour(self, codes: tuple[str, ...], number: int) -> tuple[list[int], list[str]]:
        """Return the seconds at which bands start in an hour since 1970, and the bands."""
        key = (codes, number)
        if key not in self.hours:
            starts: list[int] = []
            names: list[str] = []
            for at in self._looked_at(number * HOUR):
                name = self.band_at(codes, at)
                if not names or names[-1] != name:
                    starts.append(at)
                    names.append(name)
            self.hours[key] = (starts, names)
        return self.hours[key]

    def _looked_at(self, start: int) -> Iterable[int]:
        """Every second, unless all bands change on full minutes."""
        ends = [second for band in self.bands for second in (band["from"], band["to"])]
        ends += [
            moment.minute * 60 + moment.second
            for band in self.bands
            for window in band["windows"]
            for moment in map(datetime.fromisoformat, window)
        ]
        return range(start, start + HOUR, 60 if all(end % 60 == 0 for end in ends) else 1)


def _is_dated(band: dict[str, Any], local: datetime) -> bool:
    """Whether the dates and windows of a band, if it has any, hold."""
    day = local.date().isoformat()
    if band["dates"] and day not in band["dates"] and day[5:] not in band["dates"]:
        return False
    clock = local.replace(tzinfo=None).isoformat()
    return not band["windows"] or any(start <= clock < end for start, end in band["windows"])


def _period(recurrence: str, day: date) -> int:
    """Return a number of the period of a day, different for each."""
    if recurrence == "once":
        return 0
    if recurrence == "month":
        return day.year * 100 + day.month
    return day.toordinal() - (day.weekday() if recurrence == "week" else 0)


class PlainRating:
    """Prices records in the order in which they are given, and remembers allowances."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.used: dict[tuple[int, int, int], Decimal] = defaultdict(Decimal)
        self.zones: dict[tuple[int, str], int | None] = {}

    def price(self, record: Record) -> Answer:
        """Price one record."""
        owner = _in_force(self.description.owners.get(record.subscriber.lower(), ()), record.at)
        if owner is None:
            return Answer("no_subscriber")
        history = self.description.history.get(owner["subscription"], ())
        row = _in_force(history, record.at)
        plan = self.description.plans.get(row["plan"]) if row else None
        if plan is None:
            return Answer("no_plan", owner["account"])
        deck = next((d for d in plan.decks.get(record.kind, ()) if _is_in(d, record.at)), None)
        if deck is None:
            return Answer("no_price_version", owner["account"])
        zone = self.zone_of(deck, record.number)
        if zone is None:
            return Answer("no_zone", owner["account"])
        day = self.description.day(record.at)
        counters = [
            ((owner["subscription"], a["id"], _period(a["recurrence"], day)), a)
            for a in plan.allowances.get((record.kind, zone), ())
        ]
        return self._price(record, deck, zone, owner["account"], counters)

    def zone_of(self, deck: PlainDeck, number: str) -> int | None:
        """Return the zone of the longest prefix that the deck prices; 0 without one."""
        key = (deck.number, number[:15])
        if key not in self.zones:
            found: int | None = 0 if 0 in deck.rates else None
            for length in range(1, len(key[1]) + 1):
                zone = self.description.prefixes.get(number[:length])
                if zone is not None and zone in deck.rates:
                    found = zone
            self.zones[key] = found
        return self.zones[key]

    def _price(
        self, record: Record, deck: PlainDeck, zone: int, account: int, counters: list[Any]
    ) -> Answer:
        terms = deck.terms.get(zone) or deck.terms[None]
        length = _length(record.quantity, terms)
        if length == 0:
            return Answer("", account, zone)
        walk = Walk(record, deck, zone)
        units = [(key, a) for key, a in counters if not a["money"]]
        before = {key: self.used[key] for key, _ in units}
        billed = self._walk(walk, length, units)
        if billed is None:
            # What it took before it came to hours without a price is given back.
            self.used.update(before)
            return Answer("no_rate", account, zone)
        covered = sum((self.used[key] - before[key] for key, _ in units), Decimal(0))
        amount = walk.amount(record.quantity, terms)
        for key, allowance in counters:
            if allowance["money"] and amount > 0:
                paid = min(allowance["amount"] - self.used[key], amount * 100)
                self.used[key] += paid
                amount -= paid / 100
        return Answer("", account, zone, billed, covered, amount)

    def _walk(self, walk: "Walk", length: int, counters: list[Any]) -> int | None:
        """Walk the length by runs of equal increments; return where it ends, None without a price."""
        at = 0
        while at < length:
            found = walk.rate_at(at)
            if found is None:
                return None
            rate, until = found
            price, unit, increment, end = walk.step(rate, at)
            stop = min(length, end, until)
            key, step, most = None, increment, None
            for counter, allowance in counters:
                own = allowance["step"] or increment
                need = own * Decimal(allowance["factor"])
                left = allowance["amount"] - self.used[counter]
                if left >= need:
                    key, step, most = counter, own, int(left // need)
                    break
            count = -(-(stop - at) // step)
            if key is None or most is None:
                walk.pay(price, unit, count * step)
            else:
                count = min(count, most)
                self.used[key] += count * need
            at += count * step
        return at


class Walk:
    """Adds up what is paid, by unit, so that nothing is divided before the end."""

    def __init__(self, record: Record, deck: PlainDeck, zone: int) -> None:
        self.start = record.at
        self.is_timed = record.kind == "voice" and deck.follows_clock
        self.deck = deck
        self.rates = deck.rates[zone]
        self.codes = deck.codes[zone]
        self.terms = deck.terms.get(zone) or deck.terms[None]
        self.parts: dict[int, Decimal] = {}
        found = self.rate_at(0)
        self.fee = found[0]["fee"] if found else Decimal(0)

    def rate_at(self, at: int) -> tuple[dict[str, Any], int] | None:
        """Return the rate at a second of the call, and the second until which it is certain."""
        moment = self.start + (at if self.is_timed else 0)
        known = self.deck.hours.get((self.codes, moment // HOUR))
        starts, names = known or self.deck.hour(self.codes, moment // HOUR)
        place = bisect_right(starts, moment)
        until = starts[place] if place < len(starts) else (moment // HOUR + 1) * HOUR
        rate = self.rates.get(names[place - 1])
        return None if rate is None else (rate, until - self.start if self.is_timed else NEVER)

    def step(self, rate: dict[str, Any], at: int) -> tuple[Decimal, int, int, int]:
        """Return price, its unit, the increment, and the unit at which the next step begins."""
        if not rate["steps"]:
            first = self.terms["first"]
            if at < first:
                return rate["price"], rate["unit"], first, first
            return rate["price"], rate["unit"], self.terms["next"], NEVER
        _, price, unit, increment = max(s for s in rate["steps"] if s[0] <= at)
        return (
            price,
            unit,
            increment,
            min((s[0] for s in rate["steps"] if s[0] > at), default=NEVER),
        )

    def pay(self, price: Decimal, unit: int, units: int) -> None:
        """Add units at a price."""
        self.parts[unit] = self.parts.get(unit, Decimal(0)) + price * units

    def amount(self, quantity: int, terms: dict[str, Any]) -> Decimal:
        """Return the sum with surcharges, at most the maximum, rounded once."""
        total = self.fee + sum(part / unit for unit, part in self.parts.items())
        total += sum(Decimal(more) for at, more in terms["surcharges"] if quantity > at)
        if terms["most"] is not None:
            total = min(total, Decimal(terms["most"]))
        return (total / self.deck.quantum).quantize(
            Decimal(1), rounding=self.deck.rounding
        ) * self.deck.quantum


def _length(quantity: int, terms: dict[str, Any]) -> int:
    if quantity == 0 or quantity <= terms["grace"]:
        return 0
    rest = quantity - terms["free"]
    return 0 if rest <= 0 else max(rest, terms["min"])


def _in_force(rows: Iterable[dict[str, Any]], at: int) -> dict[str, Any] | None:
    for row in rows:
        if (row["from"] is None or row["from"] <= at) and (row["to"] is None or at < row["to"]):
            return row
    return None


def _is_in(deck: PlainDeck, at: int) -> bool:
    return deck.start <= at and (deck.end is None or at < deck.end)


def utc(at: int) -> datetime:
    """Return a moment as people read it, for messages of failed comparisons."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
