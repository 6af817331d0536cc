"""Lines, tax and totals of a bill."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_project.kernel.money import round_money
from invoicing.domain.documents import Charge, build_lines, spread_tax, total_of

AMOUNTS = st.decimals(min_value=-5_000, max_value=50_000, places=2)
PERCENTS = st.sampled_from([Decimal(0), Decimal(10), Decimal(20), Decimal(22)])
CHARGES = st.builds(
    Charge,
    kind=st.sampled_from(["fee", "usage", "one_off", "adjustment"]),
    amount=AMOUNTS,
    title_ru=st.sampled_from(["А", "Б"]),
    title_en=st.just("A"),
    tax_percent=PERCENTS,
    tax_included=st.booleans(),
)


def charge(amount: str, **changes) -> Charge:
    words = {"kind": "fee", "title_ru": "Плата", "title_en": "Fee", "tax_percent": Decimal(20)}
    return Charge(amount=Decimal(amount), **{**words, **changes})


def test_tax_is_taken_out_of_prices_that_include_it() -> None:
    (line,) = build_lines([charge("120.00")])
    assert (line.net, line.tax, line.gross) == (Decimal(100), Decimal(20), Decimal(120))


def test_tax_is_added_to_prices_without_it() -> None:
    (line,) = build_lines([charge("120.00", tax_included=False, tax_percent=Decimal(22))])
    assert (line.net, line.tax, line.gross) == (Decimal(120), Decimal("26.40"), Decimal("146.40"))
    assert total_of([line]).added_tax == Decimal("26.40")


def test_tax_is_computed_on_the_sum_not_on_the_lines() -> None:
    lines = build_lines([charge("1.00") for _ in range(3)])
    assert [line.tax for line in lines] == [Decimal("0.17"), Decimal("0.17"), Decimal("0.16")]
    assert total_of(lines).tax == Decimal("0.50")


def test_rates_do_not_mix() -> None:
    lines = build_lines([charge("120.00"), charge("122.00", tax_percent=Decimal(22))])
    assert [line.tax for line in lines] == [Decimal(20), Decimal(22)]


def test_adjustments_carry_no_tax_and_stand_apart() -> None:
    lines = build_lines([charge("-50.00", kind="adjustment"), charge("120.00")])
    totals = total_of(lines)
    assert [line.charge.kind for line in lines] == ["fee", "adjustment"]
    assert (totals.gross, totals.tax, totals.adjustments) == (120, 20, 50)


@pytest.mark.parametrize("included", [True, False])
@settings(deadline=None)
@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=12), percent=PERCENTS)
def test_spread_tax_adds_up_and_stays_near_each_share(included, amounts, percent) -> None:
    base = 100 + percent if included else Decimal(100)
    parts = spread_tax(amounts, percent=percent, included=included)
    assert sum(parts) == round_money(sum(amounts) * percent / base)
    for amount, part in zip(amounts, parts, strict=True):
        assert abs(part - amount * percent / base) <= Decimal("0.01")


@settings(deadline=None)
@given(charges=st.lists(CHARGES, max_size=12))
def test_net_and_tax_make_gross_on_lines_and_document(charges) -> None:
    lines = build_lines(charges)
    totals = total_of(lines)
    sold = [line for line in lines if line.charge.kind != "adjustment"]
    assert totals.net == sum((line.net for line in sold), Decimal(0))
    assert totals.gross == totals.net + totals.tax == sum(line.gross for line in sold)
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    charged = sum((one.amount for one in charges), Decimal(0))
    assert totals.gross - totals.adjustments - totals.added_tax == charged


@settings(deadline=None)
@given(charges=st.lists(CHARGES, max_size=8), seed=st.randoms())
def test_the_order_in_which_charges_come_changes_no_total(charges, seed) -> None:
    shuffled = list(charges)
    seed.shuffle(shuffled)
    assert total_of(build_lines(shuffled)) == total_of(build_lines(charges))
