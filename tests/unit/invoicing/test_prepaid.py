"""Wallets, free units, minimums and thresholds: nothing is used twice, and nothing is lost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period
from invoicing.domain.commitment import Counted, true_up
from invoicing.domain.consolidated import ParentInvoice, settle, tax_lines
from invoicing.domain.grants import UnitGrant, burn_down
from invoicing.domain.progressive import Progress
from invoicing.domain.proration import Convention
from invoicing.domain.spending import Bounds, bound_spend, take_free
from invoicing.domain.wallets import Due, Grant, NotEnough, Purse, Wallet, pay_from_purses, use

quick = settings(deadline=None)
PLAIN = Convention()
MONEY = st.decimals(0, 5000, places=2)
START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=30)
DAY = "2026-06-15"
GRANTS = st.lists(
    st.builds(
        Grant,
        st.uuids().map(str),
        MONEY,
        st.sampled_from(["2026-01-01", "2026-01-02"]),
        st.sampled_from(["", "2026-06-15", "2026-06-16", "2027-01-01"]),
        st.integers(1, 3),
        st.sampled_from(["granted", "purchased"]),
    ),
    max_size=6,
)


class TestWallets:
    @quick
    @given(grants=GRANTS, amount=MONEY)
    def test_a_use_takes_what_can_be_used(self, grants, amount) -> None:
        had = {grant.code: grant.left for grant in grants}
        usable = sum((one.left for one in grants if one.is_usable(DAY)), ZERO)
        used = use(grants, amount, at=DAY)
        assert sum((taken for _grant, taken in used), ZERO) == min(amount, usable)
        spent = {grant.code: taken for grant, taken in used}
        assert all(one.left == had[one.code] - spent.get(one.code, ZERO) for one in grants)
        assert all(one.left == had[one.code] for one in grants if not one.is_usable(DAY))
        assert all(grant.left == ZERO for grant, _taken in used[:-1])

    def test_what_ends_now_is_gone(self) -> None:
        assert use([Grant("a", Decimal(5), expires_at=DAY)], Decimal(1), at=DAY) == []

    def test_all_or_nothing(self) -> None:
        grants = [Grant("a", Decimal(5)), Grant("b", Decimal(5), expires_at=DAY)]
        with pytest.raises(NotEnough):
            use(grants, Decimal(6), at=DAY, in_full=True)
        assert [grant.left for grant in grants] == [5, 5]

    @quick
    @given(
        purses=st.lists(
            st.builds(
                Purse,
                st.just("p"),
                MONEY,
                st.integers(1, 3),
                st.sampled_from([None, frozenset({"call"}), frozenset({"fee"})]),
            ),
            max_size=4,
        ),
        dues=st.lists(st.tuples(st.sampled_from(["call", "fee"]), MONEY), max_size=4),
    )
    def test_purses_pay_their_kinds_only(self, purses, dues) -> None:
        owed = [Due(str(place), *due) for place, due in enumerate(dues)]
        paid, left = pay_from_purses(purses, owed)
        total = sum((due.amount for due in owed), ZERO)
        assert sum((spent for _purse, spent in paid), ZERO) + left == total
        assert all(ZERO <= spent <= purse.balance for purse, spent in paid)
        for kind in ("call", "fee"):
            bound = sum((spent for purse, spent in paid if purse.kinds == {kind}), ZERO)
            assert bound <= sum((due.amount for due in owed if due.kind == kind), ZERO)
        assert [one.priority for one, _ in paid] == sorted(one.priority for one in purses)

    @quick
    @given(amounts=st.lists(MONEY, max_size=6), rate=st.sampled_from(["0", "0.1", "0.22"]))
    def test_what_waits_is_taken_when_it_is_final(self, amounts, rate) -> None:
        wallet = Wallet(Decimal(10_000), Decimal(rate))
        for amount in amounts:
            wallet.use("u", amount)
        assert wallet.balance == 10_000
        wallet.draft("d", bucket="u", extra=Decimal(1))
        ongoing = wallet.ongoing
        wallet.finalize("d")
        assert abs(wallet.balance - ongoing) <= Decimal("0.01")
        assert wallet.ongoing == wallet.balance
        wallet.finalize("d")
        assert wallet.ongoing == wallet.balance

    def test_credits_are_worth_their_rate(self) -> None:
        wallet = Wallet(Decimal(100), rate=Decimal(8))
        wallet.take_now(Decimal(4))
        assert wallet.credits == 12


def grant(code: str, units: int, **more: object) -> UnitGrant:
    told = {"effective": START, "opening": Decimal(units), **more}
    return UnitGrant(code, Decimal(units), **told)


def burn(grants: list[UnitGrant], *used: tuple[int, int]) -> tuple[dict[str, Decimal], Decimal]:
    """Use units hours after the start; return balances and overage after thirty days."""
    moments = [(START + timedelta(hours=hour), Decimal(units)) for hour, units in used]
    found = burn_down(grants, moments, since=START, until=END)
    return found.balances, found.overage


class TestUnits:
    @quick
    @given(
        grants=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 3)), max_size=5),
        used=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 90)), max_size=8),
    )
    def test_what_is_used_is_gone_or_over(self, grants, used) -> None:
        made = [
            grant(str(place), units, priority=priority)
            for place, (units, priority) in enumerate(grants)
        ]
        balances, over = burn(made, *used)
        had, wanted = sum(units for units, _ in grants), sum(units for _, units in used)
        assert sum(balances.values()) == max(0, had - wanted)
        assert over == max(0, wanted - had)

    def test_order_is_priority_end_start_code(self) -> None:
        late, soon = START + timedelta(days=90), START + timedelta(days=60)
        before = START - timedelta(days=1)
        grants = [
            grant("b", 1),
            grant("a", 1),
            grant("old", 1, effective=before),
            grant("late", 1, expires=late),
            grant("soon", 1, expires=soon),
            grant("first", 1, priority=-1),
        ]
        order = []
        for units in range(1, 7):
            balances, _over = burn(grants, (1, units))
            order += [code for code, left in balances.items() if not left and code not in order]
        assert order == ["first", "soon", "late", "old", "a", "b"]

    def test_a_change_comes_before_usage_at_its_instant(self) -> None:
        day = timedelta(days=1)
        ends = grant("e", 10, expires=START + day)
        begins = grant("n", 10, effective=START + day, opening=ZERO)
        assert burn([ends, begins], (24, 4)) == ({"e": 0, "n": 6}, 0)
        full = grant("r", 10, reset_every=timedelta(days=40), reset_from=START + day)
        assert burn([full], (1, 9), (24, 4)) == ({"r": 6}, 0)

    def test_what_is_withdrawn_ends_before_its_end(self) -> None:
        gone = grant("g", 10, expires=END, voided=START + timedelta(hours=5))
        assert burn([gone], (4, 3), (5, 3)) == ({"g": 0}, 3)

    def test_usage_outside_the_time_is_not_looked_at(self) -> None:
        assert burn([grant("g", 10)], (-1, 5), (24 * 30, 5)) == ({"g": 10}, 0)

    def test_many_grants_are_no_burden(self) -> None:
        grants = [grant(str(place), 1, priority=place % 7) for place in range(20_000)]
        balances, over = burn(grants, (1, 19_999))
        assert (sum(balances.values()), over) == (1, 0)


class TestMinimums:
    CYCLE = Period(date(2026, 4, 1), date(2026, 5, 1))

    @quick
    @given(minimum=MONEY, charges=st.lists(MONEY, max_size=4), first=st.integers(0, 29))
    def test_a_true_up_reaches_the_minimum_and_no_further(self, minimum, charges, first) -> None:
        active = Period(self.CYCLE.start + timedelta(days=first), self.CYCLE.end)
        made = [Counted(str(place), amount) for place, amount in enumerate(charges)]
        found = true_up(minimum, made, active=active, cycle=self.CYCLE, convention=PLAIN)
        least = PLAIN.rounded(Fraction(minimum) * active.days / 30)
        assert found.amount >= 0
        assert found.total == max(least, sum(charges, ZERO))

    @quick
    @given(
        gross=MONEY,
        before=MONEY,
        bounds=st.tuples(MONEY, MONEY).map(sorted),
        last=st.booleans(),
    )
    def test_a_line_stays_between_least_and_most(self, gross, before, bounds, last) -> None:
        least, most = bounds
        found = bound_spend(
            Fraction(gross), Bounds(least, most, before, is_last=last), convention=PLAIN
        )
        after = Fraction(before) + found.total
        assert before <= after <= max(most, before)
        assert not last or after >= least
        assert found.missing == 0 or last

    @quick
    @given(free=st.integers(0, 50), lines=st.lists(st.integers(0, 30), max_size=6))
    def test_free_units_are_shared(self, free, lines) -> None:
        left, taken = Decimal(free), []
        for units in lines:
            taken.append(take_free(left, Decimal(units)))
            left -= taken[-1]
        assert sum(taken) == min(free, sum(lines))


class TestProgress:
    @quick
    @given(
        thresholds=st.lists(st.decimals(1, 300, places=0), max_size=4),
        recurring=st.one_of(st.none(), st.decimals(10, 90, places=0)),
        amounts=st.lists(st.decimals(0, 200, places=2), max_size=8),
        fee=MONEY,
    )
    def test_all_bills_of_a_period_are_its_fees(self, thresholds, recurring, amounts, fee) -> None:
        progress = Progress(thresholds, recurring)
        billed = [progress.use(amount) for amount in amounts]
        early = sum((one for one in billed if one is not None), ZERO)
        bill = progress.end_period(fee)
        assert bill.credited == early
        assert bill.total + early == bill.fees == fee + sum(amounts, ZERO)
        unbilled = bill.fees - fee - early
        assert all(early + unbilled < one or early >= one for one in thresholds)

    def test_a_new_period_has_its_thresholds_again(self) -> None:
        progress = Progress([Decimal(10)])
        bills = [progress.use(Decimal(12)), progress.use(Decimal(12))]
        progress.end_period(ZERO)
        assert [*bills, progress.use(Decimal(12))] == [12, None, 12]


class TestSums:
    @quick
    @given(
        amount=MONEY,
        percents=st.lists(st.decimals(0, 30, places=1), max_size=3),
        included=st.booleans(),
    )
    def test_taxes_inside_are_taxes_outside_of_the_rest(self, amount, percents, included) -> None:
        by_code = {str(place): percent for place, percent in enumerate(percents)}
        found = tax_lines(amount, by_code, convention=PLAIN, included=included)
        base = amount - sum(found.values(), ZERO) if included else amount
        for code, percent in by_code.items():
            assert abs(found[code] - base * percent / 100) <= Decimal("0.02")

    @given(amounts=st.lists(st.decimals(-99, 99, places=2), max_size=4), credit=MONEY)
    def test_credit_pays_what_is_owed(self, amounts, credit) -> None:
        total, used = settle(amounts, credit=credit)
        assert total == sum(amounts, ZERO)
        assert ZERO <= used <= max(ZERO, total)
        assert used in {credit, max(ZERO, total)}

    def test_a_child_is_credited_no_more_than_its_line(self) -> None:
        parent = ParentInvoice({"A": Decimal(10), "B": Decimal(5)})
        assert parent.credit("B", Decimal(7)) == 5
        parent.adjust(Decimal(1))
        assert (parent.children, parent.total) == ({"A": 10, "B": 0}, 9)
