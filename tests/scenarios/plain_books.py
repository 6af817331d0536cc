"""
What accounts should come to, and what should stand on their bills, in plain Decimal.

Amounts are debt: positive takes from the account. A bill has the entries dated before the end of its
cycle that stand on no bill yet.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tests.scenarios.plain_bills import (
    MONEY_IN,
    Bill,
    Entry,
    Line,
    Paper,
    exact_tax,
    tax_of,
    vat_on,
)
from tests.scenarios.plain_fees import DAY, cycle_end, rounded
from tests.scenarios.plain_services import NEVER, ZERO, Fee, Offer, PlainService

NOT_PAID_WITH_BONUSES = MONEY_IN | {"ADJUSTMENT", "WRITE_OFF"}
#: Bills of so many days back are still joined into a company's paper.
LOOSE = timedelta(days=10)


def part_of_tax(line: Line, amount: Decimal, *, sign: int) -> Decimal:
    """
    The tax of a part of a line that a note changes: what is left has neither tax nor net below zero,
    and with the last kopeck of a line its last tax goes.
    """
    tax = rounded(exact_tax(amount, line.percent, included=True))
    left, left_tax = -sign * line.left, -sign * line.left_tax
    if line.gross * sign > 0 or amount > left:
        return tax
    if amount == left:
        return left_tax
    return max(min(tax, left_tax), amount - (left - left_tax), ZERO)


@dataclass
class Bonus:
    """Bonus money that pays anything until its last day."""

    left: Decimal
    last_day: date


@dataclass
class PlainAccount:
    """An account: what moved, its services, its bills. `payer` gets the paper it is joined in."""

    key: str
    cycle_day: int
    opened: date
    limit: Decimal = ZERO
    payer: str = ""
    cost_centre: str = ""
    entries: list[Entry] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    services: dict[str, PlainService] = field(default_factory=dict)
    disputed: dict[object, Decimal] = field(default_factory=dict)
    #: What was promised, what was paid since, the last day.
    promised: tuple[Decimal, Decimal, date] | None = None
    bonuses: list[Bonus] = field(default_factory=list)
    own_fees: dict[str, tuple[Decimal, date]] = field(default_factory=dict)

    def own_fee(self, offer: Offer, day: date) -> Decimal | None:
        """A company may have its own fee of a plan, from a day on."""
        fee, since = self.own_fees.get(offer.code, (None, NEVER))
        return fee if day >= since else None

    @property
    def money(self) -> Decimal:
        return -sum((entry.amount for entry in self.entries), ZERO)

    @property
    def bonus(self) -> Decimal:
        return sum((one.left for one in self.bonuses), ZERO)

    @property
    def floor(self) -> Decimal:
        """How far below zero it may go: credit, an open promise, what is in dispute."""
        promised = self.promised[0] if self.promised else ZERO
        return self.limit + promised + sum(self.disputed.values(), ZERO)

    def post(self, day: date, kind: str, amount: Decimal, **more: object) -> None:
        if amount:
            self.entries.append(Entry(day, kind, amount, **more))  # type: ignore[arg-type]

    def post_fee(self, service: str, fee: Fee) -> None:
        about = f"{fee.what} {fee.offer.code} {fee.first} {fee.until}"
        if fee.offer.terms.period == "once":
            about = fee.offer.code
        self.post(
            fee.day,
            fee.kind,
            fee.amount,
            service=service,
            about=about,
            percent=vat_on(fee.day),
            included=fee.offer.tax_included,
        )

    def sell(self, day: date, kind: str, amount: Decimal) -> None:
        """Something sold once, with tax in its price."""
        self.post(day, kind, amount, percent=vat_on(day))

    def pay(self, day: date, amount: Decimal) -> None:
        self.post(day, "PAYMENT", -amount)
        if self.promised:
            promised, paid, until = self.promised
            self.promised = (promised, paid + amount, until)

    def use(self, day: date, service: PlainService, kind: str, costs: dict[str, list[Decimal]]):
        """Usage of one kind that a night priced: costs of its records by zone."""
        included = service.plan.offer_on(day).tax_included
        for zone, amounts in costs.items():
            self.post(
                day,
                f"USAGE_{kind.upper()}",
                sum(amounts, ZERO),
                service=service.key,
                about=f"{kind} {zone}",
                percent=vat_on(day),
                included=included,
                count=sum(1 for amount in amounts if amount),
            )

    # What nights do

    def close_promise(self, night: date) -> None:
        """A promise ends in the night after it is paid, or after its last day."""
        if self.promised:
            amount, paid, last_day = self.promised
            if paid >= amount or last_day <= night:
                self.promised = None

    def use_bonuses(self, night: date) -> None:
        """They pay what was charged that day, then what is charged for the next."""
        for day in (night, night + DAY):
            charged = sum(
                (
                    one.amount
                    for one in self.entries
                    if one.day == day and one.kind not in NOT_PAID_WITH_BONUSES
                ),
                ZERO,
            )
            paid = ZERO
            for bonus in sorted(self.bonuses, key=lambda one: one.last_day):
                part = max(ZERO, min(bonus.left, charged - paid)) if bonus.last_day >= day else ZERO
                bonus.left, paid = bonus.left - part, paid + part
            self.post(day, "BONUS_USE", -paid)
        self.bonuses = [one for one in self.bonuses if one.last_day > night and one.left]

    def bill(self, morning: date) -> None:
        first = self.opened
        while True:
            chain = [bill for bill in self.bills if bill.replaces is None]
            first = max(first, chain[-1].until) if chain else first
            until = cycle_end(first, self.cycle_day)
            if until > morning:
                return
            entries = [one for one in self.entries if not one.billed and one.day < until]
            if not entries and not any(
                service.begins < until and service.end > first for service in self.services.values()
            ):
                first = until
                continue
            self._issue(entries, first, until, morning)

    def _issue(self, entries: list[Entry], first: date, until: date, morning: date) -> None:
        chain = [bill for bill in self.bills if bill.replaces is None]
        bill = Bill(
            account=self.key,
            first=first,
            until=until,
            issued=morning,
            opening=chain[-1].closing if chain else ZERO,
            lines=list(self._lines(entries)),
            payments=-sum((one.amount for one in entries if one.kind in MONEY_IN), ZERO),
        )
        for entry in entries:
            entry.billed = True
        tax_of(bill.lines)
        # Prices without tax: the tax reaches the account with the bill, on its last day.
        added = sum((line.gross - line.amount for line in bill.lines), ZERO)
        self.post(until - DAY, "TAX", added, billed=True)
        self.bills.append(bill)

    @staticmethod
    def _lines(entries: list[Entry]) -> list[Line]:
        """Usage stands together by service and zone, all else by itself."""
        lines: list[Line] = []
        usage: dict[tuple[object, ...], Line] = {}
        for one in entries:
            if one.kind in MONEY_IN:
                continue
            line = Line(
                one.line_kind,
                one.service,
                one.about,
                one.amount,
                one.percent or 0,
                one.included,
                one.count,
            )
            place = (one.service, one.about, one.percent, one.included)
            if line.kind == "usage" and place in usage:
                usage[place].amount += line.amount
                usage[place].count += line.count
                continue
            if line.kind == "usage":
                usage[place] = line
            lines.append(line)
        return lines

    # Corrections of bills

    def note(self, day: date, parts: list[tuple[Line, Decimal]], *, kind: str) -> list[Decimal]:
        """A credit or debit note: its entries, untaxed on the next bill; the tax of each part."""
        taxes = []
        for line, amount in parts:
            sign = -1 if kind == "CREDIT_NOTE" else 1
            tax = part_of_tax(line, amount, sign=sign)
            line.credited -= sign * amount
            line.credited_tax -= sign * tax
            self.post(day, kind, sign * amount, service=line.service)
            taxes.append(tax)
        return taxes

    def void(self, day: date, bill: Bill, anew: dict[int, Decimal] | None) -> Bill | None:
        """
        Notes take back what the bill charges; with `anew` (place of the line -> what it charges
        instead) another bill stands in its place, and what it charges is posted.
        """
        for line in bill.sold:
            if line.left > 0:
                self.note(day, [(line, line.left)], kind="CREDIT_NOTE")
            elif line.left < 0:
                self.note(day, [(line, -line.left)], kind="DEBIT_NOTE")
        bill.is_void = True
        if anew is None:
            return None
        lines = []
        for place, line in enumerate(bill.sold):
            gross = anew.get(place, line.gross)
            tax = line.tax
            if gross != line.gross:
                tax = rounded(exact_tax(gross, line.percent, included=True))
            if gross:
                lines.append(
                    Line(line.kind, line.service, line.about, gross, line.percent, True, line.count)
                )
                lines[-1].tax = tax
                kind = "DEBIT_NOTE" if gross > 0 else "CREDIT_NOTE"
                self.post(day, kind, gross, service=line.service)
        found = Bill(self.key, bill.first, bill.until, day, ZERO, lines, ZERO, replaces=bill)
        self.bills.append(found)
        return found


@dataclass
class PlainBooks:
    """All accounts, and the papers that join their bills."""

    accounts: dict[str, PlainAccount] = field(default_factory=dict)
    papers: list[Paper] = field(default_factory=list)

    def night(self, morning: date) -> None:
        """Everything that the night to a morning does, after usage was priced."""
        night = morning - DAY
        services = [one for each in self.accounts.values() for one in each.services.values()]
        for service in services:
            service.change(morning)
        for service in services:
            service.charge(morning)
        for account in self.accounts.values():
            account.use_bonuses(night)
            account.close_promise(night)
        for account in self.accounts.values():
            account.bill(morning)
        self._join(morning)

    def _join(self, morning: date) -> None:
        loose: dict[tuple[str, date], list[Bill]] = defaultdict(list)
        for account in self.accounts.values():
            for bill in account.bills:
                is_new = bill.issued > morning - LOOSE and bill.paper is None
                if account.payer and is_new and not bill.is_void:
                    loose[account.payer, bill.until].append(bill)
        for (payer, until), parts in sorted(loose.items()):
            paper = Paper(payer, until, parts)
            self.papers.append(paper)
            for part in parts:
                part.paper = paper

    def trial(self) -> dict[str, Decimal]:
        """What moved by kind, as the accounts see it: positive gives."""
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for account in self.accounts.values():
            for entry in account.entries:
                sums[entry.kind] -= entry.amount
        return {kind: amount for kind, amount in sums.items() if amount}
