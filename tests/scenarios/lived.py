"""
A year as it is lived: each act is done by the product's own operation and told to the plain books,
each night is the night of the product; after it both have to say the same, to the kopeck.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from accounts import operations as accounts
from billing_project import night_steps
from billing_project.kernel import jobs
from billing_project.night import Night
from dunning.models import PromiseRule
from dunning.operations import disputes, promises
from invoicing.models import Bill, BillLine, Note
from invoicing.operations import notes, voiding
from tests.integration.invoicing.household import ACTOR
from tests.scenarios import plain_bills
from tests.scenarios.compared import compare, compare_balances, compare_note
from tests.scenarios.lived_services import Customers
from tests.scenarios.plain_books import Bonus
from tests.scenarios.plain_fees import DAY
from tests.scenarios.plain_services import (
    ZERO,
)
from tests.scenarios.plain_usage import ZONE, Use

HEADER = "record_id,kind,subscriber,started_at,quantity,other_number"
NO_LIMIT = Decimal(10) ** 9
#: Steps of the night that move no money of these years.
QUIET = {"months", "online", "limits", "vouchers", "cards", "drafts", "approve", "access"}
QUIET |= {"network", "messages", "books", "late_fees", "debts"}
USAGE = {"load", "price", "post"}


@dataclass
class Life(Customers):
    """Their money, bills and usage; `today` goes on night by night."""

    # Money

    def pay(self, account: str, amount: str) -> None:
        self.take(account, Decimal(amount))

    def take(self, account: str, amount: Decimal) -> Any:
        when = self.when
        self.books.accounts[account].pay(self.today, amount)
        return accounts.take_payment(
            account_id=self.rows[account].pk,
            amount=amount,
            gateway="cash",
            external_id=f"life-{next(self.ids)}",
            paid_at=when["now"],
            **when,
        )

    def pay_all(self, account: str) -> None:
        """Pay what is owed, if anything is."""
        owed = -self.books.accounts[account].money
        if owed > 0:
            self.take(account, owed)

    def bounce(self, account: str, amount: str) -> None:
        """A payment that is taken back at once."""
        payment = self.take(account, Decimal(amount))
        accounts.reverse_payment(payment_id=payment.pk, reason="ошибка кассира", **self.when)
        self.books.accounts[account].post(self.today, "PAYMENT_REVERSAL", Decimal(amount))

    def correct(self, account: str, amount: str, *, kind: str = "ADJUSTMENT") -> None:
        """An adjustment (positive gives), or a write-off of debt."""
        operation = {"ADJUSTMENT": accounts.adjust, "WRITE_OFF": accounts.write_off_debt}[kind]
        operation(
            account_id=self.rows[account].pk,
            amount=Decimal(amount),
            reason="по обращению",
            request_id=f"life-{next(self.ids)}",
            limit=NO_LIMIT,
            **self.when,
        )
        self.books.accounts[account].post(self.today, kind, -Decimal(amount))

    def grant(self, account: str, amount: str, *, days: int) -> None:
        last_day = self.today + days * DAY
        accounts.grant_bonus(
            account_id=self.rows[account].pk,
            amount=Decimal(amount),
            reason="день рождения",
            request_id=f"life-{next(self.ids)}",
            limit=NO_LIMIT,
            expires_on=last_day,
            **self.when,
        )
        self.books.accounts[account].bonuses.append(Bonus(Decimal(amount), last_day))

    def promise(self, account: str, amount: str) -> None:
        """A promised payment, at the time and price that the operator's rule says."""
        rule = PromiseRule.objects.get(is_active=True)
        promises.give(
            account_id=self.rows[account].pk, amount=Decimal(amount), now=self.now, actor=ACTOR
        )
        plain = self.books.accounts[account]
        plain.sell(self.today, "PROMISE_PRICE", rule.price)
        # The night comes half an hour after midnight.
        last_day = self.today + (rule.days - (self.hour == 0)) * DAY
        plain.promised = (Decimal(amount), ZERO, last_day)
        compare_balances(self)

    # Bills and their corrections

    def bill(self, account: str, place: int = -1) -> tuple[plain_bills.Bill, Bill]:
        """A bill of an account in both books; their lines stand in the same order."""
        rows = Bill.objects.filter(account=self.rows[account]).order_by("pk")
        return self.books.accounts[account].bills[place], list(rows)[place]

    def line(self, account: str, kind: str, place: int = -1) -> tuple[plain_bills.Line, BillLine]:
        """The dearest line of a kind on a bill."""
        plain, row = self.bill(account, place)
        pairs = zip(plain.lines, row.lines.order_by("position"), strict=True)
        return max((pair for pair in pairs if pair[0].kind == kind), key=lambda pair: pair[0].gross)

    def note(self, account: str, kind: str, parts: dict[str, str], place: int = -1) -> None:
        """A credit or debit note: amounts by the kind of the line; its dearest one is meant."""
        lines = [(self.line(account, which, place), Decimal(sum_)) for which, sum_ in parts.items()]
        draft = notes.NoteDraft(
            bill_id=self.bill(account, place)[1].pk,
            kind=kind,
            parts=[(row.pk, amount) for (_plain, row), amount in lines],
            reason="по обращению",
            request_id=f"life-{next(self.ids)}",
        )
        made = notes.issue_note(draft=draft, limit=NO_LIMIT, **self.when)
        plain = self.books.accounts[account]
        taxes = plain.note(
            self.today, [(line, amount) for (line, _row), amount in lines], kind=kind.upper()
        )
        compare_note(made, taxes)

    def void(self, account: str, anew: dict[int, str] | None = None, place: int = -1) -> None:
        """Void a bill; `anew` are places of lines sold with what they charge on the new one."""
        plain, row = self.bill(account, place)
        sold = [line for line in row.lines.order_by("position") if line.kind != "adjustment"]
        amounts = None
        if anew is not None:
            amounts = {sold[place].pk: Decimal(amount) for place, amount in anew.items()}
        order = voiding.VoidOrder(row.pk, "выставлен ошибочно", amounts)
        voiding.void_bill(order=order, limit=NO_LIMIT, **self.when)
        told_back = Note.objects.filter(bill=row)
        assert (
            sum(one.tax if one.kind == "credit_note" else -one.tax for one in told_back) == row.tax
        )
        told = None if anew is None else {key: Decimal(each) for key, each in anew.items()}
        self.books.accounts[account].void(self.today, plain, told)
        compare(self)

    def dispute(self, account: str, kind: str, amount: str, place: int = -1) -> int:
        """Dispute a line; the amount counts as not charged until it is decided."""
        plain, row = self.line(account, kind, place)
        made = disputes.raise_dispute(
            claim=disputes.Claim(
                account_id=self.rows[account].pk,
                reason="не звонили",
                request_id=f"life-{next(self.ids)}",
                bill_line_id=row.pk,
                amount=Decimal(amount),
            ),
            **self.when,
        )
        books = self.books.accounts[account]
        books.disputed[made.pk] = Decimal(amount)
        self.disputes[made.pk] = (books, plain)
        compare_balances(self)
        return made.pk

    def decide(self, dispute: int, amount: str | None) -> None:
        """Decide a dispute: accepted for an amount, or rejected."""
        plain, line = self.disputes.pop(dispute)
        del plain.disputed[dispute]
        if amount is None:
            disputes.reject(dispute_id=dispute, answer="звонили", now=self.now, actor=ACTOR)
            return
        disputes.accept(
            dispute_id=dispute,
            amount=Decimal(amount),
            answer="верно",
            limit=NO_LIMIT,
            **self.when,
        )
        made = Note.objects.filter(account__in=self.rows.values()).latest("pk")
        taxes = plain.note(self.today, [(line, Decimal(amount))], kind="CREDIT_NOTE")
        compare_note(made, taxes)

    # Usage and nights

    def use(self, key: str, *uses: Use) -> None:
        """Records that the switch delivers by the coming night."""
        self.acted = True
        self.records += [(key, use) for use in uses]

    def _deliver(self) -> None:
        if not self.records:
            return
        lines = [
            f"{next(self.ids)},{use.kind},{self.numbers[key]},{use.began.isoformat()},"
            f"{use.quantity},{use.to}"
            for key, use in self.records
        ]
        path = self.folder / "csv-1" / f"{self.today}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([HEADER, *lines, ""]))
        costs: dict[tuple[str, str], dict[str, list[Decimal]]]
        costs = defaultdict(lambda: defaultdict(list))
        for key, use in self.records:
            costs[key, use.kind][use.zone].append(use.cost)
        for (key, kind), by_zone in costs.items():
            account = next(one for one in self.books.accounts.values() if key in one.services)
            account.use(self.today, account.services[key], kind, by_zone)

    def night(self) -> None:
        """Close the day in both books and compare them."""
        self._deliver()
        before, has_bonuses = self._told(), any(one.bonuses for one in self.books.accounts.values())
        self.books.night(self.today + DAY)
        if self.whole or self.acted or self._told() != before:
            self._close_day(left_out=set() if has_bonuses else {"bonuses"})
            compare(self)
        self.records.clear()
        self.acted, self.seconds, self.hour = False, 0, 12
        self.today += DAY

    def _told(self) -> list[object]:
        """What a night may change in the plain books."""
        return [
            (
                *(len(one.entries), len(one.bills), one.floor, one.bonus),
                *(rest.is_running for rest in each.rests),
            )
            for one in self.books.accounts.values()
            for each in one.services.values()
        ]

    def _close_day(self, *, left_out: set[str]) -> None:
        self.nights += 1
        now = datetime.combine(self.today + DAY, time(0, 30), tzinfo=ZONE)
        if self.whole:
            night_steps.close_day(business_date=self.today, now=now, folder=self.folder)
            return
        night = Night(self.today, now, self.folder)
        everybody: Any = SimpleNamespace(account_from=0, account_to=jobs.LAST_ACCOUNT)
        left_out |= QUIET if self.records else QUIET | USAGE
        for step in night_steps.STEPS:
            if step.name not in left_out:
                step.work(night, everybody, lambda done, total: None)

    def miss(self, nights: int) -> None:
        """Nights in which nobody closes the day; what the switch delivers waits."""
        self.today += nights * DAY
        self.seconds = 0

    def live_until(self, day: date) -> None:
        while self.today < day:
            self.night()
