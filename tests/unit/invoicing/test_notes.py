"""Parts of a bill's line: net and tax of credits come to the line's, never below zero."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_project.kernel.money import round_money
from invoicing.domain.notes import CREDIT, DEBIT, LineNow, WrongPart, part_of, take_all

KOPECK = Decimal("0.01")
amounts = st.decimals(Decimal("0.01"), Decimal(100000), places=2)
percents = st.sampled_from([Decimal(0), Decimal(10), Decimal(20), Decimal(22)])


def line(gross: str, tax: str, percent: str = "22", kind: str = "fee", **changed: str) -> LineNow:
    values = {key: Decimal(each) for key, each in changed.items()}
    return LineNow(1, kind, None, "", "", Decimal(percent), Decimal(gross), Decimal(tax), **values)


def after(now: LineNow, net: Decimal, tax: Decimal) -> LineNow:
    return LineNow(
        *(now.line_id, now.kind, None, "", "", now.tax_percent, now.gross, now.tax),
        credited=now.credited + net + tax,
        credited_tax=now.credited_tax + tax,
    )


@given(gross=amounts, percent=percents, off=st.integers(-3, 3), cuts=st.lists(amounts, max_size=6))
def test_credits_until_nothing_is_left_take_exactly_the_line(
    gross: Decimal, percent: Decimal, off: int, cuts: list[Decimal]
) -> None:
    # Spreading may have moved the line's tax by some kopecks from its rate.
    tax = min(max(round_money(gross * percent / (100 + percent)) + off * KOPECK, Decimal(0)), gross)
    now = LineNow(1, "usage", None, "", "", percent, gross, tax)
    for cut in [*cuts, gross]:
        amount = min(cut, now.creditable)
        if not amount:
            break
        part = part_of(now, amount, kind=CREDIT)
        assert part.gross == amount
        assert part.tax >= 0
        assert part.net >= 0
        now = after(now, part.net, part.tax)
        assert now.left >= now.left_tax >= 0
    assert (now.left, now.left_tax) == (0, 0)


@given(gross=amounts, more=amounts)
def test_more_than_is_left_is_refused_with_what_is_left(gross: Decimal, more: Decimal) -> None:
    now = LineNow(1, "fee", None, "", "", Decimal(22), gross, Decimal(0))
    with pytest.raises(WrongPart) as refused:
        part_of(now, gross + more, kind=CREDIT)
    assert refused.value.left == gross


@pytest.mark.parametrize(
    ("now", "amount", "kind", "expected"),
    [
        (line("122.00", "22.00"), "61.00", CREDIT, ("50.00", "11.00")),
        (line("122.00", "22.00"), "122.00", CREDIT, ("100.00", "22.00")),
        (line("122.00", "21.98"), "122.00", CREDIT, ("100.02", "21.98")),
        (
            line("122.00", "22.00", credited="121.99", credited_tax="22.00"),
            "0.01",
            CREDIT,
            ("0.01", "0"),
        ),
        (line("120.00", "20.00", percent="20"), "60.00", DEBIT, ("50.00", "10.00")),
        (line("100.00", "0", percent="0"), "40.00", CREDIT, ("40.00", "0.00")),
        (line("-31.00", "-5.59"), "12.20", DEBIT, ("10.00", "2.20")),
        # what gave back goes with the tax that spreading left it
        (line("-31.00", "-5.60"), "31.00", DEBIT, ("25.40", "5.60")),
        (line("-31.00", "-5.58"), "30.99", DEBIT, ("25.41", "5.58")),
        (
            line("-31.00", "-5.60", debited="12.20", debited_tax="2.20"),
            "18.80",
            DEBIT,
            ("15.40", "3.40"),
        ),
        (
            line("-31.00", "-5.59", debited="12.20", debited_tax="2.20"),
            "12.20",
            CREDIT,
            ("10.00", "2.20"),
        ),
    ],
)
def test_the_tax_of_a_part(now: LineNow, amount: str, kind: str, expected: tuple[str, str]) -> None:
    part = part_of(now, Decimal(amount), kind=kind)
    assert (part.net, part.tax) == tuple(map(Decimal, expected))


@pytest.mark.parametrize(
    ("now", "amount", "kind"),
    [
        (line("-31.00", "-5.59"), "1.00", CREDIT),
        (line("50.00", "0", kind="adjustment"), "1.00", CREDIT),
        (line("50.00", "0", kind="adjustment"), "1.00", DEBIT),
        (line("50.00", "9.02"), "0.001", DEBIT),
        (line("50.00", "9.02"), "0", DEBIT),
    ],
)
def test_what_is_no_part(now: LineNow, amount: str, kind: str) -> None:
    with pytest.raises(WrongPart):
        part_of(now, Decimal(amount), kind=kind)


def test_all_of_a_bill_is_taken_back_by_credits_and_debits() -> None:
    lines = [
        LineNow(1, "fee", None, "", "", Decimal(0), Decimal(100), Decimal(0), credited=Decimal(40)),
        LineNow(2, "fee", None, "", "", Decimal(0), Decimal(-30), Decimal(0)),
        LineNow(3, "adjustment", None, "", "", Decimal(0), Decimal(7), Decimal(0)),
        LineNow(4, "usage", None, "", "", Decimal(0), Decimal(5), Decimal(0), credited=Decimal(5)),
    ]
    assert take_all(lines) == ([(1, Decimal(60))], [(2, Decimal(30))])
