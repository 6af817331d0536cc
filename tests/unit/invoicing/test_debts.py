"""Receivables, ages, instalments and reminders: balances hold whatever is paid, refunded or noted."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.money import ZERO
from invoicing.domain.aging import OpenItem, age_debt, statement
from invoicing.domain.instalments import (
    DebtState,
    Instalment,
    pay_instalments,
    split_debt,
    state_of,
    take_back,
)
from invoicing.domain.overdue import (
    Basis,
    OverdueState,
    Unpaid,
    due_on,
    late_interest,
    overdue_state,
    retries,
)
from invoicing.domain.proration import Convention
from invoicing.domain.receivables import Matching, Receivables, UnableToAllocate, oldest_first
from invoicing.domain.reminders import Campaign, Counting, Level, next_level

quick = settings(deadline=None)
TODAY = date(2026, 6, 1)
MONEY = st.decimals(0, 5000, places=2)
SOME = st.decimals(Decimal("0.01"), 500, places=2)
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["issue", "issue", "pay", "adjust", "credit", "refund", "back"]),
        SOME,
        st.integers(0, 3),
    ),
    max_size=12,
)


class TestReceivables:
    @quick
    @given(moves=MOVES)
    def test_the_account_is_what_came_less_what_went(self, moves) -> None:
        books = Receivables()
        balance = ZERO
        for number, (kind, amount, place) in enumerate(moves):
            codes = list(books.invoices)
            code = codes[place % len(codes)] if codes else ""
            if kind == "issue":
                due = books.issue(str(number), amount, on=TODAY)
                assert ZERO <= due <= amount
                balance += amount
            elif kind == "credit":
                books.add_credit(amount)
                balance -= amount
            elif code:
                balance += self.move(books, kind, code, amount)
            assert books.balance == balance
            assert books.credit >= 0

    @staticmethod
    def move(books: Receivables, kind: str, code: str, amount: Decimal) -> Decimal:
        """Do one thing to an invoice; return what the account owes more for it."""
        if kind == "pay":
            books.pay(code, amount)
            return -amount
        if kind == "adjust":
            books.adjust(code, amount)
            return -amount
        if kind == "refund":
            books.refund(code, amount)
            return amount
        books.charge_back(code, amount)
        return amount

    @quick
    @given(amounts=st.lists(SOME, min_size=1, max_size=5), credit=MONEY)
    def test_credit_pays_the_oldest(self, amounts, credit) -> None:
        books = Receivables()
        for place, amount in enumerate(amounts):
            # Issued backwards: what was issued last is the oldest.
            books.issue(str(place), amount, on=TODAY - timedelta(days=place))
        books.add_credit(credit)
        paid = [books.invoices[str(place)].credited for place in range(len(amounts))][::-1]
        assert paid == list(oldest_first(amounts[::-1], credit))
        assert books.credit == credit - sum(paid, ZERO)

    @pytest.mark.parametrize("move", ["pay", "adjust", "refund", "back"])
    def test_what_is_not_there_can_not_be_paid(self, move) -> None:
        with pytest.raises(UnableToAllocate):
            self.move(Receivables(), move, "1", Decimal(1))

    def test_an_invoice_is_issued_once(self) -> None:
        books = Receivables()
        books.issue("1", Decimal(5), on=TODAY)
        with pytest.raises(UnableToAllocate):
            books.issue("1", Decimal(5), on=TODAY)
        assert books.balance == 5

    def test_a_refund_takes_back_the_credit_it_had_made(self) -> None:
        books = Receivables()
        books.issue("1", Decimal(10), on=TODAY)
        books.pay("1", Decimal(15))
        assert (books.credit, books.balance) == (5, -5)
        books.refund("1", Decimal(15))
        assert (books.credit, books.invoices["1"].balance) == (0, 10)

    def test_a_refund_takes_no_credit_of_another_source(self) -> None:
        books = Receivables()
        books.issue("1", Decimal(10), on=TODAY)
        books.pay("1", Decimal(15))
        books.add_credit(Decimal(20))
        books.refund("1", Decimal(15))
        assert (books.credit, books.invoices["1"].balance) == (20, 10)

    def test_a_refund_writes_off_no_more_than_was_charged(self) -> None:
        books = Receivables()
        books.issue("1", Decimal(10), on=TODAY)
        books.pay("1", Decimal(10))
        books.refund("1", Decimal(10), adjust=Decimal(12))
        assert (books.balance, books.invoices["1"].adjusted) == (0, 10)

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.decimals(-5, 90, places=2)), max_size=6))
    def test_matching_never_takes_more_than_there_is(self, tries) -> None:
        books = Matching(Decimal(100), {"a": Decimal(60), "b": Decimal(70)})
        for payment, amount in tries:
            was = (books.open, dict(books.payments))
            try:
                books.match(payment, amount)
            except UnableToAllocate:
                assert (books.open, books.payments) == was
        assert books.open >= 0 <= min(books.payments.values())
        assert 130 - sum(books.payments.values()) == 100 - books.open


class TestAges:
    @quick
    @given(
        items=st.lists(
            st.builds(
                OpenItem,
                st.dates(date(2026, 1, 1), date(2026, 12, 1)),
                st.decimals(-99, 99, places=2),
            ),
            max_size=8,
        ),
        advance=MONEY,
        has_current=st.booleans(),
    )
    def test_ages_add_up_to_the_debt(self, items, advance, has_current) -> None:
        ages = age_debt(items, [30, 60], on=TODAY, has_current=has_current, advance=advance)
        assert len(ages) == 3 + has_current
        assert sum(ages, ZERO) == sum((one.open for one in items), ZERO) - advance

    @pytest.mark.parametrize(
        ("days", "place"), [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3)]
    )
    def test_limits_belong_to_the_younger(self, days, place) -> None:
        item = OpenItem(TODAY - timedelta(days=days), Decimal(1))
        assert age_debt([item], [30, 60], on=TODAY).index(Decimal(1)) == place
        assert age_debt([item], [30, 60], on=TODAY, has_current=False).index(1) == max(0, place - 1)

    @given(st.lists(st.decimals(-99, 99, places=2), min_size=1, max_size=9), MONEY)
    def test_a_statement_ends_with_the_sum(self, amounts, opening) -> None:
        lines = list(statement([("", amount) for amount in amounts], opening=opening))
        assert lines[-1].balance == opening + sum(amounts, ZERO)


class TestInstalments:
    @quick
    @given(amount=MONEY, cuts=st.lists(st.integers(1, 99), max_size=5, unique=True).map(sorted))
    def test_parts_add_up_to_the_debt(self, amount, cuts) -> None:
        bounds = [0, *cuts, 100]
        percents = [Decimal(end - start) for start, end in pairwise(bounds)]
        parts = split_debt(amount, percents)
        assert sum(parts, ZERO) == amount
        for part, percent in zip(parts, percents, strict=True):
            assert abs(part - amount * percent / 100) < Decimal("0.01")

    @quick
    @given(sums=st.lists(st.tuples(SOME, st.booleans()), max_size=5))
    def test_payments_fill_them_in_order(self, sums) -> None:
        parts = [Instalment(str(place), Decimal(100)) for place in range(3)]
        for amount, is_note in sums:
            before = sum((one.open for one in parts), ZERO)
            used = sum(pay_instalments(parts, amount, by_note=is_note), ZERO)
            assert used == min(amount, before) == before - sum((one.open for one in parts), ZERO)
        opens = [one.open for one in parts]
        assert opens == sorted(opens)
        assert all(0 <= one <= 100 for one in opens)

    def test_taking_back_undoes(self) -> None:
        parts = [Instalment("1", Decimal(10), TODAY), Instalment("2", Decimal(10), TODAY)]
        paid = pay_instalments(parts, Decimal(15))
        take_back(parts, paid)
        assert [one.open for one in parts] == [10, 10]

    @pytest.mark.parametrize(
        ("paid", "on", "state"),
        [
            ("0", 0, DebtState.UNPAID),
            ("0", 1, DebtState.OVERDUE),
            ("10", 1, DebtState.PARTLY_PAID),
            ("9.99", 1, DebtState.OVERDUE),
            ("10", 11, DebtState.OVERDUE),
            ("20", 11, DebtState.PAID),
        ],
    )
    def test_states(self, paid, on, state) -> None:
        parts = [
            Instalment("1", Decimal(10), TODAY),
            Instalment("2", Decimal(10), TODAY + timedelta(days=10)),
        ]
        pay_instalments(parts, Decimal(paid))
        assert state_of(parts, on=TODAY + timedelta(days=on)) is state


class TestOverdue:
    STATES = (OverdueState("late", Decimal(10)), OverdueState("stop", Decimal(20), ("bar",)))

    @pytest.mark.parametrize(
        ("basis", "invoices", "state"),
        [
            (Basis.DAYS, [(9, "5")], None),
            (Basis.DAYS, [(10, "5")], "late"),
            (Basis.DAYS, [(25, "0"), (19, "5")], "late"),
            (Basis.DAYS, [(25, "0.01"), (1, "5")], "stop"),
            (Basis.DAYS, [(-30, "5")], None),
            (Basis.BALANCE, [(1, "9.99"), (-1, "50")], None),
            (Basis.BALANCE, [(1, "9.99"), (0, "10.01")], "stop"),
            (Basis.COUNT, [(1, "1")] * 9 + [(1, "0")], None),
            (Basis.COUNT, [(1, "1")] * 10, "late"),
        ],
    )
    def test_states(self, basis, invoices, state) -> None:
        made = [Unpaid(TODAY - timedelta(days=days), Decimal(left)) for days, left in invoices]
        found = overdue_state(made, self.STATES, basis=basis, on=TODAY)
        assert (found.name if found else None) == state

    def test_dates(self) -> None:
        assert due_on(date(2024, 2, 9), 20) == date(2024, 2, 29)
        assert list(retries(TODAY, [1, 2])) == [date(2026, 6, 2), date(2026, 6, 4)]

    @quick
    @given(debt=MONEY, days=st.integers(0, 365))
    def test_interest_of_a_year_is_the_rate(self, debt, days) -> None:
        def interest(number: int) -> Decimal:
            return late_interest(
                debt,
                annual_percent=Decimal(20),
                days=number,
                year_days=365,
                convention=Convention(),
            )

        assert interest(365) == Convention().rounded(debt / 5)
        assert abs(interest(days) + interest(365 - days) - interest(365)) <= Decimal("0.01")


class TestReminders:
    LEVELS = (
        Level(1, Counting.NET_DAYS, 5),
        Level(2, Counting.END_OF_MONTH, 5),
        Level(3, Counting.PREVIOUS, 7),
    )

    @given(st.lists(st.integers(0, 120), max_size=12).map(sorted))
    def test_each_level_once_in_order_and_one_a_run(self, runs) -> None:
        sent, numbers = [], []
        for run in runs:
            on = TODAY + timedelta(days=run)
            level = next_level(self.LEVELS, sent, due=TODAY, on=on)
            if level:
                sent.append(on)
                numbers.append(level.number)
        assert numbers == [1, 2, 3][: len(numbers)]
        assert not sent or sent[0] >= TODAY + timedelta(days=5)
        assert len(sent) < 2 or sent[1] >= date(2026, 6, 30)
        assert len(sent) < 3 or sent[2] >= sent[1] + timedelta(days=7)

    def test_the_end_of_december(self) -> None:
        level = Level(1, Counting.END_OF_MONTH, 20)
        due = date(2026, 12, 1)
        assert next_level([level], [], due=due, on=date(2026, 12, 30)) is None
        assert next_level([level], [], due=due, on=date(2026, 12, 31)) == level

    def test_a_campaign_has_so_many_tries_a_currency(self) -> None:
        now = datetime(2026, 6, 1, 9, tzinfo=UTC)
        campaign = Campaign({"RUB": Decimal(100), "EUR": Decimal(1)}, 2, timedelta(days=1))
        campaign.owe("RUB", Decimal(100))
        runs = [campaign.run(now + timedelta(hours=hours)) for hours in (0, 24, 25, 99)]
        assert runs == [{"RUB": 100}, {}, {"RUB": 100}, {}]
        assert not campaign.is_over
        campaign.owe("EUR", Decimal(5))
        campaign.owe("EUR", Decimal(-4))
        assert campaign.run(now + timedelta(days=9)) == {"EUR": 1}
        assert campaign.run(now + timedelta(days=19)) == {"EUR": 1}
        assert campaign.is_over
