"""
What a service should have been charged, entry by entry: plans, packages, shares of bundles, pauses.

Written from the rules, not from the code. A chain of days is charged piece by piece; a piece ends with
the cycle, the plan, the service or where a pause begins. In advance it is due with its first day, in
arrears once it is over. The night charges on the morning it leads to: what begins that morning is
dated so, all else on the day that ends. Days that aren't used any more are given back for what was
charged less what the days used are worth.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal

from tests.scenarios.plain_fees import DAY, KOPECK, Terms, cycle_end, cycle_start

ZERO = Decimal("0.00")
NEVER = date.max


@dataclass(frozen=True)
class Offer:
    """A plan, or a package, on sale."""

    code: str
    terms: Terms
    timing: str = "advance"
    tax_included: bool = True


@dataclass(frozen=True)
class Fee:
    """What a service posts: `amount` positive takes from the account."""

    day: date
    kind: str
    amount: Decimal
    offer: Offer
    what: str
    first: date
    until: date


@dataclass
class Share:
    """What a part of a bundle costs for its pieces that begin in [first, until)."""

    offer: Offer
    fee: Decimal
    first: date
    until: date = NEVER
    #: The shares of the whole bundle, which ends for all of its parts at once.
    bundle: "list[Share]" = field(default_factory=list)


def split(price: Decimal, fees: list[Decimal]) -> list[Decimal]:
    """One price of several things, split by what they cost alone, to the kopeck."""
    exact = [price * fee / sum(fees, ZERO) for fee in fees]
    parts = [one.quantize(KOPECK, ROUND_DOWN) for one in exact]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: int((price - sum(parts, ZERO)) / KOPECK)]:
        parts[place] += KOPECK
    return parts


@dataclass
class Rest:
    """A pause agreed for [first, until); its fee runs after the free days."""

    first: date
    until: date
    terms: Terms
    free_days: int
    keeps_packages: bool
    is_running: bool = False
    charged_to: date | None = None


@dataclass
class Piece:
    """Days that were charged; from `kept_to` on they were given back."""

    first: date
    until: date
    terms: Terms
    amount: Decimal
    offer: Offer
    kept_to: date
    given_back: list[tuple[Rest, date, date]] = field(default_factory=list)


@dataclass
class Chain:
    """The days of a plan or of one package of a service, charged one piece after another."""

    what: str
    offers: list[tuple[date, Offer]]
    next_day: date
    until: date = NEVER
    shares: list[Share] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def offer_on(self, day: date) -> Offer:
        return [offer for first, offer in self.offers if first <= day][-1]

    def terms_on(self, day: date, own_fee: Callable[[Offer, date], Decimal | None]) -> Terms:
        """A bundle's share goes before a company's own fee, and that before the list's."""
        terms = self.offer_on(day).terms
        fee = own_fee(self.offer_on(day), day) if self.what == "plan" else None
        for share in self.shares:
            if share.first <= day < share.until and share.offer == self.offer_on(day):
                fee = share.fee
        return terms if fee is None else Terms(fee, terms.period, terms.proration)


