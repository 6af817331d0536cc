"""What is unusual about a bill, and which fees stand on it twice."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.domain.bill_runs import (
    BANDS,
    FeeLine,
    Limits,
    band_of,
    find_flags,
    find_twice_billed,
)

LIMITS = Limits(percent=Decimal(50), money=Decimal(300))
FIRST = date(2026, 1, 1)


def fee(start: int, end: int, amount: str = "10", service: int = 1, **told: object) -> FeeLine:
    days = {
        "period_start": (FIRST + timedelta(days=start)).isoformat(),
        "period_end": (FIRST + timedelta(days=end)).isoformat(),
    }
    return FeeLine(service, Decimal(amount), "Плата", "Fee", {"plan": "a", **days, **told})


@pytest.mark.parametrize(
    ("gross", "former", "flags"),
    [
        ("900", "300", ("change",)),
        ("600", "300", ()),
        ("601", "400.67", ()),
        ("1000", "699", ()),
        ("700.01", "400", ("change",)),
        ("0", "300", ("zero",)),
        ("0", "301", ("change", "zero")),
        ("0", "0", ()),
        ("-1", None, ("negative",)),
        ("-1", "300", ("change", "negative")),
        ("5000", None, ()),
        ("5000", "-10", ()),
    ],
)
def test_flags(gross: str, former: str | None, flags: tuple[str, ...]) -> None:
    was = None if former is None else Decimal(former)
    assert find_flags(Decimal(gross), former=was, limits=LIMITS) == flags


@pytest.mark.parametrize(
    ("fees", "days"),
    [
        ([fee(0, 31)], []),
        ([fee(0, 10), fee(10, 31)], []),
        ([fee(0, 31), fee(0, 31)], [(0, 31)]),
        ([fee(0, 10), fee(9, 31)], [(9, 10)]),
        ([fee(0, 31), fee(0, 31, service=2)], []),
        ([fee(0, 31), fee(0, 31, plan="b")], []),
        ([fee(0, 31), fee(0, 31, what="package", source=7)], []),
        ([fee(0, 31), fee(10, 31, "-5"), fee(10, 31)], []),
        ([fee(0, 31), fee(10, 31, "-5"), fee(10, 31), fee(20, 31)], [(20, 31)]),
        ([fee(0, 31, "-5")], []),
        ([FeeLine(1, Decimal(5), "", "", {}), FeeLine(1, Decimal(5), "", "", {})], []),
    ],
)
def test_days_charged_twice(fees: list[FeeLine], days: list[tuple[int, int]]) -> None:
    found = [
        ((each.first - FIRST).days, (each.end - FIRST).days) for each in find_twice_billed(fees)
    ]
    assert found == days


@given(spans=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=6))
def test_found_exactly_when_some_day_is_charged_twice(spans: list[tuple[int, int]]) -> None:
    fees = [fee(start, start + length) for start, length in spans]
    most = max(
        (sum(start <= day < start + length for start, length in spans) for day in range(100)),
        default=0,
    )
    assert bool(find_twice_billed(fees)) == (most > 1)


@given(gross=st.decimals(-500, 500, places=2), former=st.decimals(Decimal("0.01"), 500, places=2))
def test_bands_are_in_order(gross: Decimal, former: Decimal) -> None:
    change = (gross - former) * 100 / former
    place = band_of(gross, former)
    assert place == 0 or change >= BANDS[place - 1]
    assert place == len(BANDS) or change <= BANDS[place]
