"""Credits, notes and coupons: no more is given than was charged, and parts add up to the whole."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.money import ZERO
from billing_project.kernel.periods import Period, cycle_of
from invoicing.domain.crediting import (
    CreditedInvoice,
    UnableToCredit,
    apply_credits,
    split_refund,
    unused_credit,
    void_invoice,
)
from invoicing.domain.promotions.coupons import (
    FIXED,
    PERCENT,
    Coupon,
    CouponLife,
    Fee,
    apply_coupons,
)
from invoicing.domain.proration import Convention

quick = settings(deadline=None)
PLAIN = Convention()
MONEY = st.decimals(0, 5000, places=2)
SOME = st.decimals(Decimal("0.01"), 5000, places=2)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "0.05", "0.10", "0.20", "0.22")])
FEES = st.lists(st.tuples(SOME, RATES), min_size=1, max_size=6).map(
    lambda fees: [Fee(str(place), *fee) for place, fee in enumerate(fees)]
)
COUPONS = st.lists(
    st.one_of(
        st.builds(Coupon, st.just("f"), st.just(FIXED), SOME),
        st.builds(Coupon, st.just("p"), st.just(PERCENT), st.decimals(0, 100, places=1)),
        st.builds(
            Coupon, st.just("t"), st.just(FIXED), SOME, st.frozensets(st.sampled_from("012"))
        ),
    ),
    max_size=3,
)


class TestCoupons:
    @quick
    @given(fees=FEES, coupons=COUPONS)
    def test_they_take_what_their_fees_give_and_no_more(self, fees, coupons) -> None:
        found = apply_coupons(fees, coupons, convention=PLAIN)
        assert sum(found.shares.values()) == sum(taken for _code, taken in found.used)
        assert all(0 <= found.shares[fee.code] <= fee.amount for fee in fees)
        assert ZERO <= found.taken <= found.gross
        assert 0 <= found.tax(PLAIN) <= found.tax(PLAIN, after_coupons=False)

    def test_a_named_fee_alone_is_cheaper(self) -> None:
        fees = [Fee("A", Decimal(10)), Fee("B", Decimal(10))]
        coupon = Coupon("c", FIXED, Decimal(15), frozenset({"B", "Z"}))
        found = apply_coupons(fees, [coupon], convention=PLAIN)
        assert found.shares == {"A": 0, "B": 10}

    @quick
    @given(value=SOME, invoices=st.lists(MONEY, max_size=6))
    def test_one_for_once_is_used_up_to_its_amount(self, value, invoices) -> None:
        life = CouponLife(FIXED, value, is_once=True)
        taken = [life.take(amount, convention=PLAIN) for amount in invoices]
        assert sum(taken, ZERO) == min(value, sum(invoices, ZERO))
        assert life.remaining == value - sum(taken, ZERO)

    @pytest.mark.parametrize(
        ("life", "taken"),
        [
            (CouponLife(PERCENT, Decimal(50), is_once=True), ["5.00", "0.00", "0.00"]),
            (CouponLife(FIXED, Decimal(4), periods=2), ["4", "4", "0.00"]),
            (CouponLife(FIXED, Decimal(4)), ["4", "4", "4"]),
        ],
    )
    def test_lives(self, life: CouponLife, taken: list[str]) -> None:
        found = [life.take(Decimal(10), convention=PLAIN) for _ in range(3)]
        assert [str(one) for one in found] == taken


class TestNotes:
    @quick
    @given(data=st.data(), fees=FEES, coupons=COUPONS)
    def test_notes_of_all_parts_add_up_to_the_invoice(self, data, fees, coupons) -> None:
        books = CreditedInvoice(apply_coupons(fees, coupons, convention=PLAIN), PLAIN)
        left = {fee.code: fee.amount for fee in fees}
        for _ in range(data.draw(st.integers(0, 4))):
            code = data.draw(st.sampled_from(sorted(left)))
            amount = data.draw(st.decimals(0, left[code], places=2))
            left[code] -= amount
            note = books.add_note([(code, amount)])
            assert note.taxed.tax >= 0
            assert books.done.net <= books.total.net
            assert books.done.tax <= books.total.tax
        books.add_note(list(left.items()))
        assert books.done == books.total

    @pytest.mark.parametrize(
        "items",
        [
            [("A", Decimal("10.01"))],
            [("A", Decimal(6)), ("A", Decimal(6))],
            [("A", Decimal(-1))],
            [("B", Decimal(1))],
        ],
        ids=["too much", "too much in two", "below nothing", "another fee"],
    )
    def test_more_than_a_fee_has_is_refused_and_changes_nothing(self, items) -> None:
        invoice = apply_coupons([Fee("A", Decimal(10))], [], convention=PLAIN)
        books = CreditedInvoice(invoice, PLAIN)
        with pytest.raises(UnableToCredit):
            books.add_note(items)
        assert (books.credited, books.done.total) == ({}, 0)

    @pytest.mark.parametrize(("carries", "taxes"), [(True, "1 1 0 0"), (False, "1 1 1 1")])
    def test_half_kopecks_of_tax_don_t_pile_up(self, carries, taxes) -> None:
        fees = [Fee(code, Decimal("0.05"), Decimal("0.10")) for code in "ABCD"]
        invoice = apply_coupons(fees, [], convention=PLAIN)
        books = CreditedInvoice(invoice, PLAIN, carries_rest=carries)
        notes = [books.add_note([(fee.code, fee.amount)]) for fee in fees]
        assert books.total.tax == Decimal("0.02")
        assert " ".join(str(int(note.taxed.tax * 100)) for note in notes) == taxes

    @quick
    @given(price=SOME, rate=RATES, day=st.dates(date(2025, 1, 1), date(2030, 1, 1)))
    def test_unused_days_and_used_days_cost_the_cycle(self, price, rate, day) -> None:
        cycle = cycle_of(day, cycle_day=5)
        rest = Period(day, cycle.end)
        credit = unused_credit(price, rest, cycle=cycle, tax_rate=rate, convention=PLAIN)
        assert ZERO <= credit.net <= price
        assert credit.tax == PLAIN.rounded(Fraction(credit.net) * Fraction(rate))
        if day > cycle.start:
            used = Period(cycle.start, day)
            other = unused_credit(price, used, cycle=cycle, tax_rate=rate, convention=PLAIN)
            assert abs(credit.net + other.net - price) <= Decimal("0.01")

    def test_nothing_unused_is_nothing(self) -> None:
        cycle = Period(date(2026, 1, 1), date(2026, 2, 1))
        found = unused_credit(Decimal(5), None, cycle=cycle, tax_rate=Decimal(1), convention=PLAIN)
        assert found.total == ZERO


class TestGivingBack:
    @quick
    @given(invoiced=MONEY, part=st.integers(0, 100), paid=MONEY)
    def test_money_goes_back_only_where_it_came_in(self, invoiced, part, paid) -> None:
        credited = PLAIN.rounded(Fraction(invoiced) * part / 100)
        refund, credit = split_refund(credited, invoiced=invoiced, paid=paid)
        assert refund + credit == credited
        assert 0 <= refund <= max(ZERO, paid)
        assert refund == 0 or paid - refund >= invoiced - credited

    @quick
    @given(balances=st.lists(MONEY, max_size=5), invoice=MONEY)
    def test_credits_pay_in_their_order(self, balances, invoice) -> None:
        by_code = {str(place): balance for place, balance in enumerate(balances)}
        taken = list(apply_credits(by_code, invoice).values())
        assert sum(taken, ZERO) == min(invoice, sum(balances, ZERO))
        for place, (had, got) in enumerate(zip(balances, taken, strict=True)):
            assert got == had or not any(taken[place + 1 :])

    @pytest.mark.parametrize(
        ("credit", "refund", "notes"),
        [
            ("60", "40", [("60", "40", False)]),
            ("0", "40", [("0", "40", False), ("60", "0.00", True)]),
            ("100.01", "0", None),
            ("0", "50.01", None),
            ("-1", "0", None),
        ],
    )
    def test_a_void_brings_an_invoice_to_zero(self, credit, refund, notes) -> None:
        def void() -> list[tuple[str, str, bool]]:
            found = void_invoice(
                Decimal(100), paid=Decimal(50), credit=Decimal(credit), refund=Decimal(refund)
            )
            return [(str(one.credit), str(one.refund), one.is_voided) for one in found]

        if notes is None:
            with pytest.raises(UnableToCredit):
                void()
        else:
            assert void() == notes


def test_a_note_of_days_is_the_timelines() -> None:
    """The credit of a note is what the timeline credits for the same days."""
    cycle = Period(date(2026, 2, 1), date(2026, 3, 1))
    unused = Period(cycle.start + timedelta(days=12), cycle.end)
    found = unused_credit(Decimal("29.00"), unused, cycle=cycle, tax_rate=ZERO, convention=PLAIN)
    assert found.total == Decimal("16.57")