@dataclass
class PlainService:
    """One service of an account; what it costs goes to `post`."""

    key: str
    cycle_day: int
    begins: date
    plan: Chain
    post: Callable[[Fee], None]
    own_fee: Callable[[Offer, date], Decimal | None] = lambda _offer, _day: None
    packages: list[Chain] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)
    waiting: tuple[date, Offer] | None = None
    end: date = NEVER

    # What people do

    def change_plan(self, offer: Offer, *, effective: date, today: date) -> None:
        if effective > today:
            self.waiting = (effective, offer)
            return
        self._set_plan(offer, effective, today=today)

    def buy(self, offer: Offer, *, today: date, share: Share | None = None) -> Chain:
        """A package that was taken off today begins again tomorrow."""
        former = [chain.until for chain in self.packages if chain.offers[0][1] == offer]
        chain = Chain("package", [(today, offer)], max([today, *former]))
        chain.shares += [share] if share else []
        self.packages.append(chain)
        self._charge(chain, today)
        return chain

    def held(self, offer: Offer) -> Chain | None:
        return next(
            (one for one in self.packages if one.offers[0][1] == offer and one.until == NEVER), None
        )

    def drop(self, chain: Chain, *, today: date) -> None:
        """The day on which a package is taken off is charged."""
        chain.until = today + DAY
        self._unbundle(chain, today + DAY)
        self._give_back(chain, today + DAY, today=today)

    def agree_rest(self, rest: Rest, *, is_now: bool, today: date) -> None:
        self.rests.append(rest)
        if is_now:
            self._begin(rest, today=today)

    def call_off(self, rest: Rest) -> None:
        self.rests.remove(rest)

    def resume(self, rest: Rest, *, today: date) -> None:
        """The day on which it works again is charged."""
        self._finish(rest, max(today, rest.first), today=today)

    def days_rested(self, year: int, *, before: date) -> int:
        days = 0
        for rest in self.rests:
            day = rest.first
            until = before if rest.until == NEVER or (rest.is_running) else rest.until
            while rest.charged_to is not None and day < until:
                days += day.year == year
                day += DAY
        return days

    def terminate(self, *, today: date) -> None:
        """The last day is charged; what was charged for later ones is given back at once."""
        self.waiting = None
        for rest in [one for one in self.rests if one.charged_to is None]:
            self.call_off(rest)
        for rest in self.rests:
            if rest.is_running:
                rest.is_running, rest.until = False, max(rest.first, today + DAY)
        self.end = today + DAY
        for chain in self._chains():
            chain.until = min(chain.until, self.end)
            self._unbundle(chain, self.end)
            self._give_back(chain, self.end, today=today)

    # What nights do

    def change(self, morning: date) -> None:
        """Put the change of plan, then the pause into force that were agreed for the morning."""
        if self.waiting and self.waiting[0] <= morning:
            (effective, offer), self.waiting = self.waiting, None
            self._set_plan(offer, effective, today=morning)
        for rest in self.rests:
            if rest.charged_to is None and rest.first <= morning:
                self._begin(rest, today=morning)
        for rest in self.rests:
            if rest.is_running and rest.until <= morning:
                self._finish(rest, rest.until, today=morning)

    def charge(self, morning: date) -> None:
        for chain in self._chains():
            self._charge(chain, morning)
        for rest in self.rests:
            self._charge_rest(rest, morning)

    # How

    def _chains(self) -> Iterator[Chain]:
        yield self.plan
        yield from self.packages

    def _resting(self, chain: Chain) -> list[Rest]:
        """Pauses that have begun and stop the chain."""
        return [
            rest
            for rest in self.rests
            if rest.charged_to is not None
            and rest.first < rest.until
            and (chain.what == "plan" or not rest.keeps_packages)
        ]

    def _charge(self, chain: Chain, morning: date) -> None:
        limit = min(chain.until, self.end)
        while chain.next_day <= morning and chain.next_day < limit:
            first, offer = chain.next_day, chain.offer_on(chain.next_day)
            terms = chain.terms_on(first, self.own_fee)
            rests = self._resting(chain)
            rest = next((one for one in rests if one.first <= first < one.until), None)
            if terms.period == "once":
                rest, until = None, first + DAY
            elif terms.period == "day" and rest is None:
                until = first + DAY
            else:
                ends = [cycle_end(first, self.cycle_day), limit]
                ends += [day for day, _offer in chain.offers if day > first]
                ends += [rest.until] if rest else []
                until = min(ends + [one.first for one in rests if one.first > first])
            is_arrears = offer.timing == "arrears"
            if (is_arrears or rest is not None) and until > morning:
                return
            chain.next_day = limit if terms.period == "once" else until
            if rest is None:
                dated = morning if first == morning and not is_arrears else morning - DAY
                self._post_piece(chain, terms, offer, (first, until), dated)

    def _post_piece(
        self, chain: Chain, terms: Terms, offer: Offer, days: tuple[date, date], dated: date
    ) -> None:
        first, until = days
        amount = self._worth(terms, first, until)
        chain.pieces.append(Piece(first, until, terms, amount, offer, until))
        self.post(Fee(dated, "FEE", amount, offer, chain.what, first, until))

    def _worth(self, terms: Terms, first: date, until: date) -> Decimal:
        if terms.period == "once":
            return terms.of(1, 1)
        cycle = cycle_end(first, self.cycle_day) - cycle_start(first, self.cycle_day)
        return terms.of((until - first).days, cycle.days) if until > first else ZERO

    def _give_back(
        self, chain: Chain, day: date, *, today: date, rest: Rest | None = None
    ) -> list[tuple[date, date]]:
        """Give back what pieces were charged from a day on; the days of each."""
        returned = []
        for piece in chain.pieces:
            cut = max(day, piece.first)
            if cut >= piece.kept_to or piece.terms.period == "once":
                continue
            kept = piece.amount
            if piece.kept_to < piece.until:
                kept = min(kept, self._worth(piece.terms, piece.first, piece.kept_to))
            amount = max(ZERO, kept - self._worth(piece.terms, piece.first, cut))
            days = (cut, piece.kept_to)
            self.post(Fee(today, "FEE_CREDIT", -amount, piece.offer, chain.what, *days))
            piece.kept_to = cut
            if rest:
                piece.given_back.append((rest, *days))
            returned.append(days)
        return returned

    def _set_plan(self, offer: Offer, day: date, *, today: date) -> None:
        """Days that were charged by the plan before, the new one charges at once."""
        self.plan.offers.append((day, offer))
        self._unbundle(self.plan, day)
        for days in self._give_back(self.plan, day, today=today):
            terms = self.plan.terms_on(days[0], self.own_fee)
            self._post_piece(self.plan, terms, offer, days, today)

    @staticmethod
    def _unbundle(chain: Chain, day: date) -> None:
        """Without one of its parts there is no bundle; what is charged goes on to its end."""
        for share in chain.shares:
            for one in share.bundle if share.until > day else ():
                one.until = min(one.until, day)

    def _begin(self, rest: Rest, *, today: date) -> None:
        rest.is_running, rest.charged_to = True, rest.first + rest.free_days * DAY
        for chain in self._chains():
            if chain.what == "plan" or not rest.keeps_packages:
                self._give_back(chain, rest.first, today=today, rest=rest)

    def _finish(self, rest: Rest, on: date, *, today: date) -> None:
        """What was given back for days on which the service works again is charged anew."""
        rest.is_running, rest.until = False, on
        for chain in self._chains():
            again = [
                (max(first, on), min(until, chain.until, self.end))
                for piece in chain.pieces
                for for_rest, first, until in piece.given_back
                if for_rest is rest and until > on
            ]
            for days in again:
                if days[0] < days[1]:
                    terms, offer = chain.terms_on(days[0], self.own_fee), chain.offer_on(days[0])
                    self._post_piece(chain, terms, offer, days, today)

    def _charge_rest(self, rest: Rest, morning: date) -> None:
        if rest.charged_to is None or not rest.terms.fee:
            return
        while (first := rest.charged_to) < min(morning, rest.until):
            until = min(cycle_end(first, self.cycle_day), rest.until)
            if until > morning:
                return
            rest.charged_to = until
            amount = self._worth(rest.terms, first, until)
            offer = self.plan.offer_on(first)
            self.post(Fee(morning - DAY, "FEE", amount, offer, "pause", first, until))
